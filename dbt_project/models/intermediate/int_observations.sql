with ilo_sources as (

    select
        observations.*,
        sources.source_label,
        observations.source_code like 'XA:%'
        or coalesce(lower(sources.source_label) like '%modelled estimates%', false) as is_modelled,
        cast({{ text_group('lower(sources.source_label)', 'modelled estimates.*([0-9]{4})') }} as integer)
            as named_edition
    from {{ ref('int_ilo_observations') }} as observations
    left join {{ ref('stg_ilo__source') }} as sources on observations.source_code = sources.source_code

),

ilo_last_reported as (

    select
        dataset_id,
        max(year) as year
    from ilo_sources
    where not is_modelled
    group by dataset_id

),

ilo as (

    select
        'ilo' as partner,
        ilo_sources.dataset_id,
        ilo_sources.ref_area,
        ilo_sources.indicator_id,
        ilo_sources.source_code,
        ilo_sources.source_label,
        ilo_sources.sex,
        ilo_sources.breakdown,
        ilo_sources.year,
        ilo_sources.obs_value,
        ilo_sources.obs_value_text,
        ilo_sources.obs_flag,
        ilo_sources.obs_status,
        ilo_sources.conf_status,
        ilo_sources.note_codes as note,
        ilo_sources.doubt,
        -- modelled years from the edition's year on lie ahead of the data; a label without an edition is
        -- judged by the last year that any survey of the dataset has reached
        case
            when not ilo_sources.is_modelled then 'reported'
            when ilo_sources.year >= coalesce(ilo_sources.named_edition, ilo_last_reported.year + 1, 0)
                then 'projection'
            else 'modelled'
        end as basis,
        ilo_sources.is_synthetic,
        ilo_sources.snapshot_id
    from ilo_sources
    left join ilo_last_reported on ilo_sources.dataset_id = ilo_last_reported.dataset_id

),

world_bank_series as (

    select
        'world_bank_wdi' as dataset_id,
        *
    from {{ ref('stg_world_bank__wdi') }}
    union all
    select
        'world_bank_wgi' as dataset_id,
        *
    from {{ ref('stg_world_bank__wgi') }}

),

world_bank as (

    select
        'world_bank' as partner,
        dataset_id,
        ref_area,
        indicator_id,
        cast(null as varchar) as source_code,
        footnote as source_label,
        cast(null as varchar) as sex,
        -- some footnotes say that the survey asked other ages than the series is about
        case
            when indicator_id like 'SL.TLF.0714.%'
                then 'AGE_' || coalesce({{ text_group('footnote', 'ages? ([0-9]+-[0-9]+)') }}, '7-14')
        end as breakdown,
        year,
        obs_value,
        obs_value_text,
        obs_flag,
        obs_status,
        cast(null as varchar) as conf_status,
        footnote as note,
        cast(null as varchar) as doubt,
        case
            when indicator_id in ({{ text_literals(var('world_bank_modelled')) }}) then 'modelled'
            else 'reported'
        end as basis,
        is_synthetic,
        snapshot_id
    from world_bank_series

),

ilab_ranks as (

    select
        'ilab' as partner,
        'ilab_findings' as dataset_id,
        country as ref_area,
        'ILAB_ADVANCEMENT_RANK' as indicator_id,
        cast(null as varchar) as source_code,
        'USDOL assessment' as source_label,
        cast(null as varchar) as sex,
        cast(null as varchar) as breakdown,
        report_year as year,
        cast(advancement_rank as double) as obs_value,
        value_text as obs_value_text,
        case when advancement_rank is null then 'no_assessment' end as obs_flag,
        case when advancement_rank is null then 'O' else 'A' end as obs_status,
        cast(null as varchar) as conf_status,
        advancement_qualifier as note,
        cast(null as varchar) as doubt,
        'reported' as basis,
        is_synthetic,
        snapshot_id
    from {{ ref('stg_ilab__findings') }}
    where measure = 'Advancement_Level'

),

