select
    trim(ref_area) as ref_area,
    trim(ref_area_iso2) as ref_area_iso2,
    trim(ref_area_label) as ref_area_label,
    trim(region_id) as region_id,
    trim(region_label) as region_label,
    trim(income_group_id) as income_group_id,
    trim(income_group_label) as income_group_label,
    -- the region code NA marks an aggregate; NA as an iso2 code is Namibia
    coalesce(trim(region_id), '') = 'NA' as is_aggregate,
    is_synthetic,
    snapshot_id
from {{ source('world_bank', 'world_bank_country') }}
