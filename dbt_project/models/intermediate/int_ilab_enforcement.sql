select
    areas.iso3,
    facts.measure,
    measures.meaning,
    facts.report_year,
    facts.territory,
    facts.is_national,
    facts.value_kind,
    facts.is_yes,
    facts.value_n,
    measures.unit,
    facts.currency,
    facts.footnote,
    facts.missing_reason,
    facts.value_text,
    facts.section,
    facts.country,
    facts.is_synthetic,
    facts.snapshot_id
from {{ ref('stg_ilab__enforcement') }} as facts
left join {{ ref('ilab_measure') }} as measures on facts.section = measures.section and facts.measure = measures.measure
left join {{ ref('int_areas') }} as areas on areas.scheme = 'ilab' and facts.country = areas.code
