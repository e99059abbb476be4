select
    skus.account_name,
    skus."Id" as sku_id,
    skus."ProductId" as product_id,
    skus."NameComplete" as name,
    skus."ProductName" as product_name,
    skus."SkuName" as sku_name,
    skus.ref_id,
    skus.eans ->> 0 as ean,
    skus."BrandName" as brand,
    products.category_names ->> 0 as department,
    products.category_names ->> -1 as category,
    products.product_url,
    skus."IsActive" and skus."IsProductActive" as is_active,
    prices."basePrice" as price,
    prices."listPrice" as list_price,
    prices."costPrice" as cost_price,
    {% if var("vtex_inventory") %}
    stock.total as stock,
    stock.reserved as stock_reserved,
    stock.total - stock.reserved as stock_available,
    stock.is_unlimited as stock_is_unlimited,
    {% else %}
    null::numeric as stock,
    null::numeric as stock_reserved,
    null::numeric as stock_available,
    null::boolean as stock_is_unlimited,
    {% endif %}
    skus.date_updated as updated_at
from {{ source("vtex", "skus") }} as skus
left join {{ source("vtex", "products") }} as products
    on skus.account_name = products.account_name and skus."ProductId" = products."Id"
left join {{ source("vtex", "prices") }} as prices
    on skus.account_name = prices.account_name and skus."Id" = prices."itemId"
{% if var("vtex_inventory") %}
left join (
    select
        account_name,
        "skuId",
        sum("totalQuantity") as total,
        sum("reservedQuantity") as reserved,
        bool_or("hasUnlimitedQuantity") as is_unlimited
    from {{ source("vtex", "inventory") }}
    group by account_name, "skuId"
) as stock
    on skus.account_name = stock.account_name and skus."Id" = stock."skuId"
{% endif %}
