with covered as (

    select
        indicator_id,
        max(year) as latest_covered_year
    from {{ ref('int_indicator_years') }}
    where is_covered
    group by indicator_id

)

select
    series.indicator_id,
    series.dataset_id,
    series.label,
    series.unit,
    series.direction as direction_of_good,
    series.comparability,
    series.definition,
    covered.latest_covered_year
from {{ ref('int_series') }} as series
left join covered on series.indicator_id = covered.indicator_id
