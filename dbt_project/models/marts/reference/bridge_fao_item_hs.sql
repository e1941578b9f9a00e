select
    case hs_version when 'HS07' then 'HS2007' else 'HS2012' end as product_scheme,
    item_code,
    item_label,
    hs_code,
    count(*) over (partition by hs_version, item_code) as codes_of_item,
    count(*) over (partition by hs_version, hs_code) as items_of_code,
    source
from {{ ref('fao_item_hs') }}
