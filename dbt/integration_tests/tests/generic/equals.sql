{# A model has the rows of a seed and no others, in the seed's columns. `rows` chooses among the model's. #}
{% test equals(model, actual, rows="1 = 1") %}
{%- if execute -%}
{%- set names = adapter.get_columns_in_relation(model) | map(attribute="name") | list -%}
{%- set types = {} -%}
{%- for column in adapter.get_columns_in_relation(actual) -%}
    {%- do types.update({column.name: column.data_type}) -%}
{%- endfor -%}
with expected as (
    select
        {%- for name in names %}
        cast({{ adapter.quote(name) }} as {{ types[name] }}) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ model }}
),

actual as (
    select {{ names | join(", ") }} from {{ actual }}
    where {{ rows }}
),

missing as (
    select * from expected
    except
    select * from actual
),

unexpected as (
    select * from actual
    except
    select * from expected
)

select 'missing' as difference, missing.* from missing
union all
select 'unexpected' as difference, unexpected.* from unexpected
{%- endif -%}
{% endtest %}
