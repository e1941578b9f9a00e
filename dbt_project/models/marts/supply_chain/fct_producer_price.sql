select
    iso3,
    ref_area,
    item_code,
    item_label,
    year,
    price_usd_per_t,
    price_lcu_per_t,
    price_slc_per_t,
    price_index,
    price_usd_flag,
    price_usd_status,
    is_synthetic,
    snapshot_id
from {{ ref('int_producer_price') }}
