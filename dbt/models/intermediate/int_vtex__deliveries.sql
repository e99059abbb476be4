-- One row an order that was sent: what the packages say of it.
with packages as (
    select
        *,
        max(changed_at) over (partition by account_name, order_id) as latest_change
    from {{ ref("stg_vtex__packages") }}
)

select
    account_name,
    order_id,
    count(*) as packages_count,
    min(issued_at) as shipped_at,
    max(courier) as courier,
    min(case when is_delivered then 1 else 0 end) = 1 as is_delivered,
    case when min(case when is_delivered then 1 else 0 end) = 1 then max(delivered_at) end as delivered_at
from packages
where
    coalesce(package_type, 'Output') <> 'Input'
    and (changed_at = latest_change or latest_change is null)
group by account_name, order_id
