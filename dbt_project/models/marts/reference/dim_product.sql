with followed as (

    select distinct
        product_scheme,
        product_code
    from {{ ref('bridge_product_sector') }}

),

newer_codes as (

    select
        product_scheme,
        product_code,
        {{ text_list('hs2022_code') }} as hs2022_codes,
        sum(code_share) < 1 - 1e-9 as has_others
    from {{ ref('int_hs_chain') }}
    group by product_scheme, product_code

),

items as (

    select
        item_code,
        item_label
    from {{ ref('sector_fao_item') }}

)

select
    followed.product_scheme,
    followed.product_code,
    case
        when followed.product_scheme = 'FAO' then items.item_label
        when followed.product_scheme = 'CN8' then coalesce('part of: ' || hs.label, 'part of HS ' || cn8.hs6)
        when followed.product_scheme = 'HS2022' or newer_codes.hs2022_codes = followed.product_code then hs.label
        when newer_codes.hs2022_codes is not null
            then
                'in HS2022: ' || newer_codes.hs2022_codes
                || case when newer_codes.has_others then ' and codes of no sector' else '' end
        else 'no counterpart in HS2022'
    end as product_label,
    case when followed.product_scheme = 'CN8' then cn8.valid_from_year else schemes.valid_from_year end
        as valid_from_year,
    case when followed.product_scheme = 'CN8' then cn8.valid_to_year else schemes.valid_to_year end as valid_to_year,
    case when followed.product_scheme like 'HS%' then followed.product_code else cn8.hs6 end as hs6,
    newer_codes.hs2022_codes
from followed
inner join {{ ref('product_scheme') }} as schemes on followed.product_scheme = schemes.product_scheme
left join newer_codes
    on followed.product_scheme = newer_codes.product_scheme and followed.product_code = newer_codes.product_code
left join items on followed.product_scheme = 'FAO' and followed.product_code = items.item_code
left join {{ ref('int_cn8_codes') }} as cn8
    on followed.product_scheme = 'CN8' and followed.product_code = cn8.product_code
left join {{ ref('sector_product') }} as hs
    on hs.hs2022_code = case when followed.product_scheme = 'CN8' then cn8.hs6 else followed.product_code end
