-- No revenue is lost or counted twice on the way from orders to customers' purchases and to days.
with sums as (
    select
        'orders' as source,
        account_name,
        sum(net_revenue) as net_revenue
    from {{ ref("vtex__orders") }}
    group by account_name
    union all
    select
        'purchases' as source,
        account_name,
        sum(net_revenue) as net_revenue
    from {{ ref("int_vtex__purchases") }}
    group by account_name
    union all
    select
        'days' as source,
        account_name,
        sum(net_revenue) as net_revenue
    from {{ ref("vtex__daily_shop") }}
    group by account_name
)

select account_name
from sums
group by account_name
having min(net_revenue) <> max(net_revenue)