ilab_statistics as (

    select
        working_children.*,
        max(working_children.block) over (
            partition by working_children.report_year, working_children.country
        ) as blocks,
        completion_rates.value_pct as completion_pct,
        -- of the report before, for the same ages
        lag(working_children.value_pct) over (
            partition by working_children.country, working_children.age_range, working_children.block
            order by working_children.report_year
        ) as pct_before
    from {{ ref('stg_ilab__findings') }} as working_children
    left join {{ ref('stg_ilab__findings') }} as completion_rates
        on
            completion_rates.section = 'UNESCO_Primary_Completion_Rate'
            and completion_rates.measure = 'Rate'
            and completion_rates.block = 1
            and working_children.report_year = completion_rates.report_year
            and working_children.country = completion_rates.country
    where
        working_children.section = 'Children_Work_Statistics'
        and working_children.measure = 'Total_Percentage_of_Working_Children'

),

ilab_shares as (

    select
        'ilab' as partner,
        'ilab_findings' as dataset_id,
        country as ref_area,
        'ILAB_WORKING_CHILDREN' as indicator_id,
        cast(null as varchar) as source_code,
        'survey not named in the report' as source_label,
        cast(null as varchar) as sex,
        'AGE_' || coalesce(age_range, 'not stated')
        || case when blocks > 1 then ', part ' || block || ' of ' || blocks else '' end as breakdown,
        report_year as year,
        value_pct as obs_value,
        case when value_pct is null then nullif(value_text, '') end as obs_value_text,
        nullif(missing_reason, 'blank') as obs_flag,
        {{ obs_status('ilab', "nullif(missing_reason, 'blank')", 'value_pct is not null') }} as obs_status,
        cast(null as varchar) as conf_status,
        -- seen in print: the completion rate in the field of the working children
        case
            when value_pct = completion_pct then 'equals the primary completion rate of the same report: doubtful'
            when blocks > 1 then 'the report gives several surveys or parts of the country: not one national figure'
            when abs(value_pct - pct_before) > 20
                then 'more than 20 points away from the report before: another survey, or a slip'
            else missing_reason
        end as note,
        cast(null as varchar) as doubt,
        'reported' as basis,
        is_synthetic,
        snapshot_id
    from ilab_statistics

),

observations as (

    select * from ilo
    union all
    select * from world_bank
    union all
    select * from ilab_ranks
    union all
    select * from ilab_shares

)

select
    observations.partner,
    observations.dataset_id,
    observations.ref_area,
    areas.iso3,
    coalesce(areas.kind, 'unclassified') as area_kind,
    observations.indicator_id,
    case
        when observations.indicator_id = 'SDG_A871_SEX_AGE_RT'
            then 'ilo_sdg_871a_' || bands.age_from || '_' || bands.age_to
        when observations.indicator_id = 'SDG_B871_SEX_AGE_RT'
            then 'ilo_sdg_871b_' || bands.age_from || '_' || bands.age_to
        when observations.indicator_id like 'CLD_XCHL_%'
            then 'ilo_cld_xchl_' || bands.age_from || '_' || bands.age_to
        when observations.indicator_id like 'CLD_XHAZ_%'
            then 'ilo_cld_xhaz_' || bands.age_from || '_' || bands.age_to
        -- the other series of SL.TLF.0714 are shares of these children, or hours
        when
            observations.indicator_id in ('SL.TLF.0714.ZS', 'SL.TLF.0714.MA.ZS', 'SL.TLF.0714.FE.ZS')
            and observations.breakdown = 'AGE_7-14'
            then 'wdi_children_in_employment_7_14'
        when observations.indicator_id = 'ILAB_WORKING_CHILDREN' then 'ilab_working_children'
    end as definition_id,
    {{ comparability_group('observations', 'series') }} as comparability_group,
    observations.sex,
    observations.breakdown,
    observations.year,
    observations.obs_value,
    observations.obs_value_text,
    series.unit,
    observations.obs_flag,
    observations.obs_status,
    observations.conf_status,
    observations.basis,
    observations.source_code,
    observations.source_label,
    observations.note,
    observations.doubt,
    observations.is_synthetic,
    observations.snapshot_id
from observations
-- a series that the registry does not describe has no unit and no rule of comparison; a test lists it
inner join {{ ref('stg_reference__series') }} as series
    on observations.dataset_id = series.dataset_id and observations.indicator_id = series.indicator_id
left join {{ ref('ilo_age_band') }} as bands
    on observations.breakdown = bands.classif1 or observations.breakdown like bands.classif1 || ' | %'
left join {{ ref('int_areas') }} as areas
    on
        observations.partner = areas.scheme
        and observations.ref_area = areas.code
        and coalesce(observations.year, areas.valid_to_year) between areas.valid_from_year and areas.valid_to_year
