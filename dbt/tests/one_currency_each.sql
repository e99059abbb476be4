{{ config(severity="warn") }}
-- Sums over a store's orders mean nothing where they are in several currencies.
select
    account_name,
    count(distinct currency) as currencies_count
from {{ ref("vtex__orders") }}
group by account_name
having count(distinct currency) > 1
