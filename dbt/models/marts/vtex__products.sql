with stock as (
    select
        account_name,
        sku_id,
        sum(total_quantity) as stock,
        sum(reserved_quantity) as reserved_stock,
        sum(total_quantity - reserved_quantity) as available_stock,
        {{ any_if("is_unlimited") }} as is_unlimited
    from {{ ref("stg_vtex__inventory") }}
    group by account_name, sku_id
),

sales as (
    select
        account_name,
        sku_id,
        count(distinct order_id) as orders_count,
        sum(quantity_left) as units_sold,
        {{ sum_of_30_days("quantity_left") }} as units_sold_30_days,
        sum(revenue) as revenue,
        {{ sum_of_30_days("revenue") }} as revenue_30_days,
        sum(margin) as margin,
        max(created_at) as last_sold_at
    from {{ ref("vtex__order_lines") }}
    where is_paid
    group by account_name, sku_id
)

select
    skus.account_name,
    skus.sku_id,
    skus.product_id,
    skus.name,
    skus.product_name,
    skus.sku_name,
    skus.ref_id,
    skus.ean,
    skus.brand,
    skus.category_id,
    skus.category,
    skus.department,
    skus.product_url,
    skus.is_active,
    skus.price,
    skus.list_price,
    skus.cost_price,
    {{ ratio("(skus.price - skus.cost_price)", "skus.price") }} as margin_rate,
    stock.stock,
    stock.reserved_stock,
    stock.available_stock,
    stock.is_unlimited as has_unlimited_stock,
    coalesce(sales.orders_count, 0) as orders_count,
    coalesce(sales.units_sold, 0) as units_sold,
    coalesce(sales.units_sold_30_days, 0) as units_sold_30_days,
    {{ amount("sales.revenue") }} as revenue,
    {{ amount("sales.revenue_30_days") }} as revenue_30_days,
    sales.margin,
    case
        when not stock.is_unlimited and stock.available_stock >= 0 then
        {{ ratio(
            "coalesce(sales.units_sold_30_days, 0)",
            "(coalesce(sales.units_sold_30_days, 0) + stock.available_stock)"
        ) }}
    end as sell_through_rate,
    sales.last_sold_at,
    skus.updated_at
from {{ ref("int_vtex__skus") }} as skus
left join stock
    on skus.account_name = stock.account_name and skus.sku_id = stock.sku_id
left join sales
    on skus.account_name = sales.account_name and skus.sku_id = sales.sku_id
