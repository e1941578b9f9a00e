-- Partner codes of areas with the years in which each code had this meaning.
select
    scheme,
    code,
    nullif(iso3, '') as iso3,
    kind,
    label,
    coalesce(valid_from, 0) as valid_from_year,
    coalesce(valid_to, 9999) as valid_to_year
from {{ ref('area_code') }}
