-- Nothing is lost or doubled: products among sectors, labour among divisions, old CN8 codes among those of today.
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
union all
select
    cast(origin_year as varchar) || ' ' || origin_code as divided,
    sum(weight) as weights
from {{ ref('dim_cn8_chain') }}
group by origin_year, origin_code
having abs(sum(weight) - 1) > 1e-9
