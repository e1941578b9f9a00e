-- Which years of an indicator are fit for a comparison of countries: the newest ones are thin at first.
with years as (

    select
        indicator_id,
        year,
        count(distinct iso3) as areas
    from {{ ref('int_observations') }}
    where
        obs_value is not null
        and year is not null
        and basis <> 'projection'
        and area_kind in ('country', 'territory')
    group by indicator_id, year

),

compared as (

    select
        *,
        {{ median_of('areas') }} over (
            partition by indicator_id order by year rows between 5 preceding and 1 preceding
        ) as usual_areas
    from years

)

select
    indicator_id,
    year,
    areas,
    areas * 2 >= coalesce(usual_areas, 0) as is_covered
from compared
