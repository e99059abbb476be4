{# Seeds go into the schemas that dbt_project.yml names, and models into the profile's. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
