with levels as (

    select
        areas.iso3,
        findings.report_year,
        nullif(findings.value_text, '') as advancement_level,
        findings.advancement_rank,
        findings.advancement_qualifier,
        findings.country,
        findings.is_synthetic,
        findings.snapshot_id,
        lag(findings.advancement_rank) over reports as previous_rank,
        lag(findings.report_year) over reports as previous_report_year
    from {{ ref('stg_ilab__findings') }} as findings
    left join {{ ref('int_areas') }} as areas on areas.scheme = 'ilab' and findings.country = areas.code
    where findings.measure = 'Advancement_Level'
    window reports as (partition by areas.iso3 order by findings.report_year)

),

-- a report without a rank ends the run of a level
runs as (

    select
        *,
        sum(case when advancement_rank = previous_rank then 0 else 1 end) over (
            partition by iso3 order by report_year
        ) as run
    from levels

)

select
    iso3,
    report_year,
    advancement_level,
    advancement_rank,
    advancement_qualifier,
    case
        when advancement_rank is not null then null
        when advancement_level is null then 'the report has no level for this country'
        else 'not assessed in this report'
    end as advancement_missing_reason,
    previous_report_year,
    previous_rank,
    case
        when advancement_rank is not null then min(report_year) over (partition by iso3, run)
    end as level_since_report_year,
    country,
    is_synthetic,
    snapshot_id
from runs
