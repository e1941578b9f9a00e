{# How USDOL writes cells: answers and figures with footnote marks, and many words for a missing one. #}

{# The cell without white space around it and without the footnote marks at its end. #}
{% macro ilab_bare(cell) -%}
    trim({{ text_without('coalesce(' ~ cell ~ ", '')", '[*†‡]+ *$') }})
{%- endmacro %}

{# The footnote marks at the end of the cell. #}
{% macro ilab_footnote(cell) -%}
    {{ text_group(cell, '([*†‡]+) *$') }}
{%- endmacro %}

{# True for Yes, false for No, NULL for anything else; some cells are in small letters. #}
{% macro ilab_answer(bare) -%}
    case lower({{ bare }}) when 'yes' then true when 'no' then false end
{%- endmacro %}

{# Why the cell says nothing; `otherwise` for a text that is none of USDOL's words for missing. #}
{% macro ilab_missing_reason(bare, otherwise) -%}
    case
        when {{ bare }} = '' then 'blank'
        when lower({{ bare }}) = 'unavailable' then 'unavailable'
        when lower({{ bare }}) in ('n/a', 'na', 'not applicable') then 'not_applicable'
        when lower({{ bare }}) in ('unknown', 'none', 'unclear') then lower({{ bare }})
        else '{{ otherwise }}'
    end
{%- endmacro %}

{# True where the cell is about the whole country: no territory, the country's own name, or one of the words for all. #}
{% macro ilab_is_national(territory, country) -%}
    {{ territory }} is null or {{ territory }} in ({{ country }}, 'All', 'All Territories', 'All ' || {{ country }}, 'National')
{%- endmacro %}
