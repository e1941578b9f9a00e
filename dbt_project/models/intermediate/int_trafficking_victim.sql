with observations as (

    select
        'exploitation' as breakdown,
        *
    from {{ ref('stg_eurostat__crim_thb_vexp') }}
    union all
    select
        'citizenship' as breakdown,
        *
    from {{ ref('stg_eurostat__crim_thb_vctz') }}

)

select
    areas.iso3,
    areas.kind as area_kind,
    observations.geo as ref_area,
    observations.breakdown,
    observations.dimensions,
    observations.year,
    observations.obs_value,
    observations.obs_flag,
    observations.obs_status,
    observations.conf_status,
    observations.is_synthetic,
    observations.snapshot_id
from observations
inner join {{ ref('int_areas') }} as areas
    on
        areas.scheme = 'eurostat'
        and observations.geo = areas.code
        and observations.year between areas.valid_from_year and areas.valid_to_year
where observations.freq = 'A' and areas.kind <> 'aggregate'
