-- A product is divided among its sectors without a rest, and a sector's labour among its divisions.
select
    product_scheme || ' ' || product_code as divided,
    sum(weight) as weights
from {{ ref('bridge_product_sector') }}
group by product_scheme, product_code
having abs(sum(weight) - 1) > 1e-9
union all
select
    sector_id || ' ' || stage as divided,
    sum(weight) as weights
from {{ ref('bridge_sector_activity') }}
group by sector_id, stage
having abs(sum(weight) - 1) > 1e-9
