-- The macro hs_edition and the seed product_scheme give each year the same edition.
select
    product_scheme,
    valid_from_year,
    valid_to_year
from {{ ref('product_scheme') }}
where
    product_scheme like 'HS%'
    and (
        coalesce({{ hs_edition('valid_from_year') }}, '') <> product_scheme
        or coalesce({{ hs_edition('valid_to_year') }}, '') <> product_scheme
    )
