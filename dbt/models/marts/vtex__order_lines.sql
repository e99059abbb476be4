with lines as (
    select
        lines.*,
        orders.purchase_id,
        orders.status as order_status,
        orders.is_paid as order_is_paid,
        orders.user_id as order_user_id,
        skus.product_name,
        coalesce(lines.brand_name, skus.brand) as brand,
        skus.category_id,
        coalesce(skus.category, lines.category_name) as category,
        coalesce(skus.department, lines.category_name) as department,
        coalesce(lines.cost_price, skus.cost_price) as unit_cost
    from {{ ref("int_vtex__order_lines") }} as lines
    left join {{ ref("int_vtex__orders") }} as orders
        on lines.account_name = orders.account_name and lines.order_id = orders.order_id
    left join {{ ref("int_vtex__skus") }} as skus
        on lines.account_name = skus.account_name and lines.sku_id = skus.sku_id
)

select
    account_name,
    order_id,
    item_index,
    purchase_id,
    coalesce(order_status, status) as status,
    coalesce(order_is_paid, false) and not is_canceled as is_paid,
    is_canceled,
    is_added,
    is_gift,
    coalesce(order_user_id, user_id) as user_id,
    sku_id,
    product_id,
    name,
    product_name,
    ref_id,
    ean,
    brand,
    category_id,
    category,
    department,
    seller_id,
    quantity,
    quantity_left,
    measurement_unit,
    unit_multiplier,
    currency,
    price,
    list_price,
    selling_price,
    discount,
    shipping_discount,
    services_total,
    tax,
    total,
    total_left,
    {{ amount("case when coalesce(order_is_paid, false) and not is_canceled then total_left end") }} as revenue,
    unit_cost,
    unit_cost * quantity_left as cost,
    case when coalesce(order_is_paid, false) and not is_canceled
        then total_left - unit_cost * quantity_left end as margin,
    created_at,
    {{ local_time("created_at") }} as created_at_local
from lines
