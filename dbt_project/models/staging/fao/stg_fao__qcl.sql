select
    trim(ref_area) as ref_area,
    ref_area_m49,
    ref_area_label,
    trim(item) as item_code,
    item_cpc,
    item_label,
    trim(element) as element_code,
    element_label,
    time_period,
    time_period_code,
    {{ year_or_null('trim(time_period_code)') }} as year,
    trim(unit_measure) as unit_measure,
    -- flag M means missing, whatever the value column prints: some exports write 0 there
    case when coalesce(trim(obs_flag), '') <> 'M' then obs_value end as obs_value,
    obs_value_text,
    obs_qualifier,
    nullif(trim(obs_flag), '') as obs_flag,
    {{ obs_status('fao') }} as obs_status,
    note,
    is_synthetic,
    snapshot_id
from {{ source('fao', 'fao_qcl') }}
