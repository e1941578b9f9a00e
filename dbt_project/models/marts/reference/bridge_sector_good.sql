select
    sector_id,
    stage,
    good_id,
    hs_prefix,
    basis,
    note
from {{ ref('sector_good') }}
