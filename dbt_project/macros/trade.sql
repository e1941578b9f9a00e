{# Flows of Comext between a member and a partner, on these levels of the HS. `product` are the columns that name it. #}
{% macro trade_flows(product, levels) -%}
select
    reporter,
    reporter_iso3,
    partner,
    partner_iso3,
    partner_kind,
    {{ product }},
    flow,
    year,
    value_eur,
    quantity_kg,
    value_eur / nullif(quantity_kg, 0) as unit_value_eur_per_kg,
    value_flag,
    value_status,
    quantity_flag,
    quantity_status,
    conf_status,
    is_confidential,
    is_synthetic,
    snapshot_id
from {{ ref('int_trade') }}
where
    reporter_kind = 'country'
    -- aggregates hold their members, GB holds its parts, and a code nobody has classified yet could be either
    and partner_kind not in ('aggregate', 'part', 'unclassified')
    and hs_level in ({{ text_literals(levels) }})
{%- endmacro %}
