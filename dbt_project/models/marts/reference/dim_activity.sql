select
    isic4_code,
    level,
    label,
    parent_code
from {{ ref('isic4_activity') }}
