-- One row a SKU, with its product, its place in the tree of categories, and its prices.
select
    skus.account_name,
    skus.sku_id,
    skus.product_id,
    coalesce(skus.name, products.name) as name,
    coalesce(skus.product_name, products.name) as product_name,
    skus.sku_name,
    skus.ref_id,
    {{ json_text("skus.eans", 0) }} as ean,
    coalesce(skus.brand_name, products.brand_name) as brand,
    products.category_id,
    categories.name as category,
    coalesce(
        {{ json_text("categories.path_names", 0) }}, {{ json_text("products.category_names", 0) }}
    ) as department,
    products.product_url,
    coalesce(skus.is_active, false)
    and coalesce(skus.is_product_active, products.is_active, false) as is_active,
    coalesce(skus.unit_multiplier, 1) as unit_multiplier,
    prices.price,
    prices.list_price,
    -- VTEX takes costs of 0 and below it.
    case when prices.cost_price > 0 then prices.cost_price end as cost_price,
    skus.updated_at
from {{ ref("stg_vtex__skus") }} as skus
left join {{ ref("stg_vtex__products") }} as products
    on skus.account_name = products.account_name and skus.product_id = products.product_id
left join {{ ref("stg_vtex__categories") }} as categories
    on products.account_name = categories.account_name and products.category_id = categories.category_id
left join {{ ref("stg_vtex__prices") }} as prices
    on skus.account_name = prices.account_name and skus.sku_id = prices.sku_id
