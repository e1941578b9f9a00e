with vintage as (

    select
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from {{ ref('dim_cn8_link') }}

)

select
    chains.origin_year,
    chains.origin_code,
    chains.current_code,
    chains.weight,
    vintage.is_synthetic,
    vintage.snapshot_id
from {{ ref('int_cn8_chain') }} as chains
cross join vintage
