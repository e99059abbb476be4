{{ config(
    materialized="table" if target.type == "bigquery" else "incremental",
    incremental_strategy=none if target.type == "bigquery" else "delete+insert",
    unique_key=["account_name", "order_id"],
    on_schema_change="fail",
) }}

-- One row a line of an order, as the order is now. An order whose lines became fewer leaves rows
-- behind: those that did not come again when it last changed. All lines of an order are written
-- anew when one of them was loaded, which takes away what is left over.
with lines as (
    select
        *,
        max(changed_at) over (partition by account_name, order_id) as latest_change,
        max(loaded_at) over (partition by account_name, order_id) as order_loaded_at
    from {{ ref("stg_vtex__order_items") }}
),

current_lines as (
    select * from lines
    where changed_at = latest_change or latest_change is null
),

new_lines as (
    select * from current_lines
    {{ loaded_since_last_run("order_loaded_at") }}
)

select
    account_name,
    order_id,
    item_index,
    status,
    created_at,
    changed_at,
    order_loaded_at as loaded_at,
    user_id,
    currency,
    sku_id,
    product_id,
    seller_id,
    name,
    ref_id,
    ean,
    coalesce(quantity, 0) as quantity,
    coalesce(quantity_left, quantity, 0) as quantity_left,
    measurement_unit,
    unit_multiplier,
    price,
    list_price,
    selling_price,
    -coalesce(discount, 0) as discount,
    -coalesce(shipping_discount, 0) as shipping_discount,
    coalesce(services_total, 0) as services_total,
    coalesce(tax, 0) as tax,
    -- Tables of a tap before 0.2 have no total.
    coalesce(total, price * coalesce(unit_multiplier, 1) * quantity + coalesce(discount, 0), 0) as total,
    coalesce(
        total_left, total, price * coalesce(unit_multiplier, 1) * quantity + coalesce(discount, 0), 0
    ) as total_left,
    cost_price,
    brand_name,
    -- The lowest one comes first.
    {{ json_text("categories", 0, "id") }} as category_id,
    {{ json_text("categories", 0, "name") }} as category_name,
    price_tags,
    coalesce(is_gift, false) as is_gift,
    coalesce(is_added, false) as is_added,
    coalesce(is_canceled, false) as is_canceled
from new_lines
