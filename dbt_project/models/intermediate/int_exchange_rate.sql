select
    currency,
    year,
    obs_value as units_per_eur,
    obs_flag,
    is_synthetic,
    snapshot_id
from {{ ref('stg_eurostat__ert_bil_eur_a') }}
-- rates of the last day of a year stand beside the averages
where freq = 'A' and statinfo = 'AVG' and unit = 'NAC' and year is not null and obs_value is not null
