select
    iso3,
    fiscal_year,
    valid_from,
    valid_to,
    world_bank_region,
    income_group_id,
    income_group,
    source
from {{ ref('int_area_class') }}
