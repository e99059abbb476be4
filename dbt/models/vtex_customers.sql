with keyed as (
    select *, {{ user_key('"userId"', "id") }} as user_id
    from {{ source("vtex", "clients") }}
),

-- Nobody says that two documents can't have one userId: the one that was last active counts.
clients as (
    select distinct on (account_name, user_id)
        account_name,
        user_id,
        id as client_id,
        "createdIn" as created_at,
        "isNewsletterOptIn" as newsletter_opt_in
    from keyed
    order by account_name, user_id, last_activity_at desc nulls last, id
),

buyers as (
    select
        account_name,
        user_id,
        min(created_at) filter (where not is_canceled) as first_order_at,
        max(created_at) filter (where not is_canceled) as last_order_at,
        count(*) filter (where not is_canceled) as orders,
        count(*) filter (where is_canceled) as canceled_orders,
        sum(total) filter (where not is_canceled) as lifetime_value,
        case when min(currency) = max(currency) then min(currency) end as currency
    from {{ ref("vtex_orders") }}
    where user_id is not null
    group by account_name, user_id
)

select
    account_name,
    user_id,
    clients.client_id,
    clients.created_at,
    {{ local_time("clients.created_at") }} as created_at_local,
    clients.newsletter_opt_in,
    buyers.first_order_at,
    {{ local_time("buyers.first_order_at") }} as first_order_at_local,
    buyers.last_order_at,
    {{ local_time("buyers.last_order_at") }} as last_order_at_local,
    coalesce(buyers.orders, 0) as orders,
    coalesce(buyers.canceled_orders, 0) as canceled_orders,
    coalesce(buyers.lifetime_value, 0) as lifetime_value,
    buyers.currency
from clients
full join buyers using (account_name, user_id)
