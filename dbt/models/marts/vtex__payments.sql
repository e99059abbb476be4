with payments as (
    select
        *,
        max(changed_at) over (partition by account_name, order_id) as latest_change
    from {{ ref("stg_vtex__payments") }}
)

select
    payments.account_name,
    payments.order_id,
    payments.transaction_id,
    payments.payment_id,
    orders.purchase_id,
    orders.user_id,
    orders.status as order_status,
    orders.is_paid,
    coalesce(payments.is_active, true) as is_active,
    payments.payment_group,
    payments.payment_system,
    payments.payment_system_name as payment_method,
    payments.installments,
    payments.gift_card_provider,
    payments.value,
    orders.currency,
    payments.created_at,
    {{ local_time("payments.created_at") }} as created_at_local
from payments
inner join {{ ref("int_vtex__orders") }} as orders
    on payments.account_name = orders.account_name and payments.order_id = orders.order_id
where payments.changed_at = payments.latest_change or payments.latest_change is null
