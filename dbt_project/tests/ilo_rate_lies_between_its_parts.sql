{{ config(severity='warn') }}
-- A share of all lies between those of boys and girls, or of men and women: else one of the three is of another survey,
-- age band or definition. Not asked where a third sex is counted, nor of four rates of 2014 that were seen in print.
with by_sex as (

    select
        ref_area,
        indicator_id,
        source_code,
        breakdown,
        year,
        max(case when sex = 'SEX_T' then obs_value end) as all_sexes,
        max(case when sex = 'SEX_M' then obs_value end) as male,
        max(case when sex = 'SEX_F' then obs_value end) as female,
        count(case when sex = 'SEX_O' then obs_value end) as third_sex
    from {{ ref('int_observations') }}
    where partner = 'ilo' and unit = '%'
    group by ref_area, indicator_id, source_code, breakdown, year

)

select *
from by_sex
where
    third_sex = 0
    and not (
        indicator_id = 'SDG_A871_SEX_AGE_RT'
        and source_code in ('UN:TCD2014', 'UN:GUY2014', 'UN:DOM2014', 'UN:NPL2014')
    )
    and (
        (all_sexes < male - 0.05 and all_sexes < female - 0.05)
        or (all_sexes > male + 0.05 and all_sexes > female + 0.05)
    )
