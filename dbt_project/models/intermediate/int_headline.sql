-- The latest figure of each headline indicator of a country, or why there is none.
with wanted as (

    select
        areas.iso3,
        headlines.headline_id,
        headlines.indicator_id,
        nullif(headlines.breakdown, '') as breakdown
    from {{ ref('area') }} as areas
    cross join {{ ref('headline_indicator') }} as headlines
    where areas.kind in ('country', 'territory')

),

candidates as (

    select
        wanted.iso3,
        wanted.headline_id,
        observations.year,
        observations.obs_value,
        observations.unit,
        observations.definition_id,
        observations.comparability_group,
        observations.source_code,
        observations.source_label,
        observations.is_synthetic,
        observations.snapshot_id,
        case
            when wanted.breakdown <> coalesce(observations.breakdown, '')
                then 'only another breakdown: ' || coalesce(observations.breakdown, 'none')
            else observations.unusable_reason
        end as unusable_reason
    from wanted
    inner join {{ ref('int_usable_observations') }} as observations
        on wanted.iso3 = observations.iso3 and wanted.indicator_id = observations.indicator_id

),

ranked as (

    select
        *,
        row_number() over (partition by iso3, headline_id order by year desc, source_code asc) as latest_first
    from candidates
    where unusable_reason is null

),

unusable as (

    select
        iso3,
        headline_id,
        {{ text_list('unusable_reason') }} as reasons
    from candidates
    group by iso3, headline_id

)

select
    wanted.iso3,
    wanted.headline_id,
    wanted.indicator_id,
    ranked.year,
    ranked.obs_value,
    ranked.unit,
    ranked.definition_id,
    ranked.comparability_group,
    coalesce(ranked.source_label, ranked.source_code) as source_label,
    case when ranked.iso3 is null then coalesce(unusable.reasons, 'no figure') end as missing_reason,
    ranked.is_synthetic,
    ranked.snapshot_id
from wanted
left join ranked
    on wanted.iso3 = ranked.iso3 and wanted.headline_id = ranked.headline_id and ranked.latest_first = 1
left join unusable on wanted.iso3 = unusable.iso3 and wanted.headline_id = unusable.headline_id
