{{ config(severity='warn') }}
-- SDG 8.7.1 variant B adds household chores to variant A: a higher A means that the two have been exchanged.
select
    without_chores.ref_area,
    without_chores.source_code,
    without_chores.sex,
    without_chores.classif1,
    without_chores.year,
    without_chores.obs_value as variant_a,
    with_chores.obs_value as variant_b
from {{ ref('stg_ilo__sdg_a871_sex_age_rt') }} as without_chores
inner join {{ ref('stg_ilo__sdg_b871_sex_age_rt') }} as with_chores
    on
        without_chores.ref_area = with_chores.ref_area
        and without_chores.source_code = with_chores.source_code
        and without_chores.sex = with_chores.sex
        and without_chores.classif1 = with_chores.classif1
        and without_chores.year = with_chores.year
where without_chores.obs_value > with_chores.obs_value + 0.001
