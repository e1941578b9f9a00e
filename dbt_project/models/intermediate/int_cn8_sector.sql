-- What part of a CN8 code belongs to which sector and stage, by the codes of today that it leads to.
with today as (

    select
        product_code,
        product_code as current_code,
        cast(1 as double) as weight
    from {{ ref('int_cn8_codes') }}
    where valid_to_year = 9999
    union all
    select
        codes.product_code,
        chains.current_code,
        chains.weight
    from {{ ref('int_cn8_codes') }} as codes
    inner join {{ ref('int_cn8_chain') }} as chains
        on codes.product_code = chains.origin_code and codes.valid_to_year = chains.origin_year

),

parts as (

    select
        today.product_code,
        coalesce(hs_sector.sector_id, 'other') as sector_id,
        coalesce(hs_sector.stage, 'other') as stage,
        today.weight * coalesce(hs_sector.weight, 1) as weight,
        max(case when hs_sector.product_code is not null then 1 else 0 end) over (partition by today.product_code)
        = 1 as is_known,
        min(today.weight) over (partition by today.product_code) < 1 as is_split
    from today
    left join {{ ref('int_hs_sector') }} as hs_sector
        on hs_sector.product_scheme = 'HS2022' and substr(today.current_code, 1, 6) = hs_sector.product_code

)

select
    product_code,
    sector_id,
    stage,
    sum(weight) as weight,
    'first six digits of the codes of today'
    || case when is_split then ', equal parts of each split' else '' end as basis
from parts
where is_known
group by product_code, sector_id, stage, is_split
