{# JSON, in each warehouse's words. Paths are names, one by one: json_text("orders.marketing_data", "coupon"). #}

{% macro json(column) %}{{ return(adapter.dispatch("json", "vtex")(column)) }}{% endmacro %}
{% macro default__json(column) %}cast({{ column }} as json){% endmacro %}
{% macro postgres__json(column) %}cast({{ column }} as jsonb){% endmacro %}
{% macro bigquery__json(column) %}to_json({{ column }}){% endmacro %}
{% macro snowflake__json(column) %}to_variant({{ column }}){% endmacro %}
{% macro redshift__json(column) %}{{ column }}{% endmacro %}

{% macro type_json() %}{{ return(adapter.dispatch("type_json", "vtex")()) }}{% endmacro %}
{% macro default__type_json() %}json{% endmacro %}
{% macro postgres__type_json() %}jsonb{% endmacro %}
{% macro snowflake__type_json() %}variant{% endmacro %}
{% macro redshift__type_json() %}super{% endmacro %}

{# A path in words that most warehouses share: .totals[0].value #}
{% macro json_path(names) -%}
    {%- for name in names %}{{ "[" ~ name ~ "]" if name is number else "." ~ name }}{% endfor -%}
{%- endmacro %}

{# What stands at a path, as JSON. #}
{% macro json_get(json) %}{{ return(adapter.dispatch("json_get", "vtex")(json, varargs)) }}{% endmacro %}
{% macro default__json_get(json, path) %}json_extract({{ json }}, '${{ json_path(path) }}'){% endmacro %}
{% macro postgres__json_get(json, path) %}(({{ json }}) #> '{{ "{" ~ path | join(",") ~ "}" }}'){% endmacro %}
{% macro bigquery__json_get(json, path) %}json_query({{ json }}, '${{ json_path(path) }}'){% endmacro %}
{% macro snowflake__json_get(json, path) %}get_path({{ json }}, '{{ json_path(path).lstrip(".") }}'){% endmacro %}
{% macro redshift__json_get(json, path) -%}
    {{ json }}{% for name in path %}{{ "[" ~ name ~ "]" if name is number else '."' ~ name ~ '"' }}{% endfor %}
{%- endmacro %}

{# The same as text; without a path, a value itself. #}
{% macro json_text(json) %}{{ return(adapter.dispatch("json_text", "vtex")(json, varargs)) }}{% endmacro %}
{% macro default__json_text(json, path) %}json_extract_string({{ json }}, '${{ json_path(path) }}'){% endmacro %}
{% macro postgres__json_text(json, path) %}(({{ json }}) #>> '{{ "{" ~ path | join(",") ~ "}" }}'){% endmacro %}
{% macro bigquery__json_text(json, path) %}json_value({{ json }}, '${{ json_path(path) }}'){% endmacro %}
{% macro snowflake__json_text(json, path) -%}
    cast({{ snowflake__json_get(json, path) if path else json }} as varchar)
{%- endmacro %}
{% macro redshift__json_text(json, path) %}cast({{ redshift__json_get(json, path) }} as varchar){% endmacro %}

{# The same as a number; null where a store sent something else. #}
{% macro json_number(json) -%}
    {{ safe_number(json_text(json, *varargs)) }}
{%- endmacro %}

{% macro safe_number(text) %}{{ return(adapter.dispatch("safe_number", "vtex")(text)) }}{% endmacro %}
{% macro default__safe_number(text) %}try_cast({{ text }} as {{ dbt.type_numeric() }}){% endmacro %}
{% macro postgres__safe_number(text) -%}
    case when {{ text }} ~ '^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$' then cast({{ text }} as {{ dbt.type_numeric() }}) end
{%- endmacro %}
{% macro bigquery__safe_number(text) %}safe_cast({{ text }} as {{ dbt.type_numeric() }}){% endmacro %}
{% macro snowflake__safe_number(text) %}try_to_decimal({{ text }}, 28, 6){% endmacro %}

{# The same as a moment in UTC, to the second: VTEX's seven digits are rounded here and cut off there. #}
{% macro json_time(json) -%}
    cast({{ dbt.date_trunc("second", utc_from_text(json_text(json, *varargs))) }} as {{ type_moment() }})
{%- endmacro %}

{# The same as true or false. #}
{% macro json_boolean(json) -%}
    (lower({{ json_text(json, *varargs) }}) = 'true')
{%- endmacro %}

{# Joins each element of a JSON array, none of what is null or no array: element(alias), and place(alias)
   from 0. The array comes out of a table that stands before it. #}
{% macro each_element(array, alias) %}{{ return(adapter.dispatch("each_element", "vtex")(array, alias)) }}{% endmacro %}
{% macro default__each_element(array, alias) -%}
    cross join lateral unnest(
        cast(case when json_type({{ array }}) = 'ARRAY' then {{ array }} end as json[])
    ) with ordinality as {{ alias }}(element, place)
{%- endmacro %}
{% macro postgres__each_element(array, alias) -%}
    cross join lateral jsonb_array_elements(
        case jsonb_typeof({{ array }}) when 'array' then {{ array }} else '[]' end
    ) with ordinality as {{ alias }}(element, place)
{%- endmacro %}
{% macro bigquery__each_element(array, alias) -%}
    cross join unnest(json_query_array({{ array }})) as {{ alias }}
        with offset as {{ alias }}_place
{%- endmacro %}
{% macro snowflake__each_element(array, alias) -%}
    cross join lateral flatten(input => {{ array }}) as {{ alias }}
{%- endmacro %}
{% macro redshift__each_element(array, alias) -%}
    , {{ array }} as {{ alias }} at {{ alias }}_place
{%- endmacro %}

{% macro element(alias) %}{{ return(adapter.dispatch("element", "vtex")(alias)) }}{% endmacro %}
{% macro default__element(alias) %}{{ alias }}.element{% endmacro %}
{% macro bigquery__element(alias) %}{{ alias }}{% endmacro %}
{% macro snowflake__element(alias) %}{{ alias }}.value{% endmacro %}
{% macro redshift__element(alias) %}{{ alias }}{% endmacro %}

{% macro place(alias) %}{{ return(adapter.dispatch("place", "vtex")(alias)) }}{% endmacro %}
{% macro default__place(alias) %}cast({{ alias }}.place - 1 as {{ dbt.type_int() }}){% endmacro %}
{% macro bigquery__place(alias) %}{{ alias }}_place{% endmacro %}
{% macro snowflake__place(alias) %}{{ alias }}.index{% endmacro %}
{% macro redshift__place(alias) %}{{ alias }}_place{% endmacro %}

{# JSON as text, to compare. #}
{% macro json_string(json) %}{{ return(adapter.dispatch("json_string", "vtex")(json)) }}{% endmacro %}
{% macro default__json_string(json) %}cast({{ json }} as {{ dbt.type_string() }}){% endmacro %}
{% macro bigquery__json_string(json) %}to_json_string({{ json }}){% endmacro %}
{% macro snowflake__json_string(json) %}to_json({{ json }}){% endmacro %}
{% macro redshift__json_string(json) %}json_serialize({{ json }}){% endmacro %}
