-- One row a purchase that was paid, in the order in which its client made them. The orders of one
-- purchase, split by seller, are one.
with refunds as (
    select
        account_name,
        order_id,
        sum(refund) as refund
    from {{ ref("vtex__refunds") }}
    group by account_name, order_id
),

purchases as (
    select
        orders.account_name,
        orders.purchase_id,
        max(orders.user_id) as user_id,
        min(orders.created_at) as created_at,
        count(*) as orders_count,
        {{ amount("sum(orders.total)") }} as total,
        {{ amount("sum(refunds.refund)") }} as refund,
        min(orders.currency) as currency,
        count(distinct orders.currency) as currencies_count
    from {{ ref("int_vtex__orders") }} as orders
    left join refunds
        on orders.account_name = refunds.account_name and orders.order_id = refunds.order_id
    where orders.is_paid
    group by orders.account_name, orders.purchase_id
)

select
    account_name,
    purchase_id,
    user_id,
    created_at,
    {{ local_time("created_at") }} as created_at_local,
    orders_count,
    currency,
    currencies_count,
    total,
    refund,
    {{ amount("total - refund") }} as net_revenue,
    case
        when user_id is not null then
            row_number() over (partition by account_name, user_id order by created_at, purchase_id)
    end as customer_purchase_number
from purchases
