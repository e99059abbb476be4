with items as (
    select
        carts.account_name,
        carts.client_id,
        carts.user_id,
        carts.abandoned_at,
        {{ place("item") }} as item_index,
        {{ json_text(element("item"), "sku_id") }} as sku_id,
        {{ json_text(element("item"), "seller_id") }} as seller_id,
        {{ json_text(element("item"), "sales_channel") }} as sales_channel,
        {{ json_number(element("item"), "quantity") }} as quantity
    from {{ ref("int_vtex__left_carts") }} as carts
    {{ each_element("carts.items", "item") }}
),

bought as (
    select
        items.account_name,
        items.client_id,
        items.abandoned_at,
        items.item_index,
        lines.purchase_id,
        lines.created_at,
        lines.total_left,
        row_number() over (
            partition by items.account_name, items.client_id, items.abandoned_at, items.item_index
            order by lines.created_at, lines.order_id, lines.item_index
        ) as place
    from items
    inner join {{ ref("vtex__order_lines") }} as lines
        on
            items.account_name = lines.account_name
            and items.user_id = lines.user_id
            and items.sku_id = lines.sku_id
            and items.abandoned_at < lines.created_at
            and lines.created_at <= {{ hours_after("items.abandoned_at", 24 * var("vtex_recovery_days")) }}
            and not lines.is_canceled
)

select
    items.account_name,
    items.client_id,
    items.abandoned_at,
    {{ local_time("items.abandoned_at") }} as abandoned_at_local,
    items.item_index,
    items.user_id,
    items.sku_id,
    skus.product_id,
    skus.name,
    skus.brand,
    skus.category,
    items.seller_id,
    items.sales_channel,
    items.quantity,
    skus.price,
    {{ exactly("skus.price * skus.unit_multiplier * items.quantity") }} as value,
    bought.created_at is not null as is_bought,
    bought.purchase_id as bought_purchase_id,
    bought.created_at as bought_at,
    {{ local_time("bought.created_at") }} as bought_at_local,
    bought.total_left as bought_value
from items
left join bought
    on
        items.account_name = bought.account_name
        and items.client_id = bought.client_id
        and items.abandoned_at = bought.abandoned_at
        and items.item_index = bought.item_index
        and bought.place = 1
left join {{ ref("int_vtex__skus") }} as skus
    on items.account_name = skus.account_name and items.sku_id = skus.sku_id
