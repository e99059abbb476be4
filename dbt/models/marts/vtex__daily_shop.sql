with orders as (
    select
        *,
        {{ day_of("created_at_local") }} as day
    from {{ ref("vtex__orders") }}
),

by_day as (
    select
        account_name,
        day,
        count(*) as orders_count,
        {{ count_if("is_paid") }} as paid_orders_count,
        {{ count_if("is_canceled") }} as canceled_orders_count,
        count(distinct case when is_paid then purchase_id end) as purchases_count,
        count(distinct case when customer_type = 'new' then user_id end) as new_customers_count,
        count(distinct case when customer_type = 'returning' then user_id end) as returning_customers_count,
        sum(case when is_paid then units_count else 0 end) as units_count,
        {{ sum_if("is_paid", "gross") }} as gross,
        {{ sum_if("is_paid", "discount") }} as discount,
        {{ sum_if("is_paid", "shipping") }} as shipping,
        {{ sum_if("is_paid", "tax") }} as tax,
        {{ sum_if("is_paid", "total") }} as total,
        {{ sum_if("is_paid", "refund") }} as refund,
        {{ sum_if("is_paid", "net_revenue") }} as net_revenue,
        {{ sum_if("customer_type = 'new'", "net_revenue") }} as new_net_revenue,
        {{ sum_if("customer_type = 'returning'", "net_revenue") }} as returning_net_revenue,
        min(currency) as lowest_currency,
        max(currency) as highest_currency
    from orders
    group by account_name, day
),

carts as (
    select
        account_name,
        {{ day_of("abandoned_at_local") }} as day,
        count(*) as carts_left_count,
        {{ count_if("is_recovered") }} as carts_recovered_count,
        {{ count_if("is_recovered_in_72_hours") }} as carts_recovered_in_72_hours_count,
        sum(coalesce(cart_value, items_value, 0)) as carts_left_value,
        sum(recovered_value) as carts_recovered_value
    from {{ ref("vtex__abandoned_carts") }}
    group by account_name, {{ day_of("abandoned_at_local") }}
),

spans as (
    select
        account_name,
        min(day) as first_day,
        {{ day_of(local_time(current_moment())) }} as last_day
    from orders
    group by account_name
),

-- Every day from the first order to today, and those before on which a cart was left.
days as (
    {{ days_between("spans.first_day", "spans.last_day", "spans") }}
    union {{ "distinct" if target.type == "bigquery" }}
    select
        account_name,
        day
    from by_day
    union {{ "distinct" if target.type == "bigquery" }}
    select
        account_name,
        day
    from carts
)

select
    days.account_name,
    days.day,
    coalesce(by_day.orders_count, 0) as orders_count,
    coalesce(by_day.paid_orders_count, 0) as paid_orders_count,
    coalesce(by_day.canceled_orders_count, 0) as canceled_orders_count,
    coalesce(by_day.purchases_count, 0) as purchases_count,
    coalesce(by_day.new_customers_count, 0) as new_customers_count,
    coalesce(by_day.returning_customers_count, 0) as returning_customers_count,
    coalesce(by_day.units_count, 0) as units_count,
    {{ amount("by_day.gross") }} as gross,
    {{ amount("by_day.discount") }} as discount,
    {{ amount("by_day.shipping") }} as shipping,
    {{ amount("by_day.tax") }} as tax,
    {{ amount("by_day.total") }} as total,
    {{ amount("by_day.refund") }} as refund,
    {{ amount("by_day.net_revenue") }} as net_revenue,
    {{ amount("by_day.new_net_revenue") }} as new_net_revenue,
    {{ amount("by_day.returning_net_revenue") }} as returning_net_revenue,
    {{ ratio("by_day.net_revenue", "by_day.purchases_count") }} as average_purchase,
    case when by_day.lowest_currency = by_day.highest_currency then by_day.lowest_currency end as currency,
    coalesce(carts.carts_left_count, 0) as carts_left_count,
    {{ amount("carts.carts_left_value") }} as carts_left_value,
    coalesce(carts.carts_recovered_count, 0) as carts_recovered_count,
    coalesce(carts.carts_recovered_in_72_hours_count, 0) as carts_recovered_in_72_hours_count,
    {{ amount("carts.carts_recovered_value") }} as carts_recovered_value,
    {{ ratio(
        "coalesce(by_day.purchases_count, 0)",
        "(coalesce(by_day.purchases_count, 0) + coalesce(carts.carts_left_count, 0) - coalesce(carts.carts_recovered_count, 0))"
    ) }} as cart_conversion_rate
from days
left join by_day
    on days.account_name = by_day.account_name and days.day = by_day.day
left join carts
    on days.account_name = carts.account_name and days.day = carts.day
