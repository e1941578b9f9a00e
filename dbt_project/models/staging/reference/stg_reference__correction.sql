select
    correction_id,
    dataset_id,
    key,
    column_name,
    wrong_value,
    right_value,
    found_value,
    state
from {{ source('reference', 'correction') }}
