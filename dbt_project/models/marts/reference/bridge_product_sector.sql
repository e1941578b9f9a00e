with fao_items as (

    select
        'FAO' as product_scheme,
        item_code as product_code,
        case when weight > 0 then sector_id else 'other' end as sector_id,
        case when weight > 0 then stage else 'other' end as stage,
        cast(1 as double) as weight,
        false as is_assumed,
        case when weight > 0 then 'item of the sector' else 'left out, see the note' end as basis
    from {{ ref('sector_fao_item') }}

)

select
    product_scheme,
    product_code,
    sector_id,
    stage,
    weight,
    is_assumed,
    basis
from {{ ref('int_hs_sector') }}
union all
select
    product_scheme,
    product_code,
    sector_id,
    stage,
    weight,
    is_assumed,
    basis
from fao_items
union all
select
    'CN8' as product_scheme,
    product_code,
    sector_id,
    stage,
    weight,
    is_assumed,
    basis
from {{ ref('int_cn8_sector') }}
