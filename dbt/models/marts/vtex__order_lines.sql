with joined as (
    select
        lines.account_name,
        lines.order_id,
        lines.item_index,
        orders.purchase_id,
        coalesce(orders.status, lines.status) as status,
        coalesce(orders.is_paid, false) and not lines.is_canceled as is_paid,
        lines.is_canceled,
        lines.is_added,
        lines.is_gift,
        coalesce(orders.user_id, lines.user_id) as user_id,
        lines.sku_id,
        lines.product_id,
        lines.name,
        skus.product_name,
        lines.ref_id,
        lines.ean,
        coalesce(lines.brand_name, skus.brand) as brand,
        coalesce(skus.category_id, lines.category_id) as category_id,
        coalesce(skus.category, categories.name, lines.category_name) as category,
        coalesce(skus.department, {{ json_text("categories.path_names", 0) }}) as department,
        lines.seller_id,
        lines.quantity,
        lines.quantity_left,
        lines.measurement_unit,
        coalesce(lines.unit_multiplier, 1) as unit_multiplier,
        lines.currency,
        lines.price,
        lines.list_price,
        lines.selling_price,
        lines.discount,
        lines.shipping_discount,
        lines.services_total,
        lines.tax,
        lines.total,
        lines.total_left,
        -- Stores that keep no cost have 0 there.
        coalesce(case when lines.cost_price > 0 then lines.cost_price end, skus.cost_price) as unit_cost,
        lines.created_at
    from {{ ref("int_vtex__order_lines") }} as lines
    left join {{ ref("int_vtex__orders") }} as orders
        on lines.account_name = orders.account_name and lines.order_id = orders.order_id
    left join {{ ref("int_vtex__skus") }} as skus
        on lines.account_name = skus.account_name and lines.sku_id = skus.sku_id
    left join {{ ref("stg_vtex__categories") }} as categories
        on lines.account_name = categories.account_name and lines.category_id = categories.category_id
),

costed as (
    select
        *,
        {{ amount("case when is_paid then total_left end") }} as revenue,
        {{ exactly("unit_cost * unit_multiplier * quantity_left") }} as cost
    from joined
)

select
    account_name,
    order_id,
    item_index,
    purchase_id,
    status,
    is_paid,
    is_canceled,
    is_added,
    is_gift,
    user_id,
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
    revenue,
    unit_cost,
    cost,
    {{ exactly("case when is_paid then revenue - cost end") }} as margin,
    created_at,
    {{ local_time("created_at") }} as created_at_local
from costed
