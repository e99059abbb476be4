with items as (
    select
        account_name,
        client_id,
        abandoned_at,
        count(*) as items_count,
        count(price) as priced_items_count,
        cast(sum(value) as {{ dbt.type_numeric() }}) as items_value,
        {{ count_if("is_bought") }} as bought_items_count,
        min(bought_at) as bought_at
    from {{ ref("vtex__abandoned_cart_items") }}
    group by account_name, client_id, abandoned_at
),

first_purchases as (
    select
        cart_items.account_name,
        cart_items.client_id,
        cart_items.abandoned_at,
        min(cart_items.bought_purchase_id) as purchase_id
    from {{ ref("vtex__abandoned_cart_items") }} as cart_items
    inner join items
        on
            cart_items.account_name = items.account_name
            and cart_items.client_id = items.client_id
            and cart_items.abandoned_at = items.abandoned_at
            and cart_items.bought_at = items.bought_at
    group by cart_items.account_name, cart_items.client_id, cart_items.abandoned_at
),

purchases as (
    select account_name, purchase_id, {{ amount("sum(total)") }} as total
    from {{ ref("int_vtex__orders") }}
    where not is_canceled
    group by account_name, purchase_id
),

carts as (
    select
        carts.account_name,
        carts.client_id,
        carts.user_id,
        carts.abandoned_at,
        carts.came_back_at,
        carts.checkout_stage,
        carts.recovery_url,
        carts.cart_value,
        items.items_count,
        items.priced_items_count,
        items.items_value,
        items.bought_items_count,
        items.bought_at,
        first_purchases.purchase_id as bought_purchase_id,
        purchases.total as bought_value,
        row_number() over (
            partition by carts.account_name, carts.client_id, first_purchases.purchase_id
            order by carts.abandoned_at desc
        ) as carts_until_purchase
    from {{ ref("int_vtex__left_carts") }} as carts
    inner join items
        on
            carts.account_name = items.account_name
            and carts.client_id = items.client_id
            and carts.abandoned_at = items.abandoned_at
    left join first_purchases
        on
            carts.account_name = first_purchases.account_name
            and carts.client_id = first_purchases.client_id
            and carts.abandoned_at = first_purchases.abandoned_at
    left join purchases
        on
            first_purchases.account_name = purchases.account_name
            and first_purchases.purchase_id = purchases.purchase_id
)

select
    account_name,
    client_id,
    user_id,
    abandoned_at,
    {{ local_time("abandoned_at") }} as abandoned_at_local,
    checkout_stage,
    cart_value,
    items_value,
    items_count,
    priced_items_count,
    came_back_at is not null as came_back,
    came_back_at,
    bought_items_count,
    bought_at is not null as is_recovered,
    case
        when bought_at is not null then 'recovered'
        when came_back_at is not null then 'came_back'
        when abandoned_at >= {{ hours_after(current_moment(), -24 * var("vtex_recovery_days")) }}
            then 'waiting'
        else 'lost'
    end as outcome,
    coalesce(bought_at <= {{ hours_after("abandoned_at", 1) }}, false) as is_recovered_in_1_hour,
    coalesce(bought_at <= {{ hours_after("abandoned_at", 24) }}, false) as is_recovered_in_24_hours,
    coalesce(bought_at <= {{ hours_after("abandoned_at", 72) }}, false) as is_recovered_in_72_hours,
    bought_purchase_id,
    bought_at,
    {{ local_time("bought_at") }} as bought_at_local,
    bought_value,
    {{ amount("case when bought_at is not null and carts_until_purchase = 1 then bought_value end") }}
        as recovered_value
from carts
