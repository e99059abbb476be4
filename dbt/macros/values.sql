{# Hundredths of the currency, as VTEX's orders have them, in units. Exact: nothing is rounded. #}
{% macro money(hundredths) -%}
    cast(cast({{ hundredths }} as {{ dbt.type_numeric() }}) * 0.01 as {{ dbt.type_numeric() }})
{%- endmacro %}

{# A quotient to six places; null where there is nothing to divide by. #}
{% macro ratio(dividend, divisor) %}{{ return(adapter.dispatch("ratio", "vtex")(dividend, divisor)) }}{% endmacro %}
{% macro default__ratio(dividend, divisor) -%}
    cast(1.0 * {{ dividend }} / nullif({{ divisor }}, 0) as {{ dbt.type_numeric() }})
{%- endmacro %}
{% macro bigquery__ratio(dividend, divisor) -%}
    round(cast({{ dividend }} as numeric) / nullif(cast({{ divisor }} as numeric), 0), 6)
{%- endmacro %}

{# How many rows a condition holds for. #}
{% macro count_if(condition) -%}
    cast(sum(case when {{ condition }} then 1 else 0 end) as {{ dbt.type_bigint() }})
{%- endmacro %}

{# An amount of money. The type is told, since warehouses differ in what a product or a sum is. #}
{% macro exactly(value) -%}
    cast({{ value }} as {{ dbt.type_numeric() }})
{%- endmacro %}

{# The same; 0 for null. #}
{% macro amount(value) -%}
    cast(coalesce({{ value }}, 0) as {{ dbt.type_numeric() }})
{%- endmacro %}

{# A sum of money over the rows that a condition holds for; 0 where there are none. #}
{% macro sum_if(condition, value) -%}
    cast(coalesce(sum(case when {{ condition }} then {{ value }} end), 0) as {{ dbt.type_numeric() }})
{%- endmacro %}

{# A sum of what was created in the last thirty days. #}
{% macro sum_of_30_days(value) -%}
    {{ sum_if("created_at >= " ~ hours_after(current_moment(), -720), value) }}
{%- endmacro %}

{# Whether a condition holds for any row. #}
{% macro any_if(condition) -%}
    (max(case when {{ condition }} then 1 else 0 end) = 1)
{%- endmacro %}

{# SHA-256 of a text in lower hexadecimal digits, as advertisers' customer lists want it. #}
{% macro sha256(text) %}{{ return(adapter.dispatch("sha256", "vtex")(text)) }}{% endmacro %}
{% macro default__sha256(text) %}sha256({{ text }}){% endmacro %}
{% macro postgres__sha256(text) %}encode(sha256(convert_to({{ text }}, 'UTF8')), 'hex'){% endmacro %}
{% macro bigquery__sha256(text) %}to_hex(sha256({{ text }})){% endmacro %}
{% macro snowflake__sha256(text) %}sha2({{ text }}, 256){% endmacro %}
{% macro redshift__sha256(text) %}sha2({{ text }}, 256){% endmacro %}

{# A score from 1 to 5 by fifths of a store's customers. Equal values have equal scores. #}
{% macro fifth(value) -%}
    cast(1 + floor(5.0 * (rank() over (partition by account_name order by {{ value }}) - 1)
        / count(*) over (partition by account_name)) as {{ dbt.type_int() }})
{%- endmacro %}

{# The segment of a customer by the scores of recency, frequency and money. #}
{% macro rfm_segment(recency, frequency, money, purchases_count) -%}
    case
        when {{ recency }} is null then 'no_purchase'
        when {{ recency }} >= 4 and {{ frequency }} + {{ money }} >= 8 then 'champions'
        when {{ recency }} >= 3 and {{ frequency }} + {{ money }} >= 8 then 'loyal'
        when {{ recency }} >= 4 and {{ purchases_count }} = 1 then 'new'
        when {{ recency }} >= 4 then 'promising'
        when {{ recency }} = 3 then 'needs_attention'
        when {{ frequency }} + {{ money }} >= 7 then 'at_risk'
        else 'hibernating'
    end
{%- endmacro %}
