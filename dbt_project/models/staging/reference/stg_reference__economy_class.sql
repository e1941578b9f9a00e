select
    ref_area,
    fiscal_year,
    region,
    income_group_id,
    income_group,
    source
from {{ source('reference', 'economy_class') }}
