select
    currency,
    year,
    units_per_eur,
    obs_flag,
    is_synthetic,
    snapshot_id
from {{ ref('int_exchange_rate') }}
