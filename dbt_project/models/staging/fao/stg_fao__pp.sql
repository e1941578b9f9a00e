select
    {{ fao_area('ref_area') }},
    {{ fao_item_and_element() }},
    observations.month_code,
    -- the annual value stands beside its months: never add over both
    case
        when observations.month_code = '7021' then 'A'
        when observations.month_code between '7001' and '7012' then 'M'
    end as freq,
    case
        when observations.month_code between '7001' and '7012' then cast(right(observations.month_code, 2) as integer)
    end as month,
    {{ fao_figures() }}
from {{ source('fao', 'fao_pp') }} as observations
left join {{ source('reference', 'vintage') }} as vintages on observations.snapshot_id = vintages.snapshot_id
