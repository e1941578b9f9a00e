-- The Bank's present list of economies; its codes that are not ISO, such as XKX and CHI, go through the bridge.
select
    codes.iso3,
    countries.region_label,
    countries.income_group_id,
    countries.income_group_label,
    countries.snapshot_id
from {{ ref('stg_world_bank__country') }} as countries
inner join {{ ref('int_areas') }} as codes
    on codes.scheme = 'world_bank' and countries.ref_area = codes.code
where not countries.is_aggregate
