select
    iso3,
    area,
    action_text,
    report_year,
    first_report_year,
    reports,
    open_since_year,
    first_year_named,
    last_year_named,
    years_text,
    country,
    is_synthetic,
    snapshot_id
from {{ ref('int_ilab_suggested_action') }}
