with flows as (

    select
        observations.reporter,
        observations.partner,
        observations.product,
        observations.hs_level,
        observations.flow,
        observations.year,
        max(case when units.to_unit = 'EUR' then observations.obs_value * units.factor end) as value_eur,
        max(case when units.to_unit = 'kg' then observations.obs_value * units.factor end) as reported_quantity_kg,
        max(case when units.to_unit = 'EUR' then observations.obs_flag end) as value_flag,
        max(case when units.to_unit = 'EUR' then observations.obs_status end) as value_status,
        max(case when units.to_unit = 'kg' then observations.obs_flag end) as quantity_flag,
        max(case when units.to_unit = 'kg' then observations.obs_status end) as quantity_status,
        max(nullif(observations.conf_status, 'F')) as conf_status,
        {{ any_true('observations.is_synthetic') }} as is_synthetic,
        max(observations.snapshot_id) as snapshot_id
    from {{ ref('stg_eurostat__ds_045409') }} as observations
    left join {{ ref('unit') }} as units
        on units.partner = 'eurostat' and observations.indicator_id = units.unit_code
    -- months would be added to the years they belong to
    where observations.freq = 'A' and observations.year is not null
    group by
        observations.reporter, observations.partner, observations.product, observations.hs_level, observations.flow,
        observations.year

)

select
    flows.reporter,
    reporters.iso3 as reporter_iso3,
    coalesce(reporters.kind, 'unclassified') as reporter_kind,
    flows.partner,
    partners.iso3 as partner_iso3,
    -- Northern Ireland and Great Britain are parts of GB, the United Kingdom
    case
        when flows.partner in ('XI', 'XU') then 'part'
        else coalesce(partners.kind, 'unclassified')
    end as partner_kind,
    flows.product,
    flows.hs_level,
    flows.flow,
    flows.year,
    flows.value_eur,
    -- goods that cost money weigh something: zero mass is a mass that was not reported or rounded away
    case
        when flows.reported_quantity_kg = 0 and flows.value_eur > 0 then null
        else flows.reported_quantity_kg
    end as quantity_kg,
    flows.value_flag,
    flows.value_status,
    flows.quantity_flag,
    case when flows.reported_quantity_kg = 0 and flows.value_eur > 0 then 'O' else flows.quantity_status end
        as quantity_status,
    flows.conf_status,
    flows.conf_status is not null as is_confidential,
    flows.is_synthetic,
    flows.snapshot_id
from flows
left join {{ ref('int_areas') }} as reporters
    on
        reporters.scheme = 'comext'
        and flows.reporter = reporters.code
        and flows.year between reporters.valid_from_year and reporters.valid_to_year
left join {{ ref('int_areas') }} as partners
    on
        partners.scheme = 'comext'
        and flows.partner = partners.code
        and flows.year between partners.valid_from_year and partners.valid_to_year
