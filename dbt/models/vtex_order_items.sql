-- When the items of an order become fewer, rows stay behind: the ones that did not come again
-- when the order last changed. Compared with its other items and not with `orders`, which is a
-- stream of its own and may be ahead.
with items as (
    select
        *,
        max("lastChange") over (partition by account_name, "orderId") as latest_change
    from {{ source("vtex", "order_items") }}
)

select
    account_name,
    "orderId" as order_id,
    item_index,
    status,
    coalesce(is_canceled, false) as is_canceled,
    {{ user_key('"userProfileId"') }} as user_id,
    sku_id,
    "productId" as product_id,
    name,
    "refId" as ref_id,
    ean,
    seller as seller_id,
    "isGift" as is_gift,
    quantity,
    "measurementUnit" as measurement_unit,
    "unitMultiplier" as unit_multiplier,
    "currencyCode" as currency,
    {{ money("price") }} as price,
    {{ money('"listPrice"') }} as list_price,
    {{ money('"sellingPrice"') }} as selling_price,
    {{ money("discount") }} as discount,
    {{ money("tax") }} as tax,
    {{ money("total") }} as total,
    "creationDate" as created_at,
    {{ local_time('"creationDate"') }} as created_at_local
from items
where "lastChange" is not distinct from latest_change
