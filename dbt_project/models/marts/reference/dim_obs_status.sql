select
    scheme,
    partner_flag,
    sdmx_status,
    sdmx_status_if_missing,
    sdmx_conf_status,
    meaning,
    source
from {{ ref('obs_status') }}
