{{ config(severity='warn') }}
-- Women and men are all the employed of a branch, within rounding. A cell the survey is too small for is not published:
-- only rows with both are judged. Generated figures are left out.
with by_sex as (

    select
        source,
        source_code,
        iso3,
        classification,
        activity,
        year,
        max(case when sex = 'SEX_T' then obs_value end) as all_persons,
        max(case when sex = 'SEX_M' then obs_value end)
        + max(case when sex = 'SEX_F' then obs_value end) as women_and_men
    from {{ ref('fct_sector_employment') }}
    where measure = 'employment' and not is_synthetic
    group by source, source_code, iso3, classification, activity, year

)

select *
from by_sex
where abs(women_and_men - all_persons) > 0.005 * all_persons + 20
