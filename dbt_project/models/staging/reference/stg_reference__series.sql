select
    dataset_id,
    indicator_id,
    label,
    unit,
    direction,
    comparability,
    definition
from {{ source('reference', 'series') }}
