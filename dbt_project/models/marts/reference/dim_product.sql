select
    hs_code,
    hs_label,
    sector_id,
    scope_note
from {{ ref('sector_product') }}
