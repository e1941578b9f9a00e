-- Codes of areas with the years in which each code had this meaning.
with codes as (

    select
        scheme,
        code,
        nullif(iso3, '') as iso3,
        kind,
        label,
        valid_from,
        valid_to,
        note
    from {{ ref('area_code') }}
    union all
    select
        'm49' as scheme,
        m49 as code,
        iso3,
        kind,
        name_en as label,
        valid_from,
        valid_to,
        null as note
    from {{ ref('area') }}
    where m49 <> ''
    union all
    -- ISO gives the two letters of a former state to another one after some years
    select
        'iso2' as scheme,
        iso2 as code,
        iso3,
        kind,
        name_en as label,
        valid_from,
        valid_to,
        case when iso3 = 'XKX' then 'user-assigned, not in ISO 3166-1' end as note
    from {{ ref('area') }}
    where iso2 <> '' and kind <> 'former'

)

select
    *,
    coalesce(valid_from, 0) as valid_from_year,
    coalesce(valid_to, 9999) as valid_to_year
from codes
