{# The group inside which figures of one country may be compared: indicator and breakdown, and the survey or source where the
   registry says that these matter. A figure that nothing may be compared with is alone in its group. #}
{% macro comparability_group(observations, series) -%}
    {%- set survey = 'lower(' ~ folded_text(observations ~ '.source_label') ~ ')' -%}
    {{ observations }}.indicator_id || coalesce(' | ' || {{ observations }}.breakdown, '')
    || case
        when {{ series }}.comparability = 'indicator' then ''
        when {{ series }}.comparability = 'source' then coalesce(' | ' || {{ observations }}.source_code, '')
        when {{ series }}.comparability = 'survey' and {{ survey }} is not null then ' | ' || {{ survey }}
        when {{ series }}.comparability = 'survey' then ' | unnamed survey, ' || {{ observations }}.year
        else coalesce(' | ' || {{ observations }}.year, '')
    end
{%- endmacro %}
