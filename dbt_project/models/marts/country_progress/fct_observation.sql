select
    iso3,
    indicator_id,
    definition_id,
    comparability_group,
    sex,
    {{ age_of('breakdown') }} as age,
    {{ activity_of('breakdown') }} as activity,
    breakdown,
    year,
    obs_value,
    obs_value_text,
    unit,
    obs_flag,
    obs_status,
    conf_status,
    basis,
    source_code,
    source_label,
    note,
    doubt,
    dataset_id,
    ref_area,
    is_synthetic,
    snapshot_id
from {{ ref('int_observations') }}
where
    area_kind in ('country', 'territory', 'former')
    and year is not null
    -- grid cells that hold nothing at all are not observations
    and coalesce(cast(obs_value as varchar), obs_value_text, obs_flag, conf_status) is not null
