-- the seed already has the name, so the model takes it by alias
{{ config(alias='area_code') }}

select
    scheme,
    code,
    iso3,
    kind,
    label,
    valid_from,
    valid_to,
    note
from {{ ref('int_areas') }}
