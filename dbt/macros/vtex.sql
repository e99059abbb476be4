{# Hundredths of the currency, as VTEX's orders have them, in units. Exact: nothing is rounded. #}
{% macro money(hundredths) -%}
    ({{ hundredths }}) * 0.01
{%- endmacro %}

{# A moment in UTC as the store's clocks showed it. #}
{% macro local_time(moment) -%}
    ({{ moment }}) at time zone 'UTC' at time zone '{{ var("vtex_timezone") }}'
{%- endmacro %}

{# The elements of a JSON array as rows; none of what is null or no array. #}
{% macro elements(array) -%}
    jsonb_array_elements(case jsonb_typeof({{ array }}) when 'array' then {{ array }} else '[]' end)
{%- endmacro %}

{# The key by which orders, carts and clients join, given an account's userId or an order's
   userProfileId; in VTEX's own example a client's id is the same. #}
{% macro user_key(user_id, client_id="null") -%}
    lower(coalesce(nullif({{ user_id }}, ''), {{ client_id }}))
{%- endmacro %}
