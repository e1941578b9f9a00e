select
    areas.iso3,
    answers.convention_id,
    treaties.title,
    answers.report_year,
    answers.is_ratified,
    answers.missing_reason,
    answers.value_text,
    -- treaties are not un-ratified: an answer that falls back is a slip in one of the two reports
    not coalesce(answers.is_ratified, true) and coalesce(
        max(case when answers.is_ratified then 1 else 0 end) over (
            partition by areas.iso3, answers.convention_id
            order by answers.report_year
            rows between unbounded preceding and 1 preceding
        ), 0
    ) = 1 as is_step_back,
    answers.country,
    answers.is_synthetic,
    answers.snapshot_id
from {{ ref('stg_ilab__conventions') }} as answers
left join {{ ref('ilab_convention') }} as treaties on answers.convention_id = treaties.convention_id
left join {{ ref('int_areas') }} as areas on areas.scheme = 'ilab' and answers.country = areas.code
