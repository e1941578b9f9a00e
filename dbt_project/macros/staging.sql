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

{# Code, M49 code and label of an area of FAO's files. Lists of 2019 print M49 without its leading zeros. #}
{% macro fao_area(name) -%}
    trim(observations.{{ name }}) as {{ name }},
    case
        when {{ text_matches('trim(observations.' ~ name ~ '_m49)', '[0-9]{1,3}') }}
            then lpad(trim(observations.{{ name }}_m49), 3, '0')
        else observations.{{ name }}_m49
    end as {{ name }}_m49,
    observations.{{ name }}_label
{%- endmacro %}

{# Item and element of FAO's files. #}
{% macro fao_item_and_element() -%}
    trim(observations.item) as item_code,
    observations.item_cpc,
    observations.item_label,
    trim(observations.element) as element_code,
    observations.element_label
{%- endmacro %}

{# Period, unit and figure of FAO's files, which are `observations` beside the `vintages` they came in. #}
{% macro fao_figures() -%}
{%- set has_figure = '(observations.obs_value is not null or observations.obs_qualifier is not null)' -%}
    observations.time_period,
    observations.time_period_code,
    {{ year_or_null('trim(observations.time_period_code)') }} as year,
    {{ first_year_or_null('trim(observations.time_period)') }} as start_year,
    {{ last_year_or_null('trim(observations.time_period)') }} as end_year,
    coalesce(
        {{ last_year_or_null('trim(observations.time_period)') }} > cast(left(vintages.retrieved_at, 4) as integer), false
    ) as is_projection,
    trim(observations.unit_measure) as unit_measure,
    -- flag M means missing, whatever the value column prints: some exports write 0 there
    case when coalesce(trim(observations.obs_flag), '') <> 'M' then observations.obs_value end as obs_value,
    observations.obs_value_text,
    observations.obs_qualifier,
    -- no flag says "official" until 2022, when most letters changed their meaning
    nullif(trim(observations.obs_flag), '') as obs_flag,
    case when vintages.partner_updated < '2022' then 'fao_before_2022' else 'fao' end as flag_scheme,
    case
        when vintages.partner_updated < '2022'
            then {{ obs_status('fao_before_2022', flag='observations.obs_flag', has_figure=has_figure) }}
        else {{ obs_status('fao', flag='observations.obs_flag', has_figure=has_figure) }}
    end as obs_status,
    observations.note,
    observations.is_synthetic,
    observations.snapshot_id
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
