select
    iso3,
    convention_id,
    title,
    report_year,
    is_ratified,
    missing_reason,
    value_text,
    is_step_back,
    country,
    is_synthetic,
    snapshot_id
from {{ ref('int_ilab_ratification') }}
