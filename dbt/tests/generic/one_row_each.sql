{# No two rows have the same key, and no row has a key with a gap. #}
{% test one_row_each(model, columns) %}
select {{ columns | join(", ") }}, count(*) as rows_count
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1
{%- for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}
