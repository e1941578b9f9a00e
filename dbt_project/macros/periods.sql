{# A calendar year as integer; NULL for anything that is not four digits, such as the range 20002002. #}
{% macro year_or_null(text) -%}
    case when {{ text_matches(text, '[0-9]{4}') }} then cast({{ text }} as integer) end
{%- endmacro %}
