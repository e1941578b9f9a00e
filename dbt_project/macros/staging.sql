{# The ILO's data files share one layout: code columns, one figure, a status and notes. #}
{% macro stage_ilo_observations(relation) -%}
select
    trim(ref_area) as ref_area,
    trim(source) as source_code,
    trim(indicator) as indicator_id,
    trim(sex) as sex,
    trim(classif1) as classif1,
    time_period,
    {{ year_or_null('trim(time_period)') }} as year,
    obs_value,
    obs_value_text,
    obs_qualifier,
    nullif(trim(obs_status), '') as obs_status,
    note_classif,
    note_indicator,
    note_source,
    is_synthetic,
    snapshot_id
from {{ relation }}
{%- endmacro %}
