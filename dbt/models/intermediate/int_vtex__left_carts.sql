-- One row a visit that ended with something in the cart, as its last version shows it.
with versions as (
    select
        *,
        row_number() over (
            partition by account_name, client_id, session_at
            order by dbt_valid_from desc, dbt_scd_id asc
        ) as version_from_last
    from {{ ref("vtex__carts_history") }}
),

visits as (
    select
        account_name,
        client_id,
        user_id,
        session_at as abandoned_at,
        lead(session_at) over (partition by account_name, client_id order by session_at) as came_back_at,
        checkout_stage,
        coalesce(is_finished, false) as is_finished,
        cart_value,
        items,
        recovery_url
    from versions
    where version_from_last = 1
)

select * from visits
where
    not is_finished
    and abandoned_at < {{ minutes_after(current_moment(), -var("vtex_abandoned_after_minutes")) }}
