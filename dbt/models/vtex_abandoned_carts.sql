with items as (
    select
        account_name,
        client_id,
        user_id,
        abandoned_at,
        abandoned_at_local,
        count(*) as items,
        count(price) as items_with_price,
        sum(value) as items_value,
        count(*) filter (where bought_later) as items_bought_later,
        bool_or(bought_later) as bought_later,
        min(bought_at) as bought_at,
        min(bought_at_local) as bought_at_local
    from {{ ref("vtex_abandoned_cart_items") }}
    group by account_name, client_id, user_id, abandoned_at, abandoned_at_local
)

select
    items.account_name,
    items.client_id,
    items.user_id,
    items.abandoned_at,
    items.abandoned_at_local,
    carts.checkout_stage,
    carts.cart_value,
    items.items_value,
    items.items,
    items.items_with_price,
    items.items_bought_later,
    items.bought_later,
    items.bought_at,
    items.bought_at_local
from items
inner join {{ source("vtex", "carts") }} as carts using (account_name, client_id)
