select
    {{ fao_area('ref_area') }},
    {{ fao_item_and_element() }},
    {{ fao_figures() }}
from {{ source('fao', 'fao_qcl') }} as observations
left join {{ source('reference', 'vintage') }} as vintages on observations.snapshot_id = vintages.snapshot_id
