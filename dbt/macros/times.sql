{# Moments are without a time zone in every model, and in UTC but for those that end in _local. #}

{% macro type_moment() %}{{ return(adapter.dispatch("type_moment", "vtex")()) }}{% endmacro %}
{% macro default__type_moment() %}timestamp{% endmacro %}
{% macro bigquery__type_moment() %}datetime{% endmacro %}
{% macro snowflake__type_moment() %}timestamp_ntz{% endmacro %}

{# A date-time of the tap's. #}
{% macro utc(column) %}{{ return(adapter.dispatch("utc", "vtex")(column)) }}{% endmacro %}
{% macro default__utc(column) %}cast({{ column }} as {{ type_moment() }}){% endmacro %}
{% macro snowflake__utc(column) %}convert_timezone('UTC', cast({{ column }} as timestamp_tz))::timestamp_ntz{% endmacro %}

{# The date-time that a text names, if it does. #}
{% macro utc_from_text(text) %}{{ return(adapter.dispatch("utc_from_text", "vtex")(text)) }}{% endmacro %}
{% macro default__utc_from_text(text) %}timezone('UTC', try_cast({{ text }} as timestamptz)){% endmacro %}
{% macro postgres__utc_from_text(text) -%}
    case when {{ text }} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T' then cast({{ text }} as timestamptz) at time zone 'UTC' end
{%- endmacro %}
{% macro bigquery__utc_from_text(text) %}datetime(safe_cast({{ text }} as timestamp), 'UTC'){% endmacro %}
{% macro snowflake__utc_from_text(text) %}convert_timezone('UTC', try_to_timestamp_tz({{ text }}))::timestamp_ntz{% endmacro %}
{% macro redshift__utc_from_text(text) %}try_cast({{ text }} as timestamptz) at time zone 'UTC'{% endmacro %}

{# A moment in UTC as the store's clocks showed it. #}
{% macro local_time(moment) %}{{ return(adapter.dispatch("local_time", "vtex")(moment)) }}{% endmacro %}
{% macro default__local_time(moment) -%}
    ({{ moment }}) at time zone 'UTC' at time zone '{{ var("vtex_timezone") }}'
{%- endmacro %}
{% macro bigquery__local_time(moment) -%}
    datetime(timestamp({{ moment }}, 'UTC'), '{{ var("vtex_timezone") }}')
{%- endmacro %}
{% macro snowflake__local_time(moment) -%}
    convert_timezone('UTC', '{{ var("vtex_timezone") }}', {{ moment }})
{%- endmacro %}
{% macro redshift__local_time(moment) -%}
    convert_timezone('UTC', '{{ var("vtex_timezone") }}', {{ moment }})
{%- endmacro %}

{# The day or the month of a moment, as a date. #}
{% macro day_of(moment) %}cast({{ moment }} as date){% endmacro %}
{% macro month_of(moment) %}cast({{ dbt.date_trunc("month", moment) }} as date){% endmacro %}

{# Days from a moment to now, by the store's calendar. #}
{% macro days_since(moment) -%}
    cast({{ dbt.datediff(day_of(local_time(moment)), day_of(local_time(current_moment())), "day") }}
        as {{ dbt.type_int() }})
{%- endmacro %}

{# Whole months from one first day of a month to another. #}
{% macro months_between(first, last) -%}
    cast({{ dbt.datediff(first, last, "month") }} as {{ dbt.type_int() }})
{%- endmacro %}

{# The moment of the run, in UTC; the var vtex_now names another. #}
{% macro current_moment() -%}
    {% if var("vtex_now") -%}
        cast('{{ var("vtex_now") }}' as {{ type_moment() }})
    {%- else -%}
        {{ adapter.dispatch("current_moment", "vtex")() }}
    {%- endif %}
{%- endmacro %}
{% macro default__current_moment() %}cast(now() at time zone 'UTC' as timestamp){% endmacro %}
{% macro bigquery__current_moment() %}current_datetime('UTC'){% endmacro %}
{% macro snowflake__current_moment() %}convert_timezone('UTC', current_timestamp())::timestamp_ntz{% endmacro %}
{% macro redshift__current_moment() %}sysdate{% endmacro %}

{% macro hours_after(moment, hours) -%}
    cast({{ dbt.dateadd("hour", hours, moment) }} as {{ type_moment() }})
{%- endmacro %}

{% macro minutes_after(moment, minutes) -%}
    cast({{ dbt.dateadd("minute", minutes, moment) }} as {{ type_moment() }})
{%- endmacro %}

{# Rows `day`, one for each day from a date to another. #}
{% macro days_between(first, last, table) -%}
    {{ return(adapter.dispatch("days_between", "vtex")(first, last, table)) }}
{%- endmacro %}
{% macro default__days_between(first, last, table) -%}
    select {{ table }}.account_name, cast(days.day as date) as day
    from {{ table }}
    cross join lateral generate_series(
        cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '1 day'
    ) as days(day)
{%- endmacro %}
{% macro bigquery__days_between(first, last, table) -%}
    select {{ table }}.account_name, day
    from {{ table }}
    cross join unnest(generate_date_array({{ first }}, {{ last }})) as day
{%- endmacro %}
{% macro snowflake__days_between(first, last, table) -%}
    select {{ table }}.account_name, dateadd('day', numbers.value, {{ first }}) as day
    from {{ table }}
    cross join lateral flatten(
        input => array_generate_range(0, datediff('day', {{ first }}, {{ last }}) + 1)
    ) as numbers
{%- endmacro %}
{% macro redshift__days_between(first, last, table) -%}
    select {{ table }}.account_name, cast(dateadd(day, numbers.n, {{ first }}) as date) as day
    from {{ table }}
    inner join (
        select row_number() over (order by 1) - 1 as n from {{ ref("int_vtex__order_lines") }} limit 20000
    ) as numbers
        on numbers.n <= datediff(day, {{ first }}, {{ last }})
{%- endmacro %}
