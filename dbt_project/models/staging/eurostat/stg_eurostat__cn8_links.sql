select
    cast(substr(period, 1, 4) as integer) as origin_year,
    cast(substr(period, 5, 4) as integer) as destination_year,
    origin_code,
    destination_code,
    is_synthetic,
    snapshot_id
from {{ source('eurostat', 'eurostat_cn8_links') }}
