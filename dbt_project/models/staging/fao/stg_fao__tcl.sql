select
    {{ fao_area('ref_area') }},
    trim(observations.item) as item_code,
    observations.item_cpc,
    observations.item_label,
    trim(observations.element) as element_code,
    observations.element_label,
    {{ fao_figures() }}
from {{ source('fao', 'fao_tcl') }} as observations
left join {{ source('reference', 'vintage') }} as vintages on observations.snapshot_id = vintages.snapshot_id
