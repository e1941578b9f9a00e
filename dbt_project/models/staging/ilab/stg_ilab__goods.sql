select
    {{ year_or_null('trim(edition)') }} as edition,
    trim(good) as good,
    good_sector,
    trim(country) as country,
    coalesce(trim(child_labor) = 'Yes', false) as is_child_labour_listed,
    coalesce(trim(forced_labor) = 'Yes', false) as is_forced_labour_listed,
    coalesce(trim(forced_child_labor) = 'Yes', false) as is_forced_child_labour_listed,
    coalesce(trim(derived_labor_exploitation) = 'Yes', false) as is_derived,
    nullif(trim(derived_country), '') as derived_country,
    is_synthetic,
    snapshot_id
from {{ source('ilab', 'ilab_goods') }}
