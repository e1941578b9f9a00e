with old_codes as (

    -- what an old code held is told by its first six digits in the edition of its own year
    select
        chains.origin_year,
        chains.origin_code,
        chains.current_code,
        chains.weight,
        hs_sector.sector_id,
        hs_sector.stage,
        chains.is_synthetic,
        chains.snapshot_id
    from {{ ref('dim_cn8_chain') }} as chains
    inner join {{ ref('product_scheme') }} as schemes
        on
            schemes.product_scheme like 'HS%'
            and chains.origin_year between schemes.valid_from_year and schemes.valid_to_year
    inner join {{ ref('int_hs_sector') }} as hs_sector
        on
            schemes.product_scheme = hs_sector.product_scheme
            and substr(chains.origin_code, 1, 6) = hs_sector.product_code
    where hs_sector.sector_id <> 'other'

),

followed as (

    select
        old_codes.sector_id,
        old_codes.stage,
        old_codes.origin_year,
        old_codes.origin_code,
        sum(old_codes.weight * coalesce(hs_sector.weight, 0)) as kept_weight,
        {{ any_true('old_codes.is_synthetic') }} as is_synthetic,
        max(old_codes.snapshot_id) as snapshot_id
    from old_codes
    left join {{ ref('int_hs_sector') }} as hs_sector
        on
            hs_sector.product_scheme = 'HS2022'
            and substr(old_codes.current_code, 1, 6) = hs_sector.product_code
            and old_codes.sector_id = hs_sector.sector_id
            and old_codes.stage = hs_sector.stage
    group by old_codes.sector_id, old_codes.stage, old_codes.origin_year, old_codes.origin_code

)

select
    sector_id,
    stage,
    origin_year,
    count(*) as changed_codes,
    count(case when kept_weight > 1 - 1e-9 then 1 end) as whole_codes,
    count(case when kept_weight between 1e-9 and 1 - 1e-9 then 1 end) as partial_codes,
    count(case when kept_weight < 1e-9 then 1 end) as lost_codes,
    100.0 * sum(1 - kept_weight) / count(*) as unfollowed_share_pct,
    {{ any_true('is_synthetic') }} as is_synthetic,
    max(snapshot_id) as snapshot_id
from followed
group by sector_id, stage, origin_year
