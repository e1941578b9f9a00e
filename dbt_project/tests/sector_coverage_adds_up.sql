-- Every code of a sector is followed whole, in part or not at all; the edition that defines the sector, whole.
select
    sector_id,
    stage,
    product_scheme
from {{ ref('sector_coverage') }}
where
    whole_codes + partial_codes + unmapped_codes <> hs2022_codes
    or abs(whole_share_pct + partial_share_pct + unmapped_share_pct - 100) > 1e-9
    or (product_scheme = 'HS2022' and partial_codes + unmapped_codes > 0)
