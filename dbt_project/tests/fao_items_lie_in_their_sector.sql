-- An item and its HS codes name one sector: at least one code lies in it, none in another one. An item may be wider
-- than the sector (cigarettes of substitutes). Palm kernels (256) are left out: FAO gives them 120999, sowing seeds.
select
    items.item_code,
    items.sector_id,
    count(case when products.sector_id = items.sector_id then 1 end) as codes_in_sector,
    count(case when products.sector_id not in (items.sector_id, 'other') then 1 end) as codes_in_another
from {{ ref('sector_fao_item') }} as items
inner join {{ ref('bridge_fao_item_hs') }} as codes
    on items.item_code = codes.item_code and codes.product_scheme = 'HS2012'
left join {{ ref('bridge_product_sector') }} as products
    on codes.product_scheme = products.product_scheme and codes.hs_code = products.product_code
where items.weight = 1 and items.item_code <> '256'
group by items.item_code, items.sector_id
having
    count(case when products.sector_id = items.sector_id then 1 end) = 0
    or count(case when products.sector_id not in (items.sector_id, 'other') then 1 end) > 0
