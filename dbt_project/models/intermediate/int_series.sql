select
    indicator_id,
    dataset_id,
    label,
    unit,
    direction,
    comparability,
    definition
from {{ ref('stg_reference__series') }}
