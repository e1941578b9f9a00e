{# A calendar year as integer; NULL for anything that is not four digits, such as the range 20002002. #}
{% macro year_or_null(text) -%}
    case when {{ text_matches(text, '[0-9]{4}') }} then cast({{ text }} as integer) end
{%- endmacro %}

{# First and last year of a year or of a range such as 2000-2002. #}
{% macro first_year_or_null(text) -%}
    case when {{ text_matches(text, '[0-9]{4}(-[0-9]{4})?') }} then cast(left({{ text }}, 4) as integer) end
{%- endmacro %}

{% macro last_year_or_null(text) -%}
    case when {{ text_matches(text, '[0-9]{4}(-[0-9]{4})?') }} then cast(right({{ text }}, 4) as integer) end
{%- endmacro %}
