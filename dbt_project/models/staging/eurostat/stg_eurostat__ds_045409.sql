select
    trim(freq) as freq,
    trim(reporter) as reporter,
    trim(partner) as partner,
    trim(product) as product,
    {{ hs_level('trim(product)') }} as hs_level,
    trim(flow) as flow,
    trim(indicator) as indicator_id,
    time_period,
    {{ year_or_null('trim(time_period)') }} as year,
    obs_value,
    obs_value_text,
    obs_qualifier,
    nullif(trim(obs_flag), '') as obs_flag,
    {{ obs_status('eurostat', conf='conf_status') }} as obs_status,
    {{ conf_status('eurostat', conf='conf_status') }} as conf_status,
    is_synthetic,
    snapshot_id
from {{ source('eurostat', 'eurostat_ds_045409') }}
