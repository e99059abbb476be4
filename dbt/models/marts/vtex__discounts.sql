-- One row a price tag that lowers a line: by a promotion, on the item or on its shipping.
with tags as (
    select
        lines.account_name,
        lines.order_id,
        lines.item_index,
        {{ place("price_tag") }} as tag_index,
        {{ json_text(element("price_tag"), "name") }} as tag_name,
        lower({{ json_text(element("price_tag"), "identifier") }}) as identifier,
        coalesce({{ json_boolean(element("price_tag"), "isPercentual") }}, false) as is_percentual,
        {{ json_number(element("price_tag"), "value") }} as tag_value
    from {{ ref("int_vtex__order_lines") }} as lines
    {{ each_element("lines.price_tags", "price_tag") }}
),

discounts as (
    select
        *,
        lower(tag_name) like 'discount@shipping%' as is_shipping
    from tags
    -- What a marketplace pays of the shipping is told for information only.
    where lower(tag_name) like 'discount@%' and lower(tag_name) not like 'discount@shippingmarketplace%'
),

tags_of_lines as (
    select
        account_name,
        order_id,
        item_index,
        {{ count_if("not is_shipping") }} as item_tags_count
    from discounts
    group by account_name, order_id, item_index
)

select
    discounts.account_name,
    discounts.order_id,
    discounts.item_index,
    discounts.tag_index,
    orders.purchase_id,
    orders.user_id,
    orders.is_paid,
    lines.sku_id,
    discounts.identifier as promotion_id,
    promotions.name as promotion_name,
    orders.coupon,
    discounts.is_shipping,
    -- A tag in percent does not say its amount; a line with no other tag on its price does.
    case
        when not discounts.is_percentual then -{{ money("discounts.tag_value") }}
        when not discounts.is_shipping and tags_of_lines.item_tags_count = 1 then lines.discount
    end as discount,
    orders.currency,
    orders.created_at,
    {{ local_time("orders.created_at") }} as created_at_local
from discounts
inner join {{ ref("int_vtex__order_lines") }} as lines
    on
        discounts.account_name = lines.account_name
        and discounts.order_id = lines.order_id
        and discounts.item_index = lines.item_index
inner join {{ ref("int_vtex__orders") }} as orders
    on discounts.account_name = orders.account_name and discounts.order_id = orders.order_id
left join tags_of_lines
    on
        discounts.account_name = tags_of_lines.account_name
        and discounts.order_id = tags_of_lines.order_id
        and discounts.item_index = tags_of_lines.item_index
left join {{ ref("int_vtex__promotions") }} as promotions
    on
        discounts.account_name = promotions.account_name
        and discounts.identifier = promotions.promotion_id
