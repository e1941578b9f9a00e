with cells as (

    select
        {{ year_or_null('trim(report_year)') }} as report_year,
        trim(country) as country,
        standard,
        nullif(trim(territory), '') as territory,
        coalesce(trim(established_text), '') as established_text,
        {{ ilab_bare('established_text') }} as established,
        coalesce(trim(age_text), '') as age_text,
        {{ ilab_bare('age_text') }} as age,
        coalesce(trim(calculated_age_text), '') as calculated_age_text,
        coalesce(trim(conforms_text), '') as conforms_text,
        {{ ilab_bare('conforms_text') }} as conforms,
        copies,
        is_synthetic,
        snapshot_id
    from {{ source('ilab', 'ilab_legal_standards') }}

)

select
    cells.report_year,
    cells.country,
    cells.standard,
    standards.standard_id,
    cells.territory,
    {{ ilab_is_national('cells.territory', 'cells.country') }} as is_national,
    cells.established_text,
    {{ ilab_answer('cells.established') }} as is_established,
    case
        when lower(cells.established) not in ('yes', 'no')
            then {{ ilab_missing_reason('cells.established', 'no_answer') }}
    end as established_missing_reason,
    {{ ilab_footnote('cells.established_text') }} as established_footnote,
    cells.age_text,
    {{ number_or_null('cells.age') }} as age_years,
    case
        when {{ number_or_null('cells.age') }} is not null then null
        -- 12/13, 14/12/10: several ages, by kind of work or part of the country
        when {{ text_matches('cells.age', '[0-9]+(/[0-9]+)+') }} then 'several_ages'
        else {{ ilab_missing_reason('cells.age', 'not_a_number') }}
    end as age_missing_reason,
    {{ ilab_footnote('cells.age_text') }} as age_footnote,
    {{ ilab_answer('cells.calculated_age_text') }} as is_age_calculated,
    cells.conforms_text,
    {{ ilab_answer('cells.conforms') }} as is_conforming,
    case
        when lower(cells.conforms) not in ('yes', 'no')
            then {{ ilab_missing_reason('cells.conforms', 'no_answer') }}
    end as conforms_missing_reason,
    cast(cells.copies as integer) as copies,
    cells.is_synthetic,
    cells.snapshot_id
from cells
left join {{ ref('ilab_standard') }} as standards on cells.standard = standards.standard
