select
    currency,
    year,
    obs_value as units_per_eur,
    obs_flag,
    is_synthetic,
    snapshot_id
from {{ ref('stg_eurostat__ert_bil_eur_a') }}
-- averages of the currencies of their time; former currencies of euro members stand in other rows
where freq = 'A' and statinfo = 'AVG' and unit = 'NAC' and year is not null and obs_value is not null
