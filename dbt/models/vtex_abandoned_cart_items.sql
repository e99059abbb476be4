with items as (
    select
        carts.account_name,
        carts.client_id,
        {{ user_key('carts."userId"', "carts.client_id") }} as user_id,
        carts.session_date as abandoned_at,
        entries.place - 1 as item_index,
        entries.item ->> 'sku_id' as sku_id,
        entries.item ->> 'seller_id' as seller_id,
        entries.item ->> 'sales_channel' as sales_channel,
        (entries.item ->> 'quantity')::numeric as quantity
    from {{ source("vtex", "carts") }} as carts
    cross join lateral
        {{ elements("carts.items") }} with ordinality as entries (item, place)
    where
        not carts.is_finished
        and carts.session_date
        < now() at time zone 'UTC'
        - interval '{{ var("vtex_abandoned_after_minutes") }} minutes'
),

purchases as (
    select
        items.account_name,
        items.client_id,
        items.item_index,
        min(bought.created_at) as bought_at
    from items
    inner join {{ ref("vtex_order_items") }} as bought
        on
            items.account_name = bought.account_name
            and items.user_id = bought.user_id
            and items.sku_id = bought.sku_id
            and items.abandoned_at < bought.created_at
            and not bought.is_canceled
    group by items.account_name, items.client_id, items.item_index
)

select
    items.account_name,
    items.client_id,
    items.item_index,
    items.user_id,
    items.sku_id,
    skus."ProductId" as product_id,
    skus."NameComplete" as name,
    items.seller_id,
    items.sales_channel,
    items.quantity,
    prices."basePrice" as price,
    prices."basePrice" * items.quantity as value,
    items.abandoned_at,
    {{ local_time("items.abandoned_at") }} as abandoned_at_local,
    purchases.bought_at is not null as bought_later,
    purchases.bought_at,
    {{ local_time("purchases.bought_at") }} as bought_at_local
from items
left join purchases
    on
        items.account_name = purchases.account_name
        and items.client_id = purchases.client_id
        and items.item_index = purchases.item_index
left join {{ source("vtex", "skus") }} as skus
    on items.account_name = skus.account_name and items.sku_id = skus."Id"
left join {{ source("vtex", "prices") }} as prices
    on items.account_name = prices.account_name and items.sku_id = prices."itemId"
