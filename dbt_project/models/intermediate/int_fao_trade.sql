-- Each flow as one side reports it. What exporter and importer say of one flow differs (FOB against CIF, year of
-- arrival): both stay, and nothing is averaged.
with last_year as (

    select max(year) as year
    from {{ ref('stg_fao__tm') }}
    where obs_value is not null and not is_projection

),

flows as (

    select
        observations.reporter,
        observations.partner,
        observations.item_code,
        max(observations.item_label) as item_label,
        observations.year,
        case when observations.element_code in ('5610', '5622') then 'import' else 'export' end as flow,
        max(case when units.to_unit = 't' then observations.obs_value * units.factor end) as quantity_t,
        max(case when units.to_unit = 'USD' then observations.obs_value * units.factor end) as value_usd,
        max(case when units.to_unit = 't' then observations.obs_flag end) as quantity_flag,
        max(case when units.to_unit = 'USD' then observations.obs_flag end) as value_flag,
        max(case when units.to_unit = 't' then observations.obs_status end) as quantity_status,
        max(case when units.to_unit = 'USD' then observations.obs_status end) as value_status,
        {{ any_true('observations.is_synthetic') }} as is_synthetic,
        max(observations.snapshot_id) as snapshot_id
    from {{ ref('stg_fao__tm') }} as observations
    inner join {{ ref('sector_fao_item') }} as items on observations.item_code = items.item_code
    left join {{ ref('unit') }} as units on units.partner = 'fao' and observations.unit_measure = units.unit_code
    -- import quantity and value, export quantity and value; animals are counted under elements of their own
    where observations.element_code in ('5610', '5622', '5910', '5922') and observations.year is not null
    group by observations.reporter, observations.partner, observations.item_code, observations.year, flow

)

select
    flows.reporter,
    reporters.iso3 as reporter_iso3,
    coalesce(reporters.kind, 'unclassified') as reporter_kind,
    flows.partner,
    partners.iso3 as partner_iso3,
    coalesce(partners.kind, 'unclassified') as partner_kind,
    flows.item_code,
    flows.item_label,
    flows.flow,
    flows.year,
    flows.quantity_t,
    flows.value_usd,
    flows.quantity_flag,
    flows.value_flag,
    flows.quantity_status,
    flows.value_status,
    flows.reporter = flows.partner as is_self_trade,
    -- not all areas have reported the last year of a release
    flows.year >= last_year.year as is_provisional,
    flows.is_synthetic,
    flows.snapshot_id
from flows
cross join last_year
left join {{ ref('int_areas') }} as reporters
    on
        reporters.scheme = 'fao'
        and flows.reporter = reporters.code
        and flows.year between reporters.valid_from_year and reporters.valid_to_year
left join {{ ref('int_areas') }} as partners
    on
        partners.scheme = 'fao'
        and flows.partner = partners.code
        and flows.year between partners.valid_from_year and partners.valid_to_year
