select
    origin_year,
    origin_code,
    destination_year,
    destination_code,
    count(*) over (partition by origin_year, origin_code) as destinations,
    count(*) over (partition by origin_year, destination_code) as origins,
    is_synthetic,
    snapshot_id
from {{ ref('stg_eurostat__cn8_links') }}
