with classes as (

    select
        iso3,
        income_group_id,
        max(fiscal_year) as fiscal_year
    from {{ ref('int_area_class') }}
    group by iso3, income_group_id

)

select
    areas.iso3,
    nullif(areas.iso2, '') as iso2,
    nullif(areas.m49, '') as m49,
    areas.name_en,
    areas.kind,
    nullif(areas.un_region, '') as un_region,
    nullif(areas.un_subregion, '') as un_subregion,
    economies.region_label as world_bank_region,
    economies.income_group_id,
    economies.income_group_label as income_group,
    classes.fiscal_year as income_group_fiscal_year,
    areas.iso3 in ({{ text_literals(var('eu_members')) }}) as is_eu_member,
    areas.valid_from,
    areas.valid_to
from {{ ref('area') }} as areas
left join {{ ref('int_economy') }} as economies on areas.iso3 = economies.iso3
left join classes on economies.iso3 = classes.iso3 and economies.income_group_id = classes.income_group_id
