-- A link of a good to a heading where its sector has no code at that stage would never flag anything.
select
    goods.sector_id,
    goods.stage,
    goods.good_id,
    goods.hs_prefix
from {{ ref('sector_good') }} as goods
left join {{ ref('bridge_product_sector') }} as codes
    on
        goods.sector_id = codes.sector_id
        and goods.stage = codes.stage
        and codes.product_scheme like 'HS%'
        and codes.product_code like goods.hs_prefix || '%'
where codes.product_code is null
