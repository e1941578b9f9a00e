select
    code,
    title,
    type,
    last_update,
    last_structure_change,
    data_start,
    data_end,
    code in ({{ text_literals(var('eurostat_main_datasets')) }}) as is_loaded,
    is_synthetic,
    snapshot_id
from {{ ref('stg_eurostat__toc') }}
