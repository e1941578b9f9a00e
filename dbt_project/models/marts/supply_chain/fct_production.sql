select
    iso3,
    area_kind,
    ref_area,
    item_code,
    item_label,
    year,
    production_t,
    area_harvested_ha,
    yield_kg_per_ha,
    production_flag,
    area_harvested_flag,
    yield_flag,
    is_synthetic,
    snapshot_id
from {{ ref('int_production') }}
