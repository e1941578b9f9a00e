select
    good_id,
    good_name,
    iso3,
    edition,
    valid_from_year,
    valid_to_year,
    file_date,
    is_child_labour_listed,
    is_forced_labour_listed,
    is_forced_child_labour_listed,
    is_derived,
    derived_country,
    is_synthetic,
    snapshot_id
from {{ ref('int_goods_list') }}
