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

codes as (

    select
        followed.product_scheme,
        followed.product_code,
        schemes.valid_from_year as scheme_from_year,
        schemes.valid_to_year as scheme_to_year,
        newer_codes.hs2022_codes,
        newer_codes.has_others,
        cn8.valid_from_year as cn8_from_year,
        cn8.valid_to_year as cn8_to_year,
        case when followed.product_scheme like 'HS%' then followed.product_code else cn8.hs6 end as hs6,
        -- an older code that is one code of HS2022 under the same number means the same
        followed.product_scheme = 'HS2022'
        or (newer_codes.hs2022_codes = followed.product_code and not newer_codes.has_others) as is_as_in_hs2022
    from followed
    inner join {{ ref('product_scheme') }} as schemes on followed.product_scheme = schemes.product_scheme
    left join newer_codes
        on followed.product_scheme = newer_codes.product_scheme and followed.product_code = newer_codes.product_code
    left join {{ ref('int_cn8_codes') }} as cn8
        on followed.product_scheme = 'CN8' and followed.product_code = cn8.product_code

)

select
    codes.product_scheme,
    codes.product_code,
    case
        when codes.product_scheme = 'FAO' then items.item_label
        when codes.product_scheme = 'CN8' then coalesce('part of: ' || hs.label, 'part of HS ' || codes.hs6)
        when codes.is_as_in_hs2022 then hs.label
        when codes.hs2022_codes is null then 'no counterpart in HS2022'
        else
            'in HS2022: ' || codes.hs2022_codes
            || case when codes.has_others then ' and codes of no sector' else '' end
    end as product_label,
    case when codes.is_as_in_hs2022 then hs.stage_detail end as stage_detail,
    case when codes.product_scheme = 'FAO' then items.note when codes.is_as_in_hs2022 then hs.note end as note,
    case when codes.product_scheme = 'CN8' then codes.cn8_from_year else codes.scheme_from_year end as valid_from_year,
    case when codes.product_scheme = 'CN8' then codes.cn8_to_year else codes.scheme_to_year end as valid_to_year,
    codes.hs6,
    codes.hs2022_codes
from codes
left join {{ ref('sector_fao_item') }} as items
    on codes.product_scheme = 'FAO' and codes.product_code = items.item_code
left join {{ ref('sector_product') }} as hs on codes.hs6 = hs.hs2022_code
