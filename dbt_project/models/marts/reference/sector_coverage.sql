with ways as (

    -- older codes that lead to a code of the sector, and how much of them belongs to the same sector and stage
    select
        products.sector_id,
        products.stage,
        chains.product_scheme,
        products.hs2022_code,
        min(coalesce(bridge.weight, 0)) as smallest_weight
    from {{ ref('sector_product') }} as products
    inner join {{ ref('int_hs_chain') }} as chains on products.hs2022_code = chains.hs2022_code
    left join {{ ref('bridge_product_sector') }} as bridge
        on
            chains.product_scheme = bridge.product_scheme
            and chains.product_code = bridge.product_code
            and products.sector_id = bridge.sector_id
            and products.stage = bridge.stage
    where products.weight > 0
    group by products.sector_id, products.stage, chains.product_scheme, products.hs2022_code

),

code_sets as (

    select
        products.sector_id,
        products.stage,
        products.hs2022_code,
        schemes.product_scheme
    from {{ ref('sector_product') }} as products
    cross join {{ ref('product_scheme') }} as schemes
    where products.weight > 0 and schemes.product_scheme like 'HS%'

),

counted as (

    select
        code_sets.sector_id,
        code_sets.stage,
        code_sets.product_scheme,
        count(*) as hs2022_codes,
        count(case when ways.smallest_weight > 1 - 1e-9 then 1 end) as whole_codes,
        count(case when ways.smallest_weight <= 1 - 1e-9 then 1 end) as partial_codes,
        count(case when ways.hs2022_code is null then 1 end) as unmapped_codes,
        {{ text_list('case when ways.hs2022_code is null then code_sets.hs2022_code end') }} as unmapped_list
    from code_sets
    left join ways
        on
            code_sets.sector_id = ways.sector_id
            and code_sets.stage = ways.stage
            and code_sets.product_scheme = ways.product_scheme
            and code_sets.hs2022_code = ways.hs2022_code
    group by code_sets.sector_id, code_sets.stage, code_sets.product_scheme

)

select
    sector_id,
    stage,
    product_scheme,
    hs2022_codes,
    whole_codes,
    partial_codes,
    unmapped_codes,
    100.0 * whole_codes / hs2022_codes as whole_share_pct,
    100.0 * partial_codes / hs2022_codes as partial_share_pct,
    100.0 * unmapped_codes / hs2022_codes as unmapped_share_pct,
    unmapped_list
from counted
