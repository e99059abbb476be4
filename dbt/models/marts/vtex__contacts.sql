{% set gmail = ["@gmail.com", "@googlemail.com"] %}
-- One row a person who can be written to: an e-mail address out of clients or newsletter.
with mentions as (
    select
        account_name,
        lower(trim(email)) as email,
        client_id,
        coalesce(user_id, client_id) as user_id,
        cast(null as {{ dbt.type_string() }}) as subscriber_id,
        first_name,
        last_name,
        phone,
        language,
        newsletter_opt_in as consent,
        created_at,
        last_activity_at,
        1 as source_rank
    from {{ ref("stg_vtex__clients") }}
    where email like '%@%'
    union all
    select
        account_name,
        lower(trim(email)) as email,
        case when source_entity = 'CL' then subscriber_id end as client_id,
        user_id,
        source_entity || ':' || subscriber_id as subscriber_id,
        name as first_name,
        cast(null as {{ dbt.type_string() }}) as last_name,
        cast(null as {{ dbt.type_string() }}) as phone,
        cast(null as {{ dbt.type_string() }}) as language,
        opt_in as consent,
        created_at,
        last_activity_at,
        2 as source_rank
    from {{ ref("stg_vtex__newsletter") }}
    where email like '%@%'
),

ranked as (
    select
        *,
        row_number() over (
            partition by account_name, email
            order by
                source_rank asc,
                case when last_activity_at is null then 1 else 0 end asc,
                last_activity_at desc,
                coalesce(client_id, subscriber_id) asc
        ) as place
    from mentions
),

people as (
    select
        account_name,
        email,
        max(case when place = 1 then coalesce(client_id, subscriber_id) end) as contact_id,
        max(case when place = 1 then client_id end) as client_id,
        max(case when place = 1 then user_id end) as user_id,
        max(case when place = 1 then first_name end) as first_name,
        max(case when place = 1 then last_name end) as last_name,
        max(case when place = 1 then phone end) as phone,
        max(case when place = 1 then language end) as language,
        {{ any_if("source_rank = 1") }} as is_client,
        {{ any_if("source_rank = 2") }} as is_in_newsletter,
        -- Who said no anywhere has not consented; who said nothing has not either.
        case
            when {{ any_if("not consent") }} then false
            when {{ any_if("consent") }} then true
        end as consent,
        min(created_at) as created_at
    from ranked
    group by account_name, email
),

carts as (
    select *
    from (
        select
            carts.account_name,
            carts.client_id,
            carts.abandoned_at,
            carts.items_count,
            coalesce(carts.cart_value, carts.items_value) as cart_value,
            left_carts.recovery_url,
            row_number() over (
                partition by carts.account_name, carts.client_id order by carts.abandoned_at desc
            ) as place
        from {{ ref("vtex__abandoned_carts") }} as carts
        inner join {{ ref("int_vtex__left_carts") }} as left_carts
            on
                carts.account_name = left_carts.account_name
                and carts.client_id = left_carts.client_id
                and carts.abandoned_at = left_carts.abandoned_at
        where carts.outcome = 'waiting'
    ) as each_cart
    where place = 1
),

languages as (
    select
        account_name,
        user_id,
        language
    from (
        select
            account_name,
            user_id,
            language,
            row_number() over (
                partition by account_name, user_id order by created_at desc, order_id asc
            ) as place
        from {{ ref("int_vtex__orders") }}
        where language is not null and user_id is not null
    ) as each_order
    where place = 1
)

select
    people.account_name,
    people.contact_id,
    people.client_id,
    people.user_id,
    {% if var("vtex_contact_details") %}
    people.email,
    people.first_name,
    people.last_name,
    people.phone,
    {% endif %}
    {% if var("vtex_hashed_email") %}
    {{ sha256("people.email") }} as email_sha256,
    -- Google leaves the dots out of addresses at Gmail.
    case
        {% for domain in gmail %}
        when people.email like '%{{ domain }}' then
            {{ sha256("replace(replace(people.email, '" ~ domain ~ "', ''), '.', '') || '" ~ domain ~ "'") }}
        {% endfor %}
        else {{ sha256("people.email") }}
    end as email_sha256_google,
    {% endif %}
    coalesce(people.consent, false) as has_consent,
    people.consent,
    people.is_client,
    people.is_in_newsletter,
    coalesce(people.language, languages.language) as language,
    coalesce(customers.segment, 'no_purchase') as segment,
    coalesce(customers.purchases_count, 0) as purchases_count,
    {{ amount("customers.net_revenue") }} as net_revenue,
    customers.last_purchase_at,
    customers.last_purchase_at_local,
    customers.days_since_last_purchase,
    carts.abandoned_at is not null as has_cart,
    carts.abandoned_at as cart_abandoned_at,
    {{ local_time("carts.abandoned_at") }} as cart_abandoned_at_local,
    carts.items_count as cart_items_count,
    carts.cart_value,
    carts.recovery_url as cart_recovery_url,
    people.created_at
from people
left join {{ ref("vtex__customers") }} as customers
    on people.account_name = customers.account_name and people.user_id = customers.user_id
left join carts
    on people.account_name = carts.account_name and people.client_id = carts.client_id
left join languages
    on people.account_name = languages.account_name and people.user_id = languages.user_id
