-- Every observation that may be compared is counted in exactly one row of the mart.
with mart as (

    select sum(observations + observations_before_break) as observations
    from {{ ref('mart_progress') }}
    where window_id = 'all_years'

),

eligible as (

    select count(*) as observations
    from {{ ref('int_comparable_observations') }}

)

select
    mart.observations as in_mart,
    eligible.observations as eligible
from mart
cross join eligible
where coalesce(mart.observations, 0) <> eligible.observations
