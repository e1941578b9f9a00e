{{ config(severity='warn') }}
-- Divisions are parts of all the employed: fewer, where a survey is too small for a division, and never more. Generated
-- figures are left out.
with by_survey as (

    select
        source_code,
        iso3,
        classification,
        sex,
        year,
        max(case when activity = 'TOTAL' then obs_value end) as all_persons,
        sum(case when activity <> 'TOTAL' then obs_value end) as divisions_persons
    from {{ ref('fct_sector_employment') }}
    where source = 'ilo' and measure = 'employment' and classification in ('ISIC3', 'ISIC4') and not is_synthetic
    group by source_code, iso3, classification, sex, year

)

select *
from by_survey
where divisions_persons > 1.005 * all_persons + 100
