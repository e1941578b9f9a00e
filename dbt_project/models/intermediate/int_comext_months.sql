select
    months.reporter,
    reporters.iso3 as reporter_iso3,
    months.partner,
    -- XI and XU are the United Kingdom from 2021 on; expectation united_kingdom_once lets no file hold GB beside them
    case when months.partner in ('XI', 'XU') then 'GBR' else partners.iso3 end as partner_iso3,
    case
        when months.partner in ('XI', 'XU') then 'part'
        when partners.kind = 'unmapped' then 'not_allocated'
        else coalesce(partners.kind, 'unclassified')
    end as partner_kind,
    months.trade_type,
    months.product_nc,
    months.hs6,
    months.is_masked,
    months.flow,
    months.stat_procedure,
    months.stat_procedure_current,
    months.suppl_unit,
    months.time_period,
    months.year,
    months.value_eur,
    months.value_nac,
    months.quantity_kg,
    months.quantity_suppl_unit,
    months.unit_value_eur_per_kg,
    months.is_provisional,
    months.is_synthetic,
    months.snapshot_id
from {{ ref('stg_eurostat__comext_full_v2') }} as months
left join {{ ref('int_areas') }} as reporters
    on
        reporters.scheme = 'comext'
        and months.reporter = reporters.code
        and months.year between reporters.valid_from_year and reporters.valid_to_year
left join {{ ref('int_areas') }} as partners
    on
        partners.scheme = 'comext'
        and months.partner = partners.code
        and months.year between partners.valid_from_year and partners.valid_to_year
