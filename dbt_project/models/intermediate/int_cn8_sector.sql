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

matched as (

    select
        today.product_code,
        coalesce(hs_sector.sector_id, 'other') as sector_id,
        coalesce(hs_sector.stage, 'other') as stage,
        today.weight * coalesce(hs_sector.weight, 1) as weight,
        today.weight < 1 as is_split,
        hs_sector.product_code is not null as is_known
    from today
    left join {{ ref('int_hs_sector') }} as hs_sector
        on hs_sector.product_scheme = 'HS2022' and substr(today.current_code, 1, 6) = hs_sector.product_code

),

known as (

    select distinct product_code from matched
    where is_known

),

parts as (

    select
        product_code,
        sector_id,
        stage,
        sum(weight) as weight,
        {{ any_true('is_split') }} and sum(weight) < 1 - 1e-9 as is_assumed
    from matched
    group by product_code, sector_id, stage

)

select
    parts.product_code,
    parts.sector_id,
    parts.stage,
    parts.weight,
    parts.is_assumed,
    'first six digits of the codes of today'
    || case when parts.is_assumed then ', equal parts of each split' else '' end as basis
from parts
inner join known on parts.product_code = known.product_code
