with purchases as (
    select
        purchases.account_name,
        purchases.user_id,
        customers.cohort_month,
        {{ month_of("purchases.created_at_local") }} as month,
        purchases.net_revenue
    from {{ ref("int_vtex__purchases") }} as purchases
    inner join {{ ref("vtex__customers") }} as customers
        on purchases.account_name = customers.account_name and purchases.user_id = customers.user_id
),

sizes as (
    select
        account_name,
        cohort_month,
        count(distinct user_id) as customers_count
    from purchases
    group by account_name, cohort_month
),

months as (
    select distinct
        account_name,
        month
    from purchases
),

activity as (
    select
        account_name,
        cohort_month,
        month,
        count(distinct user_id) as active_customers_count,
        count(*) as purchases_count,
        sum(net_revenue) as net_revenue
    from purchases
    group by account_name, cohort_month, month
)

select
    sizes.account_name,
    sizes.cohort_month,
    months.month,
    {{ months_between("sizes.cohort_month", "months.month") }} as months_since,
    sizes.customers_count,
    coalesce(activity.active_customers_count, 0) as active_customers_count,
    {{ ratio("coalesce(activity.active_customers_count, 0)", "sizes.customers_count") }} as retention_rate,
    coalesce(activity.purchases_count, 0) as purchases_count,
    {{ amount("activity.net_revenue") }} as net_revenue
from sizes
inner join months
    on sizes.account_name = months.account_name and sizes.cohort_month <= months.month
left join activity
    on
        sizes.account_name = activity.account_name
        and sizes.cohort_month = activity.cohort_month
        and months.month = activity.month
