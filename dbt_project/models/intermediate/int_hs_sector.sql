-- What part of a code of the Harmonized System belongs to which sector and stage; the rest is 'other'.
with sector_parts as (

    select
        chains.product_scheme,
        chains.product_code,
        products.sector_id,
        products.stage,
        sum(chains.code_share * products.weight) as weight
    from {{ ref('int_hs_chain') }} as chains
    inner join {{ ref('sector_product') }} as products on chains.hs2022_code = products.hs2022_code
    where products.weight > 0
    group by chains.product_scheme, chains.product_code, products.sector_id, products.stage

),

products as (

    select
        older_scheme as product_scheme,
        older_code as product_code,
        max(case when is_collecting then 1 else 0 end) = 1 as has_collecting_link
    from {{ ref('hs_link') }}
    group by older_scheme, older_code
    union all
    select
        'HS2022' as product_scheme,
        hs2022_code as product_code,
        false as has_collecting_link
    from {{ ref('sector_product') }}

),

covered as (

    select
        product_scheme,
        product_code,
        sum(weight) as weight,
        max(weight) as largest
    from sector_parts
    group by product_scheme, product_code

),

parts as (

    select
        product_scheme,
        product_code,
        sector_id,
        stage,
        weight
    from sector_parts
    union all
    select
        products.product_scheme,
        products.product_code,
        'other' as sector_id,
        'other' as stage,
        1 - coalesce(covered.weight, 0) as weight
    from products
    left join covered
        on products.product_scheme = covered.product_scheme and products.product_code = covered.product_code
    where coalesce(covered.weight, 0) < 1 - 1e-9  -- thirds do not add up to the last digit

)

select
    parts.product_scheme,
    parts.product_code,
    parts.sector_id,
    parts.stage,
    parts.weight,
    parts.product_scheme <> 'HS2022' and coalesce(covered.largest, 0) < 1 - 1e-9 as is_assumed,
    case
        when parts.product_scheme = 'HS2022' then 'definition of the sector'
        when covered.weight is null then 'no code of HS2022 is linked: not followed'
        else
            case
                when covered.largest > 1 - 1e-9 then 'concordance, whole code'
                else 'concordance, equal parts of each split'
            end
            || case
                when products.has_collecting_link then ', links to collecting codes not counted' else ''
            end
            || case
                when parts.product_scheme in ('HS2007', 'HS2002') then ', conversion table below HS2012' else ''
            end
    end as basis
from parts
inner join products
    on parts.product_scheme = products.product_scheme and parts.product_code = products.product_code
left join covered
    on parts.product_scheme = covered.product_scheme and parts.product_code = covered.product_code
