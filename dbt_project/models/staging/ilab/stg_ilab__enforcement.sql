with cells as (

    select
        {{ year_or_null('trim(report_year)') }} as report_year,
        trim(country) as country,
        section,
        measure,
        nullif(trim(territory), '') as territory,
        coalesce(trim(value_text), '') as value_text,
        {{ ilab_bare('value_text') }} as bare,
        copies,
        is_synthetic,
        snapshot_id
    from {{ source('ilab', 'ilab_enforcement') }}

),

figures as (

    select
        *,
        -- 2,582 and 142953.97 and $1.6 million
        replace({{ text_group('bare', '^[$]?([0-9][0-9,]*[.]?[0-9]*)( million)?$') }}, ',', '') as digits
    from cells

)

select
    report_year,
    country,
    section,
    measure,
    territory,
    {{ ilab_is_national('territory', 'country') }} as is_national,
    value_text,
    -- by the cell, not by the measure: yes/no facts hold numbers here and there
    case
        when lower(bare) in ('yes', 'no') then 'yes_no'
        when {{ number_or_null('digits') }} is not null then 'number'
        else 'missing'
    end as value_kind,
    {{ ilab_answer('bare') }} as is_yes,
    round({{ number_or_null('digits') }} * case when bare like '% million' then 1000000 else 1 end, 2) as value_n,
    case when digits is not null and bare like '$%' then 'USD' end as currency,
    {{ ilab_footnote('value_text') }} as footnote,
    case
        when lower(bare) not in ('yes', 'no') and {{ number_or_null('digits') }} is null
            then {{ ilab_missing_reason('bare', 'not_a_number') }}
    end as missing_reason,
    cast(copies as integer) as copies,
    is_synthetic,
    snapshot_id
from figures
