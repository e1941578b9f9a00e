with economies as (

    -- the codes of the Bank that are not ISO, such as XKX and CHI, go through the bridge
    select
        codes.iso3,
        countries.region_label,
        countries.income_group_id,
        countries.income_group_label
    from {{ ref('stg_world_bank__country') }} as countries
    inner join {{ ref('int_areas') }} as codes
        on codes.scheme = 'world_bank' and countries.ref_area = codes.code
    where not countries.is_aggregate

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
    areas.iso3 in ({{ text_literals(var('eu_members')) }}) as is_eu_member,
    areas.valid_from,
    areas.valid_to
from {{ ref('area') }} as areas
left join economies on areas.iso3 = economies.iso3
