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
        is_synthetic,
        snapshot_id
    from {{ ref('stg_ilo__' ~ name) }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
