-- Reports cover different countries: a count needs its denominator, and a comparison of years a fixed set of countries.
with answers as (

    select
        *,
        count(is_ratified) over (partition by iso3, convention_id) as reports_with_answer
    from {{ ref('fct_ratification') }}

),

reports as (

    select count(distinct report_year) as reports
    from answers

)

select
    answers.convention_id,
    max(answers.title) as title,
    answers.report_year,
    cast(count(answers.is_ratified) as integer) as countries_assessed,
    cast(count(case when answers.is_ratified then 1 end) as integer) as countries_ratified,
    cast(count(case when answers.reports_with_answer = reports.reports then answers.is_ratified end) as integer)
        as panel_countries,
    cast(
        count(case when answers.reports_with_answer = reports.reports and answers.is_ratified then 1 end) as integer
    ) as panel_ratified,
    {{ any_true('answers.is_synthetic') }} as is_synthetic,
    max(answers.snapshot_id) as snapshot_id
from answers
cross join reports
group by answers.convention_id, answers.report_year
