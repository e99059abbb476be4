-- One row a promotion or tax: those that are set up, and those that orders name. Orders keep the
-- names of promotions that the store has deleted since.
with mentions as (
    select
        orders.account_name,
        orders.order_id,
        orders.created_at,
        lower({{ json_text(element("entry"), "id") }}) as promotion_id,
        {{ json_text(element("entry"), "name") }} as name
    from {{ ref("stg_vtex__orders") }} as orders
    {{ each_element(json_get("orders.rates_and_benefits", "rateAndBenefitsIdentifiers"), "entry") }}
),

ranked as (
    select
        account_name,
        promotion_id,
        name,
        row_number() over (
            partition by account_name, promotion_id order by created_at desc, order_id asc, name asc
        ) as place
    from mentions
    where promotion_id is not null and name is not null
),

named as (
    select
        account_name,
        promotion_id,
        name
    from ranked
    where place = 1
)

select
    coalesce(promotions.account_name, named.account_name) as account_name,
    coalesce(promotions.promotion_id, named.promotion_id) as promotion_id,
    coalesce(promotions.name, named.name) as name,
    promotions.promotion_type,
    promotions.begins_at,
    promotions.ends_at,
    coalesce(promotions.is_active, false) and not coalesce(promotions.is_archived, false) as is_active,
    coalesce(promotions.is_tax, false) as is_tax,
    promotions.utm_source,
    promotions.utm_campaign
from {{ ref("stg_vtex__promotions") }} as promotions
full join named
    on
        promotions.account_name = named.account_name
        and promotions.promotion_id = named.promotion_id
