select
    origin_year,
    origin_code,
    destination_year,
    destination_code,
    case
        when origins = 1 and destinations = 1 then '1:1'
        when origins = 1 then '1:n'
        when destinations = 1 then 'n:1'
        else 'n:m'
    end as link_kind,
    is_synthetic,
    snapshot_id
from {{ ref('int_cn8_link') }}
