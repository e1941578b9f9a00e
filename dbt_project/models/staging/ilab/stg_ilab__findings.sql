with cells as (

    select
        {{ year_or_null('trim(report_year)') }} as report_year,
        trim(country) as country,
        section,
        cast(block as integer) as block,
        case when {{ text_matches('trim(age_range)', '[0-9]+-[0-9]+') }} then trim(age_range) end as age_range,
        measure,
        coalesce(trim(value_text), '') as value_text,
        is_synthetic,
        snapshot_id
    from {{ source('ilab', 'ilab_findings') }}

),

numbers as (

    select
        *,
        {{ number_or_null('value_text') }} as value_as_printed,
        section <> 'Profile' as is_statistic,
        -- a report prints all its percentages on one scale; see the variable
        case when report_year in ({{ var('ilab_percent_report_years') | join(', ') }}) then 1 else 100 end as to_percent
    from cells

)

select
    numbers.report_year,
    numbers.country,
    numbers.section,
    numbers.block,
    numbers.age_range,
    numbers.measure,
    numbers.value_text,
    case when measures.is_share then round(numbers.value_as_printed * numbers.to_percent, 9) end as value_pct,
    case when not measures.is_share then numbers.value_as_printed end as value_n,
    case
        when not numbers.is_statistic or numbers.value_as_printed is not null then null
        else {{ ilab_missing_reason('numbers.value_text', 'not_a_number') }}
    end as missing_reason,
    case
        when numbers.measure <> 'Advancement_Level' then null
        when numbers.value_text like 'Significant %' then 4
        when numbers.value_text like 'Moderate %' then 3
        when numbers.value_text like 'Minimal %' then 2
        when numbers.value_text like 'No Advancement%' then 1
    end as advancement_rank,
    case
        when numbers.measure = 'Advancement_Level'
            then {{ text_group('numbers.value_text', '^[^–-]*[–-] *(.+)$') }}
    end as advancement_qualifier,
    numbers.is_synthetic,
    numbers.snapshot_id
from numbers
left join {{ ref('ilab_measure') }} as measures
    on numbers.section = measures.section and numbers.measure = measures.measure
