-- The hours rule of SDG 8.7.1 differs by age: a band that spans several rules applies each to its own ages.
with bands as (

    select
        cast(age_from as integer) as age_from,
        cast(age_to as integer) as age_to
    from {{ ref('ilo_age_band') }}

)

select
    'ilo_sdg_871a_' || age_from || '_' || age_to as definition_id,
    'Children in economic activity, SDG 8.7.1 variant A, ages ' || age_from || '-' || age_to as label,
    age_from,
    age_to,
    'children in economic activity on the SNA production boundary, household chores not counted' as concept,
    'hours a week: '
    || concat_ws(
        ', ',
        case when age_from <= 11 then '1 or more at ' || age_from || '-' || least(age_to, 11) end,
        case
            when age_from <= 14 and age_to >= 12
                then '14 or more at ' || greatest(age_from, 12) || '-' || least(age_to, 14)
        end,
        case when age_to >= 15 then '43 or more at ' || greatest(age_from, 15) || '-' || age_to end
    ) as hours_rule,
    'ILOSTAT SDG_A871_SEX_AGE_RT, SDG indicator 8.7.1' as source
from bands
union all
select
    'wdi_children_in_employment_7_14' as definition_id,
    'Children in employment, ages 7-14' as label,
    7 as age_from,
    14 as age_to,
    'children in any economic activity; not child labour in the sense of SDG 8.7.1' as concept,
    '1 hour or more in the reference week' as hours_rule,
    'World Bank WDI SL.TLF.0714, Understanding Children''s Work' as source
union all
select
    'ilab_working_children' as definition_id,
    'Working children as printed by USDOL' as label,
    cast(null as integer) as age_from,
    cast(null as integer) as age_to,
    'working children of the survey that USDOL cites; survey and year are not named, the age is on the row' as concept,
    'not stated' as hours_rule,
    'USDOL Findings on the Worst Forms of Child Labor' as source
