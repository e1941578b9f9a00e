select
    indicator_id,
    dataset_id,
    label,
    unit,
    direction as direction_of_good,
    comparability,
    definition
from {{ ref('stg_reference__series') }}
