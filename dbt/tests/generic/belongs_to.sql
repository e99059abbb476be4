{# Each row has a row of another model that has the same values in these columns, unless one is null. #}
{% test belongs_to(model, to, columns) %}
select child.*
from {{ model }} as child
left join {{ to }} as parent
    on {% for column in columns %}child.{{ column }} = parent.{{ column }}{{ " and " if not loop.last }}{% endfor %}
where
    parent.{{ columns[0] }} is null
    {%- for column in columns %} and child.{{ column }} is not null{% endfor %}
{% endtest %}
