with fao_items as (

    select
        'FAO' as product_scheme,
        item_code as product_code,
        case when weight > 0 then sector_id else 'other' end as sector_id,
        case when weight > 0 then stage else 'other' end as stage,
        cast(1 as double) as weight,
        'item of the sector' || coalesce('; ' || note, '') as basis
    from {{ ref('sector_fao_item') }}

),

cn8_codes as (

    -- the edition in which the code was last in force says most exactly what is in it
    select
        'CN8' as product_scheme,
        codes.product_code,
        hs_sector.sector_id,
        hs_sector.stage,
        hs_sector.weight,
        'its first six digits in ' || hs_sector.product_scheme || ': ' || hs_sector.basis as basis
    from {{ ref('int_cn8_codes') }} as codes
    inner join {{ ref('product_scheme') }} as schemes
        on
            schemes.product_scheme like 'HS%'
            and codes.valid_to_year between schemes.valid_from_year and schemes.valid_to_year
    inner join {{ ref('int_hs_sector') }} as hs_sector
        on codes.hs6 = hs_sector.product_code and schemes.product_scheme = hs_sector.product_scheme

)

select
    product_scheme,
    product_code,
    sector_id,
    stage,
    weight,
    basis
from {{ ref('int_hs_sector') }}
union all
select
    product_scheme,
    product_code,
    sector_id,
    stage,
    weight,
    basis
from fao_items
union all
select
    product_scheme,
    product_code,
    sector_id,
    stage,
    weight,
    basis
from cn8_codes
