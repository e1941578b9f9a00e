-- Figures of countries leave the harmonised observations for the fact without loss.
with harmonised as (

    select count(*) as observations
    from {{ ref('int_observations') }}
    where area_kind in ('country', 'territory', 'former') and year is not null and obs_value is not null

),

published as (

    select count(*) as observations
    from {{ ref('fct_observation') }}
    where obs_value is not null

)

select
    harmonised.observations as harmonised,
    published.observations as published
from harmonised
cross join published
where harmonised.observations <> published.observations
