{# The ILO's data files share one layout: code columns, one figure, a status and notes. `without` as in the registry:
   the breakdowns that the dataset has no column for; they are NULL. #}
{% macro stage_ilo_observations(relation, without=[]) -%}
select
    trim(ref_area) as ref_area,
    trim(source) as source_code,
    trim(indicator) as indicator_id,
    {%- for name in ['sex', 'classif1', 'classif2'] %}
    {{ 'cast(null as varchar)' if name in without else 'trim(' ~ name ~ ')' }} as {{ name }},
    {%- endfor %}
    time_period,
    {{ year_or_null('trim(time_period)') }} as year,
    obs_value,
    obs_value_text,
    obs_qualifier,
    nullif(trim(obs_status), '') as obs_flag,
    {{ obs_status('ilo', flag='obs_status') }} as obs_status,
    {{ conf_status('ilo', flag='obs_status') }} as conf_status,
    note_classif,
    note_indicator,
    note_source,
    is_synthetic,
    snapshot_id
from {{ relation }}
{%- endmacro %}

{# The World Bank's series share one layout, whatever the source: one figure a cell, with its footnote. #}
{% macro stage_world_bank_series(relation) -%}
select
    upper(trim(ref_area)) as ref_area,
    trim(indicator) as indicator_id,
    indicator_label,
    time_period,
    {{ year_or_null('trim(time_period)') }} as year,
    obs_value,
    obs_value_text,
    obs_qualifier,
    nullif(trim(obs_status), '') as obs_flag,
    {{ obs_status('world_bank', flag='obs_status') }} as obs_status,
    nullif({{ folded_text('footnote') }}, '') as footnote,
    is_synthetic,
    snapshot_id
from {{ relation }}
{%- endmacro %}

{# The main base of Eurostat: `dimensions` are the columns of the dataset between frequency and time. #}
{% macro stage_eurostat_observations(relation, dimensions) -%}
select
    trim(freq) as freq,
    {%- for name in dimensions %}
    trim({{ name }}) as {{ name }},
    {%- endfor %}
    time_period,
    {{ year_or_null('trim(time_period)') }} as year,
    obs_value,
    obs_value_text,
    obs_qualifier,
    nullif(trim(obs_flag), '') as obs_flag,
    {{ obs_status('eurostat', conf='conf_status') }} as obs_status,
    {{ conf_status('eurostat', conf='conf_status') }} as conf_status,
    is_synthetic,
    snapshot_id
from {{ relation }}
{%- endmacro %}

{# Level of the nomenclature by the length of a code; NULL for TOTAL, masked codes and anything else. #}
{% macro hs_level(code) -%}
    case
        when {{ text_matches(code, '[0-9]{2}') }} then 'HS2'
        when {{ text_matches(code, '[0-9]{4}') }} then 'HS4'
        when {{ text_matches(code, '[0-9]{6}') }} then 'HS6'
        when {{ text_matches(code, '[0-9]{8}') }} then 'CN8'
    end
{%- endmacro %}
