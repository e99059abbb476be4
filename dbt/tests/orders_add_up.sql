{{ config(severity="warn") }}
-- The order's value is what its totals add up to.
select
    account_name,
    order_id,
    total,
    gross - discount + shipping + tax + other as sum_of_parts
from {{ ref("vtex__orders") }}
where total <> gross - discount + shipping + tax + other
