with cells as (

    select
        {{ year_or_null('trim(report_year)') }} as report_year,
        trim(country) as country,
        convention,
        coalesce(trim(value_text), '') as value_text,
        copies,
        is_synthetic,
        snapshot_id
    from {{ source('ilab', 'ilab_conventions') }}

)

select
    cells.report_year,
    cells.country,
    cells.convention,
    treaties.convention_id,
    cells.value_text,
    {{ ilab_answer('cells.value_text') }} as is_ratified,
    case
        when lower(cells.value_text) not in ('yes', 'no')
            then {{ ilab_missing_reason('cells.value_text', 'no_answer') }}
    end as missing_reason,
    cast(cells.copies as integer) as copies,
    cells.is_synthetic,
    cells.snapshot_id
from cells
left join {{ ref('ilab_convention') }} as treaties on cells.convention = treaties.convention
