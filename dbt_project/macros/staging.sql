{# True where a share lies more than 20 points and more than twofold away from another. #}
{% macro is_jump(value, other) -%}
    coalesce(
        abs({{ value }} - {{ other }}) > 20 and ({{ value }} > 2 * {{ other }} or 2 * {{ value }} < {{ other }}), false
    )
{%- endmacro %}

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
    {{ 'cast(null as varchar)' if 'classif1' in without else text_group('trim(classif1)', '^([A-Z0-9]+_[A-Z0-9]+)_') }} as classif1_version,
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
