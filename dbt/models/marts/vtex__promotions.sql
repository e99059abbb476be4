-- One row a promotion: those that are set up, and those that orders name.
with promotions as (
    select * from {{ ref("int_vtex__promotions") }}
    where not is_tax
),

by_order as (
    select
        account_name,
        promotion_id,
        order_id,
        max(purchase_id) as purchase_id,
        sum(discount) as discount
    from {{ ref("vtex__discounts") }}
    where is_paid and promotion_id is not null
    group by account_name, promotion_id, order_id
),

effects as (
    select
        by_order.account_name,
        by_order.promotion_id,
        count(*) as orders_count,
        count(distinct by_order.purchase_id) as purchases_count,
        count(distinct orders.user_id) as customers_count,
        count(distinct case when orders.customer_type = 'new' then orders.user_id end) as new_customers_count,
        sum(by_order.discount) as discount,
        sum(orders.net_revenue) as net_revenue,
        min(orders.created_at) as first_used_at,
        max(orders.created_at) as last_used_at
    from by_order
    inner join {{ ref("vtex__orders") }} as orders
        on by_order.account_name = orders.account_name and by_order.order_id = orders.order_id
    group by by_order.account_name, by_order.promotion_id
)

select
    coalesce(promotions.account_name, effects.account_name) as account_name,
    coalesce(promotions.promotion_id, effects.promotion_id) as promotion_id,
    promotions.name,
    promotions.promotion_type,
    promotions.begins_at,
    promotions.ends_at,
    coalesce(promotions.is_active, false) as is_active,
    promotions.utm_source,
    promotions.utm_campaign,
    coalesce(effects.orders_count, 0) as orders_count,
    coalesce(effects.purchases_count, 0) as purchases_count,
    coalesce(effects.customers_count, 0) as customers_count,
    coalesce(effects.new_customers_count, 0) as new_customers_count,
    {{ amount("effects.discount") }} as discount,
    {{ amount("effects.net_revenue") }} as net_revenue,
    {{ ratio("effects.net_revenue", "effects.purchases_count") }} as average_purchase,
    {{ ratio("effects.discount", "effects.net_revenue + effects.discount") }} as discount_rate,
    effects.first_used_at,
    effects.last_used_at
from promotions
full join effects
    on
        promotions.account_name = effects.account_name
        and promotions.promotion_id = effects.promotion_id
