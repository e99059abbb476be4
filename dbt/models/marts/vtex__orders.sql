with lines as (
    select
        account_name,
        order_id,
        count(*) as lines_count,
        sum(quantity_left) as units_count,
        sum(shipping_discount) as shipping_discount
    from {{ ref("int_vtex__order_lines") }}
    where not is_canceled
    group by account_name, order_id
),

ranked_payments as (
    select
        *,
        row_number() over (
            partition by account_name, order_id order by value desc, payment_id asc, transaction_id asc
        ) as place
    from {{ ref("vtex__payments") }}
    where is_active
),

payments as (
    select
        account_name,
        order_id,
        count(*) as payments_count,
        max(case when place = 1 then payment_method end) as payment_method,
        max(case when place = 1 then payment_group end) as payment_group,
        max(case when place = 1 then installments end) as installments
    from ranked_payments
    group by account_name, order_id
),

refunds as (
    select
        account_name,
        order_id,
        count(*) as refunds_count,
        sum(refund) as refund
    from {{ ref("vtex__refunds") }}
    group by account_name, order_id
)

select
    orders.account_name,
    orders.order_id,
    orders.purchase_id,
    orders.sequence,
    orders.status,
    orders.is_paid,
    orders.is_canceled,
    orders.origin,
    orders.sales_channel,
    orders.affiliate_id,
    orders.marketplace_order_id,
    orders.user_id,
    purchases.customer_purchase_number,
    case
        when purchases.customer_purchase_number = 1 then 'new'
        when purchases.customer_purchase_number > 1 then 'returning'
    end as customer_type,
    orders.language,
    orders.utm_source,
    orders.utm_medium,
    orders.utm_campaign,
    orders.coupon,
    orders.country,
    orders.region,
    orders.city,
    orders.sellers_count,
    orders.seller_name,
    coalesce(lines.lines_count, 0) as lines_count,
    coalesce(lines.units_count, 0) as units_count,
    orders.currency,
    orders.gross,
    orders.discount,
    orders.shipping,
    {{ amount("lines.shipping_discount") }} as shipping_discount,
    orders.tax,
    orders.other,
    orders.total,
    coalesce(refunds.refunds_count, 0) as refunds_count,
    {{ amount("refunds.refund") }} as refund,
    {{ amount("case when orders.is_paid then orders.total - coalesce(refunds.refund, 0) end") }}
        as net_revenue,
    orders.value_difference,
    payments.payment_method,
    payments.payment_group,
    payments.installments,
    coalesce(payments.payments_count, 0) as payments_count,
    coalesce(deliveries.courier, orders.carrier) as carrier,
    orders.delivery_channel,
    coalesce(deliveries.packages_count, 0) as packages_count,
    deliveries.shipped_at,
    orders.promised_at,
    deliveries.delivered_at,
    case
        when deliveries.delivered_at is not null and orders.promised_at is not null then
            {{ day_of(local_time("deliveries.delivered_at")) }}
            > {{ day_of(local_time("orders.promised_at")) }}
    end as is_late,
    orders.created_at,
    {{ local_time("orders.created_at") }} as created_at_local,
    orders.authorized_at,
    {{ local_time("orders.authorized_at") }} as authorized_at_local,
    orders.invoiced_at,
    {{ local_time("orders.invoiced_at") }} as invoiced_at_local,
    orders.canceled_at,
    {{ local_time("orders.canceled_at") }} as canceled_at_local,
    orders.changed_at,
    orders.loaded_at
from {{ ref("int_vtex__orders") }} as orders
left join {{ ref("int_vtex__purchases") }} as purchases
    on
        orders.account_name = purchases.account_name
        and orders.purchase_id = purchases.purchase_id
        and orders.is_paid
left join lines
    on orders.account_name = lines.account_name and orders.order_id = lines.order_id
left join payments
    on orders.account_name = payments.account_name and orders.order_id = payments.order_id
left join refunds
    on orders.account_name = refunds.account_name and orders.order_id = refunds.order_id
left join {{ ref("int_vtex__deliveries") }} as deliveries
    on orders.account_name = deliveries.account_name and orders.order_id = deliveries.order_id
