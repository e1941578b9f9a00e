with actions as (

    select
        areas.iso3,
        suggested.*
    from {{ ref('stg_ilab__suggested_actions') }} as suggested
    left join {{ ref('int_areas') }} as areas on areas.scheme = 'ilab' and suggested.country = areas.code

),

-- the same sentence in another report is the same suggestion, not yet followed
sentences as (

    select
        iso3,
        lower({{ folded_text('action_text') }}) as sentence,
        min(report_year) as first_report_year,
        cast(count(distinct report_year) as integer) as reports
    from actions
    group by iso3, lower({{ folded_text('action_text') }})

)

select
    actions.iso3,
    actions.area,
    actions.action_text,
    actions.report_year,
    sentences.first_report_year,
    sentences.reports,
    actions.first_year_named,
    actions.last_year_named,
    actions.years_text,
    actions.country,
    actions.is_synthetic,
    actions.snapshot_id
from actions
inner join sentences
    on
        actions.iso3 is not distinct from sentences.iso3
        and lower({{ folded_text('actions.action_text') }}) = sentences.sentence
