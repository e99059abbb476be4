select
    orders.account_name,
    orders."orderId" as order_id,
    orders."orderGroup" as order_group,
    orders.sequence,
    orders.status,
    orders.status is not distinct from 'canceled' as is_canceled,
    orders.origin,
    orders."salesChannel" as sales_channel,
    nullif(orders."affiliateId", '') as affiliate_id,
    nullif(orders."marketplaceOrderId", '') as marketplace_order_id,
    {{ user_key("orders.\"clientProfileData\" ->> 'userProfileId'") }} as user_id,
    nullif(orders."marketingData" ->> 'utmSource', '') as utm_source,
    nullif(orders."marketingData" ->> 'utmMedium', '') as utm_medium,
    nullif(orders."marketingData" ->> 'utmCampaign', '') as utm_campaign,
    nullif(orders."marketingData" ->> 'coupon', '') as coupon,
    orders."storePreferencesData" ->> 'currencyCode' as currency,
    {{ money("orders.value") }} as total,
    {{ money("coalesce(totals.items, 0)") }} as items_total,
    {{ money("coalesce(totals.discounts, 0)") }} as discounts_total,
    {{ money("coalesce(totals.shipping, 0)") }} as shipping_total,
    {{ money("coalesce(totals.tax, 0)") }} as tax_total,
    {{ money("coalesce(totals.others, 0)") }} as other_total,
    orders."creationDate" as created_at,
    {{ local_time('orders."creationDate"') }} as created_at_local,
    orders."authorizedDate" as authorized_at,
    {{ local_time('orders."authorizedDate"') }} as authorized_at_local,
    orders."invoicedDate" as invoiced_at,
    {{ local_time('orders."invoicedDate"') }} as invoiced_at_local,
    orders."lastChange" as changed_at,
    {{ local_time('orders."lastChange"') }} as changed_at_local
from {{ source("vtex", "orders") }} as orders
cross join lateral (
    select
        sum(amount) filter (where kind = 'Items') as items,
        sum(amount) filter (where kind = 'Discounts') as discounts,
        sum(amount) filter (where kind = 'Shipping') as shipping,
        sum(amount) filter (where kind = 'Tax') as tax,
        sum(amount) filter (
            where kind is null or kind not in ('Items', 'Discounts', 'Shipping', 'Tax')
        ) as others
    from (
        select entry ->> 'id' as kind, (entry ->> 'value')::numeric as amount
        from {{ elements("orders.totals") }} as entry
    ) as each_total
) as totals
