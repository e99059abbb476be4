{% snapshot vtex__carts_history %}
{{ config(
    unique_key=["account_name", "client_id"],
    strategy="check",
    check_cols=["session_at", "checkout_stage", "is_finished", "cart_value", "items_text"],
) }}

-- VTEX keeps one cart a client, and the next one replaces it. This keeps them all, from the first
-- run on.
select
    account_name,
    client_id,
    coalesce(user_id, client_id) as user_id,
    session_at,
    checkout_stage,
    is_finished,
    cart_value,
    items,
    {{ json_string("items") }} as items_text,
    recovery_url,
    last_activity_at
from {{ ref("stg_vtex__carts") }}
where session_at is not null

{% endsnapshot %}
