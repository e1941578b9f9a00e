select
    iso3,
    area_kind,
    ref_area,
    breakdown,
    dimensions,
    year,
    obs_value,
    obs_flag,
    obs_status,
    conf_status,
    is_synthetic,
    snapshot_id
from {{ ref('int_trafficking_victim') }}
