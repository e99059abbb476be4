{{ config(materialized="incremental", unique_key=["account_name", "order_id"], on_schema_change="fail") }}

-- One row an order: what stands in the order itself.
with orders as (
    select * from {{ ref("stg_vtex__orders") }}
    {{ loaded_since_last_run() }}
),

totals as (
    select
        account_name,
        order_id,
        sum(case when kind = 'Items' then amount end) as items,
        sum(case when kind = 'Discounts' then amount end) as discounts,
        sum(case when kind = 'Shipping' then amount end) as shipping,
        sum(case when kind in ('Tax', 'CustomTax') then amount end) as tax,
        sum(case
            when kind is null or kind not in ('Items', 'Discounts', 'Shipping', 'Tax', 'CustomTax')
                then amount
        end) as others
    from (
        select
            orders.account_name,
            orders.order_id,
            {{ json_text(element("entry"), "id") }} as kind,
            {{ money(json_number(element("entry"), "value")) }} as amount
        from orders
        {{ each_element("orders.totals", "entry") }}
    ) as each_total
    group by account_name, order_id
),

deliveries as (
    select
        account_name,
        order_id,
        max(carrier) as carrier,
        max(delivery_channel) as delivery_channel,
        max(promised_at) as promised_at
    from (
        select
            orders.account_name,
            orders.order_id,
            nullif({{ json_text(element("entry"), "deliveryCompany") }}, '') as carrier,
            {{ json_text(element("entry"), "deliveryChannel") }} as delivery_channel,
            {{ json_time(element("entry"), "shippingEstimateDate") }} as promised_at
        from orders
        {{ each_element(json_get("orders.shipping", "logisticsInfo"), "entry") }}
    ) as each_delivery
    group by account_name, order_id
),

sellers as (
    select
        account_name,
        order_id,
        count(*) as sellers_count,
        min(seller_name) as seller_name
    from (
        select
            orders.account_name,
            orders.order_id,
            {{ json_text(element("entry"), "name") }} as seller_name
        from orders
        {{ each_element("orders.sellers", "entry") }}
    ) as each_seller
    group by account_name, order_id
)

select
    orders.account_name,
    orders.order_id,
    orders.sequence,
    -- Orders that were split by seller share a group. A marketplace's orders all have its name there.
    case
        when
            orders.order_group is null
            or orders.order_group = orders.affiliate_id
            or orders.origin = 'Fulfillment'
            then orders.order_id
        else orders.order_group
    end as purchase_id,
    orders.origin,
    orders.status,
    coalesce(orders.status in ('canceled', 'cancel'), false) as is_canceled,
    coalesce(
        -- Where an order was replaced, its successor counts.
        orders.status not in ('canceled', 'cancel', 'replaced')
        and (
            orders.authorized_at is not null
            or orders.invoiced_at is not null
            or orders.status in (
                'payment-approved', 'approve-payment', 'ready-for-handling', 'start-handling',
                'handling', 'ready-for-invoicing', 'invoice', 'invoiced'
            )
        ),
        false
    ) as is_paid,
    orders.sales_channel,
    orders.affiliate_id,
    orders.marketplace_order_id,
    lower(nullif({{ json_text("orders.client_profile", "userProfileId") }}, '')) as user_id,
    nullif({{ json_text("orders.client_preferences", "locale") }}, '') as language,
    nullif({{ json_text("orders.marketing", "utmSource") }}, '') as utm_source,
    nullif({{ json_text("orders.marketing", "utmMedium") }}, '') as utm_medium,
    nullif({{ json_text("orders.marketing", "utmCampaign") }}, '') as utm_campaign,
    nullif({{ json_text("orders.marketing", "coupon") }}, '') as coupon,
    {{ json_text("orders.store_preferences", "currencyCode") }} as currency,
    nullif({{ json_text("orders.shipping", "address", "country") }}, '') as country,
    nullif({{ json_text("orders.shipping", "address", "state") }}, '') as region,
    nullif({{ json_text("orders.shipping", "address", "city") }}, '') as city,
    deliveries.carrier,
    deliveries.delivery_channel,
    deliveries.promised_at,
    coalesce(sellers.sellers_count, 0) as sellers_count,
    case when sellers.sellers_count = 1 then sellers.seller_name end as seller_name,
    orders.total,
    {{ amount("totals.items") }} as gross,
    {{ amount("-totals.discounts") }} as discount,
    {{ amount("totals.shipping") }} as shipping,
    {{ amount("totals.tax") }} as tax,
    {{ amount("totals.others") }} as other,
    orders.value_difference,
    orders.created_at,
    orders.authorized_at,
    orders.invoiced_at,
    {{ json_time("orders.cancellation", "CancellationDate") }} as canceled_at,
    orders.changed_at,
    orders.loaded_at
from orders
left join totals
    on orders.account_name = totals.account_name and orders.order_id = totals.order_id
left join deliveries
    on orders.account_name = deliveries.account_name and orders.order_id = deliveries.order_id
left join sellers
    on orders.account_name = sellers.account_name and orders.order_id = sellers.order_id
