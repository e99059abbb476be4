{#
A raw table's rows: renamed, typed, and only the latest of each key, for targets that append.

`columns` holds [name in the model, name in the raw table, kind]. A column that the table does not
have, since it was left out of the selection, is null. So is a table that is not loaded: no rows.
#}
{% macro staged(table, key, columns) %}
{%- set relation = source("vtex", table) -%}
{%- set found = raw_columns(relation) -%}
{%- set latest = loaded_at(found) -%}
select
{%- for name, raw, kind in columns %}
    {{ as_kind("raw_rows." ~ quoted(raw) if found is none or raw | lower in found else none, kind) }} as {{ name }},
{%- endfor %}
    {{ utc("raw_rows." ~ quoted(latest)) if latest else "cast(null as " ~ type_moment() ~ ")" }} as loaded_at
{% if found == [] -%}
from (select 1 as nothing) as raw_rows
where 1 = 0
{%- else -%}
from (
    select
        each_row.*,
        row_number() over (
            partition by {% for name in key %}each_row.{{ quoted(name) }}{{ ", " if not loop.last }}{% endfor %}
            order by {{ "each_row." ~ quoted(latest) ~ " desc" if latest else "1" }}
        ) as vtex_row_number
    from {{ relation }} as each_row
) as raw_rows
where raw_rows.vtex_row_number = 1
{%- endif %}
{% endmacro %}

{# The names of a raw table's columns in lower case: none if nobody can look, [] if there is no table. #}
{% macro raw_columns(relation) %}
    {% if not execute or not var("vtex_introspect") %}{{ return(none) }}{% endif %}
    {% set existing = load_relation(relation) %}
    {% if existing is none %}
        {% do log("tap-vtex: there is no table " ~ relation ~ "; what is made of it stays empty.", info=true) %}
        {{ return([]) }}
    {% endif %}
    {{ return(adapter.get_columns_in_relation(existing) | map(attribute="name") | map("lower") | list) }}
{% endmacro %}

{# The column by which to tell which of two rows came later. #}
{% macro loaded_at(found) %}
    {% set name = var("vtex_loaded_at") %}
    {{ return(name if found is none or name | lower in found else none) }}
{% endmacro %}

{# A raw table's column, as the target writes its name. #}
{% macro quoted(name) %}{{ return(adapter.dispatch("quoted", "vtex")(name)) }}{% endmacro %}
{% macro default__quoted(name) %}{{ return('"' ~ name ~ '"') }}{% endmacro %}
{% macro bigquery__quoted(name) %}{{ return("`" ~ name ~ "`") }}{% endmacro %}
{# target-snowflake and target-redshift write names without regard to case. #}
{% macro snowflake__quoted(name) %}{{ return('"' ~ name | upper ~ '"') }}{% endmacro %}
{% macro redshift__quoted(name) %}{{ return('"' ~ name | lower ~ '"') }}{% endmacro %}

{% macro as_kind(column, kind) -%}
    {%- set types = {
        "text": dbt.type_string(), "id": dbt.type_string(), "number": dbt.type_numeric(),
        "money": dbt.type_numeric(), "boolean": dbt.type_boolean(), "time": type_moment(),
        "json": type_json(), "integer": dbt.type_int(),
    } -%}
    {%- if column is none -%}
        cast(null as {{ types[kind] }})
    {%- elif kind == "money" -%}
        {{ money(column) }}
    {%- elif kind == "time" -%}
        {{ utc(column) }}
    {%- elif kind == "json" -%}
        {{ json(column) }}
    {%- elif kind == "id" -%}
        lower(nullif(cast({{ column }} as {{ types[kind] }}), ''))
    {%- elif kind == "text" -%}
        nullif(cast({{ column }} as {{ types[kind] }}), '')
    {%- else -%}
        cast({{ column }} as {{ types[kind] }})
    {%- endif -%}
{%- endmacro %}

{# In an incremental run, the rows that were loaded since the last one, and some before them: loads
   that run side by side can commit later than another that began later. #}
{% macro loaded_since_last_run(column="loaded_at") %}
    {%- if not should_full_refresh() and is_incremental() %}
    where {{ column }} is null or {{ column }} >= (
        select {{ hours_after("max(loaded_at)", "-" ~ var("vtex_lookback_hours")) }} from {{ this }}
    )
    {%- endif %}
{% endmacro %}
