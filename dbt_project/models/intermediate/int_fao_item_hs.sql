-- HS codes of FAO's items, and whether they stand for the item alone: of no other traded item, and the same code with
-- the same meaning in every edition from HS2012 on. Only over such codes may Comext be set beside FAO.
with traded as (

    select distinct item_code
    from {{ ref('int_fao_trade') }}

),

codes as (

    select
        bridge.item_code,
        bridge.hs_code,
        count(*) over (partition by bridge.hs_code) as traded_items
    from {{ ref('bridge_fao_item_hs') }} as bridge
    inner join traded on bridge.item_code = traded.item_code
    where bridge.product_scheme = 'HS2012'

),

-- one way into the code of today and one out of the older one: neither split nor merged
ways as (

    select
        product_scheme,
        product_code,
        hs2022_code,
        count(*) over (partition by product_scheme, product_code) as codes_of_today,
        count(*) over (partition by product_scheme, hs2022_code) as older_codes
    from {{ ref('int_hs_chain') }}

),

stable as (

    select product_code as hs_code
    from ways
    where
        product_scheme in ('HS2012', 'HS2017', 'HS2022')
        and product_code = hs2022_code and codes_of_today = 1 and older_codes = 1
    group by product_code
    having count(*) = 3

)

select
    codes.item_code,
    codes.hs_code,
    max(codes.traded_items) over (partition by codes.item_code) > 1 as is_shared,
    max(case when stable.hs_code is null then 1 else 0 end) over (partition by codes.item_code) = 1 as is_changed
from codes
left join stable on codes.hs_code = stable.hs_code
