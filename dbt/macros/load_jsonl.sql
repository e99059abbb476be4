{#
Loads the files of target-jsonl into DuckDB, each as the raw table that another target would have made:

    dbt run-operation load_jsonl --args '{folder: output}'

A file gets a line each time that a row changes, and the last one is the row.
#}
{% macro load_jsonl(folder) %}
    {% set keys = {
        "orders": ["orderId"],
        "order_items": ["orderId", "item_index"],
        "payments": ["orderId", "transaction_id", "payment_id"],
        "packages": ["orderId", "package_index"],
        "carts": ["client_id"],
        "clients": ["id"],
        "newsletter": ["source_entity", "id"],
        "products": ["Id"],
        "skus": ["Id"],
        "categories": ["Id"],
        "prices": ["itemId"],
        "inventory": ["skuId", "warehouseId"],
        "promotions": ["idCalculatorConfiguration"],
    } %}
    {% set raw = source("vtex", "orders") %}
    {% do run_query("create schema if not exists " ~ raw.include(identifier=false)) %}
    {% for table, key in keys.items() %}
        {% set files = folder ~ "/" ~ table ~ "*.jsonl" %}
        {% if run_query("select 1 from glob('" ~ files ~ "')") | length %}
            {# Columns as text: as types, two names that differ in case only would not go together. #}
            {% set load %}
                create or replace table {{ source("vtex", table) }} as
                select * exclude (filename, line), {{ current_moment() }} as _sdc_batched_at
                from (
                    select
                        json_extract_string(columns(* exclude (filename)), '$'),
                        filename,
                        row_number() over () as line
                    from read_json(
                        '{{ files }}', format='newline_delimited', filename=true, sample_size=-1,
                        maximum_depth=1, maximum_object_size=67108864
                    )
                )
                qualify row_number() over (
                    partition by account_name, {{ key | map("tojson") | join(", ") }}
                    order by filename desc, line desc
                ) = 1
            {% endset %}
            {% do run_query(load) %}
        {% endif %}
    {% endfor %}
{% endmacro %}
