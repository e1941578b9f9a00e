select
    areas.iso3,
    projects.title,
    projects.link,
    projects.report_year,
    projects.country,
    projects.is_synthetic,
    projects.snapshot_id
from {{ ref('stg_ilab__projects') }} as projects
left join {{ ref('int_areas') }} as areas on areas.scheme = 'ilab' and projects.country = areas.code
