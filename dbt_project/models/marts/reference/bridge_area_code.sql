-- the seed already has the name, so the model takes it by alias
{{ config(alias='area_code') }}

select
    scheme,
    code,
    nullif(iso3, '') as iso3,
    kind,
    label,
    valid_from,
    valid_to,
    note
from {{ ref('area_code') }}
