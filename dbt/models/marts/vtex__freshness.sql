{% set tables = [
    "orders", "order_items", "payments", "packages", "carts", "clients", "newsletter", "products",
    "skus", "categories", "prices", "inventory", "promotions",
] %}
{% for table in tables %}
select
    account_name,
    '{{ table }}' as table_name,
    count(*) as rows_count,
    max(loaded_at) as loaded_at
from {{ ref("stg_vtex__" ~ table) }}
group by account_name
{{ "union all" if not loop.last }}
{% endfor %}
