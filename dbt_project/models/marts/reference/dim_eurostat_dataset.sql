select
    code,
    title,
    type,
    last_update,
    last_structure_change,
    data_start,
    data_end,
    is_loaded,
    is_synthetic,
    snapshot_id
from {{ ref('int_eurostat_dataset') }}
