with actions as (

    select
        areas.iso3,
        suggested.*,
        lower({{ folded_text('suggested.action_text') }}) as sentence,
        dense_rank() over (partition by areas.iso3 order by suggested.report_year) as report_number
    from {{ ref('stg_ilab__suggested_actions') }} as suggested
    left join {{ ref('int_areas') }} as areas on areas.scheme = 'ilab' and suggested.country = areas.code

),

-- the same sentence in another report is the same suggestion, not yet followed
sentences as (

    select
        iso3,
        sentence,
        report_year,
        report_number,
        least(min(report_year), coalesce(min(first_year_named), min(report_year))) as first_year
    from actions
    group by iso3, sentence, report_year, report_number

),

-- a report without the sentence ends the run: what comes back afterwards is open anew
runs as (

    select
        *,
        report_number - row_number() over (partition by iso3, sentence order by report_year) as run,
        min(report_year) over (partition by iso3, sentence) as first_report_year,
        cast(count(*) over (partition by iso3, sentence) as integer) as reports
    from sentences

),

opened as (

    select
        *,
        min(first_year) over (partition by iso3, sentence, run order by report_year) as open_since_year
    from runs

)

select
    actions.iso3,
    actions.area,
    actions.action_text,
    actions.sentence,
    actions.report_year,
    opened.first_report_year,
    opened.reports,
    opened.open_since_year,
    actions.first_year_named,
    actions.last_year_named,
    actions.years_text,
    actions.country,
    actions.is_synthetic,
    actions.snapshot_id
from actions
inner join opened
    on
        actions.iso3 is not distinct from opened.iso3
        and actions.sentence = opened.sentence
        and actions.report_year = opened.report_year
