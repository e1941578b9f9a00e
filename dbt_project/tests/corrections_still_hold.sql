-- A cell that the partner no longer prints as it did when we corrected it: fixed or revised there, not replaced here.
-- Look it up, then take the correction out of ingest/registry/corrections.yaml or declare it anew.
select
    correction_id,
    dataset_id,
    key,
    column_name,
    wrong_value as expected_value,
    found_value,
    right_value
from {{ ref('stg_reference__correction') }}
where state = 'upstream_changed'
