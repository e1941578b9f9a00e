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

{# Age band of a breakdown such as AGE_CLDVERSION_Y5-17 | ECO_SECTOR_AGR or AGE_7-14, part 1 of 2. #}
{% macro age_of(breakdown) -%}
    coalesce({{ text_group(breakdown, '^AGE_(?:[A-Z0-9]+_Y)?([0-9]+-[0-9]+)') }}, {{ text_group(breakdown, '^AGE_([A-Z0-9_]+)') }})
{%- endmacro %}

{# Branch of activity of a breakdown, version and item: ECO_SECTOR_AGR, EC2_ISIC4_C14. #}
{% macro activity_of(breakdown) -%}
    {{ text_group(breakdown, '((?:ECO|EC2)_[A-Z0-9]+_[A-Z0-9]+)') }}
{%- endmacro %}
