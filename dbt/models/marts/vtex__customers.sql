with clients as (
    -- Nobody says that two documents can't have one userId: the one that was last active counts.
    select *
    from (
        select
            account_name,
            coalesce(user_id, client_id) as user_id,
            client_id,
            created_at,
            newsletter_opt_in,
            language,
            is_corporate,
            row_number() over (
                partition by account_name, coalesce(user_id, client_id)
                order by
                    case when last_activity_at is null then 1 else 0 end asc,
                    last_activity_at desc,
                    client_id asc
            ) as place
        from {{ ref("stg_vtex__clients") }}
    ) as each_client
    where place = 1
),

purchases as (
    select
        account_name,
        user_id,
        min(created_at) as first_purchase_at,
        max(created_at) as last_purchase_at,
        count(*) as purchases_count,
        sum(total) as total,
        sum(refund) as refund,
        sum(net_revenue) as net_revenue,
        case when min(currency) = max(currency) then min(currency) end as currency
    from {{ ref("int_vtex__purchases") }}
    where user_id is not null
    group by account_name, user_id
),

orders as (
    select
        account_name,
        user_id,
        count(*) as orders_count,
        {{ count_if("is_canceled") }} as canceled_orders_count
    from {{ ref("int_vtex__orders") }}
    where user_id is not null
    group by account_name, user_id
),

scored as (
    select
        *,
        {{ fifth("last_purchase_at") }} as recency_score,
        {{ fifth("purchases_count") }} as frequency_score,
        {{ fifth("net_revenue") }} as monetary_score
    from purchases
),

people as (
    select
        account_name,
        user_id
    from clients
    union {{ "distinct" if target.type == "bigquery" }}
    select
        account_name,
        user_id
    from orders
)

select
    people.account_name,
    people.user_id,
    clients.client_id,
    clients.created_at,
    {{ local_time("clients.created_at") }} as created_at_local,
    clients.newsletter_opt_in,
    clients.language,
    coalesce(clients.is_corporate, false) as is_corporate,
    coalesce(orders.orders_count, 0) as orders_count,
    coalesce(orders.canceled_orders_count, 0) as canceled_orders_count,
    coalesce(scored.purchases_count, 0) as purchases_count,
    scored.first_purchase_at,
    {{ local_time("scored.first_purchase_at") }} as first_purchase_at_local,
    scored.last_purchase_at,
    {{ local_time("scored.last_purchase_at") }} as last_purchase_at_local,
    {{ days_since("scored.last_purchase_at") }} as days_since_last_purchase,
    {{ month_of(local_time("scored.first_purchase_at")) }} as cohort_month,
    {{ amount("scored.total") }} as total,
    {{ amount("scored.refund") }} as refund,
    {{ amount("scored.net_revenue") }} as net_revenue,
    {{ ratio("scored.net_revenue", "scored.purchases_count") }} as average_purchase,
    scored.currency,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    {{ rfm_segment(
        "scored.recency_score", "scored.frequency_score", "scored.monetary_score", "scored.purchases_count"
    ) }} as segment
from people
left join clients
    on people.account_name = clients.account_name and people.user_id = clients.user_id
left join orders
    on people.account_name = orders.account_name and people.user_id = orders.user_id
left join scored
    on people.account_name = scored.account_name and people.user_id = scored.user_id
