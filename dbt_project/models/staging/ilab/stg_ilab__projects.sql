select
    {{ year_or_null('trim(report_year)') }} as report_year,
    trim(country) as country,
    {{ single_spaced('title') }} as title,
    -- some addresses are broken over two lines
    nullif({{ text_without('link', '\s+') }}, '') as link,
    cast(copies as integer) as copies,
    is_synthetic,
    snapshot_id
from {{ source('ilab', 'ilab_projects') }}
