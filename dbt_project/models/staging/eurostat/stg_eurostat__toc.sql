select
    code,
    title,
    type,
    cast(nullif(last_update, '') as date) as last_update,
    cast(nullif(last_structure_change, '') as date) as last_structure_change,
    nullif(data_start, '') as data_start,
    nullif(data_end, '') as data_end,
    is_synthetic,
    snapshot_id
from {{ source('eurostat', 'eurostat_toc') }}
