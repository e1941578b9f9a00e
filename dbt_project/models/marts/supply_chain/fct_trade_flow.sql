-- Comext and FAO's trade matrix side by side: two views of partly the same trade, never to be added.
with flows as (

    select
        'comext' as source,
        reporter,
        reporter_iso3,
        partner,
        partner_iso3,
        partner_kind,
        {{ hs_edition('year') }} as product_scheme,
        product_code,
        is_residual,
        residual_reason,
        {{ flow_name('flow') }} as flow,
        year,
        value_eur as value_in_eur,
        cast(null as double) as value_in_usd,
        quantity_kg,
        value_flag,
        value_status,
        quantity_flag,
        quantity_status,
        conf_status,
        is_confidential,
        coalesce(value_status = 'P', false) as is_provisional,
        is_synthetic,
        snapshot_id
    from {{ ref('int_comext_flows') }}
    union all
    select
        'fao_tm' as source,
        reporter,
        reporter_iso3,
        partner,
        partner_iso3,
        partner_kind,
        'FAO' as product_scheme,
        item_code as product_code,
        false as is_residual,
        cast(null as varchar) as residual_reason,
        flow,
        year,
        cast(null as double) as value_in_eur,
        value_usd as value_in_usd,
        {{ tonnes_to_kg('quantity_t') }} as quantity_kg,
        value_flag,
        value_status,
        quantity_flag,
        quantity_status,
        cast(null as varchar) as conf_status,
        false as is_confidential,
        is_provisional,
        is_synthetic,
        snapshot_id
    from {{ ref('int_fao_trade') }}
    where
        reporter_kind in ('country', 'territory', 'former')
        and partner_kind not in ('aggregate', 'part', 'unclassified')
        -- goods that leave and come back to one area are not trade between two
        and not is_self_trade

),

rates as (

    select
        year,
        units_per_eur as usd_per_eur
    from {{ ref('dim_exchange_rate') }}
    where currency = 'USD'

)

select
    flows.source,
    flows.reporter,
    flows.reporter_iso3,
    flows.partner,
    flows.partner_iso3,
    flows.partner_kind,
    flows.product_scheme,
    flows.product_code,
    flows.is_residual,
    flows.residual_reason,
    flows.flow,
    flows.year,
    coalesce(flows.value_in_eur, {{ usd_to_eur('flows.value_in_usd', 'rates.usd_per_eur') }}) as value_eur,
    coalesce(flows.value_in_usd, {{ eur_to_usd('flows.value_in_eur', 'rates.usd_per_eur') }}) as value_usd,
    flows.quantity_kg,
    coalesce(flows.value_in_eur, {{ usd_to_eur('flows.value_in_usd', 'rates.usd_per_eur') }})
    / nullif(flows.quantity_kg, 0) as unit_value_eur_per_kg,
    case flows.flow when 'import' then 'CIF' else 'FOB' end as valuation,
    flows.value_flag,
    flows.value_status,
    flows.quantity_flag,
    flows.quantity_status,
    flows.conf_status,
    flows.is_confidential,
    flows.is_provisional,
    flows.is_synthetic,
    flows.snapshot_id
from flows
left join rates on flows.year = rates.year
