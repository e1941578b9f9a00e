select
    trim(source) as source_code,
    trim(source_label) as source_label,
    ref_area,
    is_synthetic,
    snapshot_id
from {{ source('ilo', 'ilo_source') }}
