-- The ILO's observations of all datasets: a dataset more is a line more.
{% set datasets = [
    'sdg_a871_sex_age_rt',
    'sdg_b871_sex_age_rt',
    'cld_xchl_sex_age_rt',
    'cld_xchl_sex_age_nb',
    'cld_xchl_sex_age_eco_nb',
    'cld_xhaz_sex_age_rt',
    'cld_xhaz_sex_age_eco_nb',
    'sdg_0831_sex_eco_rt',
    'emp_temp_sex_ec2_nb',
    'how_temp_sex_ec2_nb',
    'ear_emta_sex_eco_cur_nb',
    'sdg_0111_sex_age_rt',
    'sdg_0861_sex_rt',
    'sdg_0131_sex_soc_rt',
    'ilr_tumt_noc_rt',
    'ilr_cbct_noc_rt',
    'lai_inde_noc_rt',
    'lai_vist_noc_nb',
    'sdg_0882_noc_rt',
    'sdg_f881_sex_mig_rt',
] %}

with observations as (

    {% for name in datasets %}
        select
            'ilo_{{ name }}' as dataset_id,
            ref_area,
            source_code,
            indicator_id,
            sex,
            nullif(concat_ws(' | ', classif1, classif2), '') as breakdown,
            year,
            obs_value,
            obs_value_text,
            obs_flag,
            obs_status,
            conf_status,
            nullif(concat_ws('_', note_classif, note_indicator, note_source), '') as notes,
            is_synthetic,
            snapshot_id
        from {{ ref('stg_ilo__' ~ name) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

-- more people than anybody has counted in the country, in any year
populations as (

    select
        ref_area,
        max(obs_value) as persons
    from {{ ref('stg_world_bank__wdi') }}
    where indicator_id = 'SP.POP.TOTL'
    group by ref_area

),

-- the years beside a figure in its series, whatever their source
neighbours as (

    select
        *,
        lag(obs_value) over series_by_year as value_before,
        lead(obs_value) over series_by_year as value_after
    from observations
    window series_by_year as (
        partition by dataset_id, indicator_id, ref_area, sex, breakdown, obs_value is null order by year
    )

)

select
    neighbours.dataset_id,
    neighbours.ref_area,
    neighbours.source_code,
    neighbours.indicator_id,
    neighbours.sex,
    neighbours.breakdown,
    neighbours.year,
    neighbours.obs_value,
    neighbours.obs_value_text,
    neighbours.obs_flag,
    neighbours.obs_status,
    neighbours.conf_status,
    -- R1:3513_R1:2803_T2:85: types can repeat, all codes are kept
    replace(neighbours.notes, '_', ', ') as note_codes,
    case
        when accepted.dataset_id is not null then null
        when series.unit = 'thousand persons' and {{ thousands_to_units('neighbours.obs_value') }} > populations.persons
            then 'more persons than the country has inhabitants'
        when
            series.unit = '%'
            and {{ is_jump('neighbours.obs_value', 'neighbours.value_before') }}
            and (
                neighbours.value_after is null
                or {{ is_jump('neighbours.obs_value', 'neighbours.value_after') }}
            )
            then 'more than 20 points and twofold away from the years beside it'
        when
            (neighbours.breakdown like '%CUR_TYPE_PPP' or neighbours.breakdown like '%CUR_TYPE_USD')
            and neighbours.obs_value > 0
            and neighbours.obs_value < 1
            then 'earnings below 1 a month'
    end as doubt,
    neighbours.is_synthetic,
    neighbours.snapshot_id
from neighbours
left join {{ ref('stg_reference__series') }} as series
    on neighbours.dataset_id = series.dataset_id and neighbours.indicator_id = series.indicator_id
left join populations on neighbours.ref_area = populations.ref_area
left join {{ ref('ilo_accepted') }} as accepted
    on
        neighbours.dataset_id = accepted.dataset_id
        and neighbours.ref_area = accepted.ref_area
        and neighbours.source_code = accepted.source_code
        and neighbours.year = accepted.year
