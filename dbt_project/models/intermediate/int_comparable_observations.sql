-- Observations that may enter a country's progress, each with the group inside which years may be compared.
with eligible as (

    select
        observations.*,
        series.direction,
        series.comparability,
        series.definition,
        lower({{ folded_text('observations.source_label') }}) as survey
    from {{ ref('int_observations') }} as observations
    inner join {{ ref('stg_reference__series') }} as series
        on observations.dataset_id = series.dataset_id and observations.indicator_id = series.indicator_id
    where
        observations.obs_value is not null
        and observations.year is not null
        and observations.area_kind in ('country', 'territory')
        and observations.basis <> 'projection'
        and observations.doubt is null
        -- a blank is the total only where the dataset has no sexes; the ILO says so in its ids
        and (
            observations.sex = 'SEX_T'
            or (observations.sex is null and observations.indicator_id not like '%!_SEX!_%' escape '!')
        )
        -- a breakdown by branch or division is a structure, not a measure of progress
        and observations.indicator_id not in (
            'EMP_TEMP_SEX_EC2_NB', 'HOW_TEMP_SEX_EC2_NB', 'EAR_EMTA_SEX_ECO_CUR_NB', 'CLD_XCHL_SEX_AGE_ECO_NB',
            'CLD_XHAZ_SEX_AGE_ECO_NB'
        )
        -- what governments do is in mart_effort, and steps between ranks are no numbers
        and observations.indicator_id not in ('ILAB_ADVANCEMENT_RANK', 'LAI_INDE_NOC_RT', 'LAI_VIST_NOC_NB')
        -- the same total stands there in three versions of the classification
        and (observations.indicator_id <> 'SDG_0831_SEX_ECO_RT' or observations.breakdown = 'ECO_SECTOR_TOTAL')

),

grouped as (

    select
        *,
        case
            when comparability = 'survey' and survey is null then 'the survey is not named'
            when comparability = 'none' then 'years of this series are not comparable: ' || definition
        end as not_comparable_reason
    from eligible

)

select
    iso3,
    dataset_id,
    indicator_id,
    definition_id,
    breakdown,
    year,
    obs_value,
    unit,
    obs_status,
    basis,
    source_code,
    source_label,
    direction,
    comparability,
    definition,
    comparability_group,
    not_comparable_reason,
    is_synthetic,
    snapshot_id,
    -- status B: the series starts anew in this year
    max(case when obs_status = 'B' then year end) over (partition by iso3, comparability_group) as break_year
from grouped
