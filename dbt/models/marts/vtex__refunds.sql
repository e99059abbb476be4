-- A return is a package of the type Input, with an invoice of its own.
with packages as (
    select
        *,
        max(changed_at) over (partition by account_name, order_id) as latest_change
    from {{ ref("stg_vtex__packages") }}
)

select
    packages.account_name,
    packages.order_id,
    packages.package_index,
    orders.purchase_id,
    orders.user_id,
    packages.invoice_number,
    packages.invoice_value as returned_value,
    {{ amount("coalesce(packages.refund_value, packages.invoice_value)") }} as refund,
    orders.total as order_total,
    orders.is_paid,
    orders.currency,
    packages.issued_at as refunded_at,
    {{ local_time("packages.issued_at") }} as refunded_at_local,
    packages.order_created_at,
    {{ local_time("packages.order_created_at") }} as order_created_at_local
from packages
inner join {{ ref("int_vtex__orders") }} as orders
    on packages.account_name = orders.account_name and packages.order_id = orders.order_id
where
    packages.package_type = 'Input'
    and (packages.changed_at = packages.latest_change or packages.latest_change is null)
