select
    sector_id,
    stage,
    isic4_division,
    replace(isic4_classes, '|', ', ') as isic4_classes,
    weight,
    is_wider,
    note
from {{ ref('sector_activity') }}
