-- One row a category that has products or sales: how it does.
with products as (
    select
        account_name,
        coalesce(category_id, '') as category_key,
        max(case when category_id is not null then category end) as category,
        max(case when category_id is not null then department end) as department,
        count(*) as skus_count,
        {{ count_if("is_active") }} as active_skus_count
    from {{ ref("vtex__products") }}
    group by account_name, coalesce(category_id, '')
),

sales as (
    select
        account_name,
        coalesce(category_id, '') as category_key,
        max(case when category_id is not null then category end) as category,
        max(case when category_id is not null then department end) as department,
        count(distinct order_id) as orders_count,
        count(distinct user_id) as customers_count,
        sum(quantity_left) as units_sold,
        sum(revenue) as revenue,
        {{ sum_of_30_days("revenue") }} as revenue_30_days,
        sum(discount) as discount,
        sum(margin) as margin
    from {{ ref("vtex__order_lines") }}
    where is_paid
    group by account_name, coalesce(category_id, '')
),

totals as (
    select
        account_name,
        sum(revenue) as revenue
    from sales
    group by account_name
)

select
    coalesce(products.account_name, sales.account_name) as account_name,
    coalesce(products.category_key, sales.category_key) as category_id,
    coalesce(products.category, sales.category) as category,
    coalesce(products.department, sales.department) as department,
    coalesce(products.skus_count, 0) as skus_count,
    coalesce(products.active_skus_count, 0) as active_skus_count,
    coalesce(sales.orders_count, 0) as orders_count,
    coalesce(sales.customers_count, 0) as customers_count,
    coalesce(sales.units_sold, 0) as units_sold,
    {{ amount("sales.revenue") }} as revenue,
    {{ amount("sales.revenue_30_days") }} as revenue_30_days,
    {{ amount("sales.discount") }} as discount,
    sales.margin,
    {{ ratio("sales.revenue", "totals.revenue") }} as revenue_share
from products
full join sales
    on products.account_name = sales.account_name and products.category_key = sales.category_key
left join totals
    on coalesce(products.account_name, sales.account_name) = totals.account_name
