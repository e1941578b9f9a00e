-- The hours rule of SDG 8.7.1 differs by age: a band that spans several rules applies each to its own ages.
with bands as (

    select
        cast(age_from as integer) as age_from,
        cast(age_to as integer) as age_to,
        'ages ' || age_from || '-' || age_to as ages,
        age_from || '_' || age_to as id_part,
        case when age_from <= 11 then age_from || '-' || least(age_to, 11) end as ages_to_11,
        case
            when age_from <= 14 and age_to >= 12 then greatest(age_from, 12) || '-' || least(age_to, 14)
        end as ages_12_to_14,
        case when age_to >= 15 then greatest(age_from, 15) || '-' || age_to end as ages_from_15,
        case when age_from <= 14 then age_from || '-' || least(age_to, 14) end as ages_to_14
    from {{ ref('ilo_age_band') }}

),

sdg_hours as (

    select
        *,
        'hours a week: '
        || concat_ws(
            ', ', '1 or more at ' || ages_to_11, '14 or more at ' || ages_12_to_14, '43 or more at ' || ages_from_15
        ) as hours_rule
    from bands

),

definitions as (

    select
        'ilo_sdg_871a_' || id_part as definition_id,
        'Children in economic activity, SDG 8.7.1 variant A, ' || ages as label,
        age_from,
        age_to,
        'children in economic activity, household chores not counted' as concept,
        'SNA' as production_boundary,
        hours_rule,
        'ILOSTAT SDG_A871_SEX_AGE_RT, SDG indicator 8.7.1' as source
    from sdg_hours
    union all
    select
        'ilo_sdg_871b_' || id_part as definition_id,
        'Children in economic activity and household chores, SDG 8.7.1 variant B, ' || ages as label,
        age_from,
        age_to,
        'children in economic activity or in household chores' as concept,
        'general' as production_boundary,
        hours_rule || coalesce('; or chores: 21 or more at ' || ages_to_14, '') as hours_rule,
        'ILOSTAT SDG_B871_SEX_AGE_RT, SDG indicator 8.7.1' as source
    from sdg_hours
    union all
    select
        'ilo_cld_xchl_' || id_part as definition_id,
        'Children in child labour, ILO, ' || ages as label,
        age_from,
        age_to,
        'children below the age for the work they do, or in hazardous work' as concept,
        'SNA' as production_boundary,
        'hours a week: '
        || concat_ws(
            ', ', '1 or more at ' || ages_to_11, '14 or more or hazardous work at ' || ages_12_to_14,
            'hazardous work only at ' || ages_from_15
        ) as hours_rule,
        'ILOSTAT CLD_XCHL, definition of the ILO global estimates' as source
    from bands
    union all
    select
        'ilo_cld_xhaz_' || id_part as definition_id,
        'Children in hazardous work, ILO, ' || ages as label,
        age_from,
        age_to,
        'children in hazardous industries, occupations or conditions; part of child labour' as concept,
        'SNA' as production_boundary,
        '43 or more hours a week, or any hour in hazardous work' as hours_rule,
        'ILOSTAT CLD_XHAZ, definition of the ILO global estimates' as source
    from bands
    union all
    select
        'wdi_children_in_employment_7_14' as definition_id,
        'Children in employment, ages 7-14' as label,
        7 as age_from,
        14 as age_to,
        'children in any economic activity; not child labour in the sense of SDG 8.7.1' as concept,
        'SNA' as production_boundary,
        '1 hour or more in the reference week' as hours_rule,
        'World Bank WDI SL.TLF.0714, Understanding Children''s Work' as source
    union all
    select
        'ilab_working_children' as definition_id,
        'Working children as printed by USDOL' as label,
        cast(null as integer) as age_from,
        cast(null as integer) as age_to,
        'working children of a survey that USDOL cites; survey and year are not named, the age is on the row'
            as concept,
        'not stated' as production_boundary,
        'not stated' as hours_rule,
        'USDOL Findings on the Worst Forms of Child Labor' as source
    union all
    -- the rule of the fifth round of MICS, for figures that partners cite without recomputing them
    select
        'mics5_5_17' as definition_id,
        'Child labour, MICS round 5, ages 5-17' as label,
        5 as age_from,
        17 as age_to,
        'children in economic activity, in household chores, or under hazardous conditions' as concept,
        'general' as production_boundary,
        'hours a week: 1 or more at 5-11, 14 or more at 12-14, 43 or more at 15-17; '
        || 'or chores: 28 or more at 5-14, 43 or more at 15-17' as hours_rule,
        'UNICEF Multiple Indicator Cluster Surveys, round 5' as source
    union all
    select
        'national' as definition_id,
        'Child labour by national law' as label,
        cast(null as integer) as age_from,
        cast(null as integer) as age_to,
        'children below the legal minimum age, light work as the law allows it apart, or in work on the national '
        || 'list of hazards' as concept,
        'not stated' as production_boundary,
        'as the law of the country has it' as hours_rule,
        'national surveys; minimum ages stand in fct_legal_standard' as source

)

select
    definition_id,
    label,
    age_from,
    age_to,
    concept,
    production_boundary,
    hours_rule,
    -- nothing but the very same rule, boundary and ages is compared: each definition is a group of its own
    concat_ws(' | ', hours_rule, production_boundary, age_from || '-' || age_to, source) as comparability_group,
    definition_id not in ('mics5_5_17', 'national') as has_series,
    source
from definitions
