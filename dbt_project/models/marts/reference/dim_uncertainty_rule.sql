select
    rule_id,
    branch,
    nominal_sample,
    error_factor,
    normal_quantile,
    drift_per_root_year,
    text as rule_text,
    source
from {{ ref('uncertainty_rule') }}
