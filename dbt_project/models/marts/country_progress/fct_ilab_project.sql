select
    iso3,
    title,
    link,
    report_year,
    country,
    is_synthetic,
    snapshot_id
from {{ ref('int_ilab_project') }}
