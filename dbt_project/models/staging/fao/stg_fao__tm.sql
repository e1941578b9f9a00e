select
    {{ fao_area('reporter') }},
    {{ fao_area('partner') }},
    {{ fao_item_and_element() }},
    {{ fao_figures() }}
from {{ source('fao', 'fao_tm') }} as observations
left join {{ source('reference', 'vintage') }} as vintages on observations.snapshot_id = vintages.snapshot_id
