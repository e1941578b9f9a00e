select
    areas.iso3,
    answers.standard_id,
    standards.title,
    answers.report_year,
    answers.territory,
    answers.is_national,
    answers.is_established,
    answers.established_missing_reason,
    answers.established_footnote,
    answers.age_years,
    answers.age_text,
    answers.age_missing_reason,
    answers.age_footnote,
    answers.is_age_calculated,
    answers.is_conforming,
    answers.conforms_missing_reason,
    answers.country,
    answers.is_synthetic,
    answers.snapshot_id
from {{ ref('stg_ilab__legal_standards') }} as answers
left join {{ ref('ilab_standard') }} as standards on answers.standard_id = standards.standard_id
left join {{ ref('int_areas') }} as areas on areas.scheme = 'ilab' and answers.country = areas.code
