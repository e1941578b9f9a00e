{# Everything that is written differently on another SQL engine. Models use these and plain SQL only. #}

{# True where the whole text matches the regular expression. #}
{% macro text_matches(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# The first group of the first match, NULL where nothing matches. #}
{% macro text_group(text, pattern) -%}
    nullif(regexp_extract({{ text }}, '{{ pattern }}', 1), '')
{%- endmacro %}

{# The text without what matches the regular expression, everywhere. #}
{% macro text_without(text, pattern) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '', 'g')
{%- endmacro %}

{# Runs of white space, the no-break space too, folded to one blank. #}
{% macro single_spaced(text) -%}
    trim(regexp_replace({{ text }}, '[\s\x{00A0}]+', ' ', 'g'))
{%- endmacro %}

{# The same, and blanks and dots at the end removed. #}
{% macro folded_text(text) -%}
    rtrim({{ single_spaced(text) }}, ' .')
{%- endmacro %}

{# Distinct texts of a group in alphabetical order, joined by ', '. #}
{% macro text_list(text) -%}
    string_agg(distinct {{ text }}, ', ' order by {{ text }})
{%- endmacro %}

{# True where any row of the group is true. #}
{% macro any_true(condition) -%}
    coalesce(bool_or({{ condition }}), false)
{%- endmacro %}

{# A figure that arrived as text, NULL where the text is not a plain number. #}
{% macro number_or_null(text) -%}
    case when {{ text_matches(text, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') }} then cast({{ text }} as double) end
{%- endmacro %}

{# A list of texts as SQL literals, for `in (...)`. #}
{% macro text_literals(texts) -%}
    '{{ texts | join("', '") }}'
{%- endmacro %}

{# The median, also over a window. #}
{% macro median_of(number) -%}
    median({{ number }})
{%- endmacro %}

{# A sum of euro, dollars or kilograms to two decimals. Threads add in any order, and the last bits of a double would differ
   from one build to the next. #}
{% macro sum_of(amount) -%}
    round(sum({{ amount }}), 2)
{%- endmacro %}

{# An aggregate over rows in a fixed order, for the same reason; for small groups only, since it sorts. #}
{% macro in_order(aggregate, arguments, order_by) -%}
    {{ aggregate }}({{ arguments }} order by {{ order_by }})
{%- endmacro %}
