select
    {{ fao_area('ref_area') }},
    trim(observations.source) as source_code,
    observations.source_label,
    trim(observations.indicator) as indicator_code,
    observations.indicator_label,
    case trim(observations.sex) when '1' then 'SEX_T' when '2' then 'SEX_M' when '3' then 'SEX_F' end as sex,
    trim(observations.element) as element_code,
    observations.element_label,
    coalesce(trim(observations.obs_flag), '') = 'B' as is_break,
    {{ fao_figures() }}
from {{ source('fao', 'fao_oea') }} as observations
left join {{ source('reference', 'vintage') }} as vintages on observations.snapshot_id = vintages.snapshot_id
