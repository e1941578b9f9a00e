with lists as (

    select
        *,
        1 as preference
    from {{ ref('stg_reference__economy_class') }}
    union all
    -- recorded lists of years before this platform
    select
        *,
        2 as preference
    from {{ ref('world_bank_class') }}

),

ranked as (

    select
        *,
        row_number() over (partition by ref_area, fiscal_year order by preference) as choice
    from lists

)

select
    areas.iso3,
    ranked.fiscal_year,
    cast((ranked.fiscal_year - 1) || '-07-01' as date) as valid_from,
    cast(ranked.fiscal_year || '-06-30' as date) as valid_to,
    ranked.region as world_bank_region,
    ranked.income_group_id,
    ranked.income_group,
    ranked.source
from ranked
inner join {{ ref('int_areas') }} as areas
    on
        areas.scheme = 'world_bank'
        and ranked.ref_area = areas.code
        and ranked.fiscal_year between areas.valid_from_year and areas.valid_to_year
where ranked.choice = 1
