select
    upper(trim(ref_area)) as ref_area,
    trim(indicator) as indicator_id,
    indicator_label,
    time_period,
    {{ year_or_null('trim(time_period)') }} as year,
    obs_value,
    obs_value_text,
    obs_qualifier,
    nullif(trim(obs_status), '') as obs_flag,
    {{ obs_status('world_bank', flag='obs_status') }} as obs_status,
    nullif({{ folded_text('footnote') }}, '') as footnote,
    is_synthetic,
    snapshot_id
from {{ source('world_bank', 'world_bank_wdi') }}
