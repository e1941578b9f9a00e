-- Employment and its conditions by branch, each source as it publishes them. FAO's employment is the ILO's again, or a
-- model of FAO: it stands beside the ILO's and is never added to it.
{% set measures = {
    'EMP_TEMP_SEX_EC2_NB': ('employment', 'persons'),
    'SDG_0831_SEX_ECO_RT': ('informal_share', '%'),
    'HOW_TEMP_SEX_EC2_NB': ('weekly_hours', 'hours a week'),
    'EAR_EMTA_SEX_ECO_CUR_NB': ('monthly_earnings', 'currency units a month'),
} %}

with ilo as (

    select
        'ilo' as source,
        observations.ref_area,
        observations.source_code,
        sources.source_label,
        case observations.indicator_id
            {%- for indicator, (measure, _unit) in measures.items() %}
                when '{{ indicator }}' then '{{ measure }}'
            {%- endfor %}
        end as measure,
        case observations.indicator_id
            {%- for indicator, (_measure, unit) in measures.items() %}
                when '{{ indicator }}' then '{{ unit }}'
            {%- endfor %}
        end as unit,
        -- EC2_ISIC4_A01, ECO_SECTOR_AGR, and for earnings a second part: ECO_SECTOR_AGR | CUR_TYPE_USD
        {{ text_group('observations.breakdown', '^(?:EC2|ECO)_([A-Z0-9]+)_') }} as classification,
        {{ text_group('observations.breakdown', '^(?:EC2|ECO)_[A-Z0-9]+_([A-Z0-9]+)') }} as activity,
        cast(null as varchar) as activity_label,
        {{ text_group('observations.breakdown', 'CUR_TYPE_([A-Z]+)$') }} as currency,
        observations.sex,
        observations.year,
        case
            when observations.indicator_id = 'EMP_TEMP_SEX_EC2_NB'
                then {{ thousands_to_units('observations.obs_value') }}
            else observations.obs_value
        end as obs_value,
        observations.obs_flag,
        observations.obs_status,
        observations.is_synthetic,
        observations.snapshot_id
    from {{ ref('int_ilo_observations') }} as observations
    left join {{ ref('stg_ilo__source') }} as sources on observations.source_code = sources.source_code
    where
        observations.indicator_id in ({{ text_literals(measures.keys() | list) }})
        and observations.obs_value is not null
        and observations.year is not null
        and observations.doubt is null

),

fao as (

    select
        'fao_oea' as source,
        observations.ref_area,
        observations.source_code,
        observations.source_label,
        'employment' as measure,
        'persons' as unit,
        'FAO_OEA' as classification,
        observations.indicator_code as activity,
        observations.indicator_label as activity_label,
        cast(null as varchar) as currency,
        observations.sex,
        observations.year,
        observations.obs_value * units.factor as obs_value,
        observations.obs_flag,
        observations.obs_status,
        observations.is_synthetic,
        observations.snapshot_id
    from {{ ref('stg_fao__oea') }} as observations
    inner join {{ ref('unit') }} as units
        on units.partner = 'fao' and observations.unit_measure = units.unit_code and units.to_unit = 'number'
    where observations.obs_value is not null and observations.year is not null and not observations.is_projection

),

both_sources as (

    select
        *,
        'ilo' as scheme
    from ilo
    union all
    select
        *,
        'fao' as scheme
    from fao

)

select
    areas.iso3,
    both_sources.source,
    both_sources.source_code,
    both_sources.source_label,
    both_sources.measure,
    both_sources.unit,
    both_sources.classification,
    both_sources.activity,
    both_sources.activity_label,
    case
        when both_sources.classification = 'ISIC4' and {{ text_matches('both_sources.activity', '[A-Z][0-9]{2}') }}
            then substr(both_sources.activity, 2, 2)
    end as isic4_division,
    both_sources.currency,
    both_sources.sex,
    both_sources.year,
    both_sources.obs_value,
    both_sources.obs_flag,
    both_sources.obs_status,
    both_sources.is_synthetic,
    both_sources.snapshot_id
from both_sources
inner join {{ ref('int_areas') }} as areas
    on
        both_sources.scheme = areas.scheme
        and both_sources.ref_area = areas.code
        and both_sources.year between areas.valid_from_year and areas.valid_to_year
where areas.kind in ('country', 'territory', 'former')
