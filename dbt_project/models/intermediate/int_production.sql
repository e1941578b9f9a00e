with in_units as (

    select
        observations.ref_area,
        observations.item_code,
        observations.item_label,
        observations.year,
        observations.element_code,
        units.to_unit,
        observations.obs_value * units.factor as obs_value,
        observations.obs_flag,
        observations.obs_status,
        observations.is_synthetic,
        observations.snapshot_id
    from {{ ref('stg_fao__qcl') }} as observations
    left join {{ ref('unit') }} as units
        on units.partner = 'fao' and observations.unit_measure = units.unit_code
    where observations.element_code in ('5312', '5412', '5510') and observations.year is not null

),

wide as (

    select
        ref_area,
        item_code,
        max(item_label) as item_label,
        year,
        max(case when element_code = '5510' and to_unit = 't' then obs_value end) as production_t,
        max(case when element_code = '5312' and to_unit = 'ha' then obs_value end) as area_harvested_ha,
        max(case when element_code = '5412' and to_unit = 'kg/ha' then obs_value end) as yield_kg_per_ha,
        max(case when element_code = '5510' then obs_flag end) as production_flag,
        max(case when element_code = '5510' then obs_status end) as production_status,
        max(case when element_code = '5312' then obs_flag end) as area_harvested_flag,
        max(case when element_code = '5312' then obs_status end) as area_harvested_status,
        max(case when element_code = '5412' then obs_flag end) as yield_flag,
        max(case when element_code = '5412' then obs_status end) as yield_status,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from in_units
    group by ref_area, item_code, year

)

select
    areas.iso3,
    areas.kind as area_kind,
    wide.*
from wide
inner join {{ ref('int_areas') }} as areas
    on
        areas.scheme = 'fao'
        and wide.ref_area = areas.code
        and wide.year between areas.valid_from_year and areas.valid_to_year
-- China (351), regions and the world hold what their members already hold
where areas.kind in ('country', 'territory', 'former')
