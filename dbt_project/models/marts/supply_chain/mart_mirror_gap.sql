-- The two ends of one flow. They differ by freight, year of arrival, transit and error; nothing is averaged.
{% set usual = var('usual_mirror_gap_pct') %}

with flows as (

    select *
    from {{ ref('fct_trade_flow') }}
    where source = 'fao_tm' and partner_kind in ('country', 'territory') and reporter_iso3 <> partner_iso3

),

importers as (

    select
        partner_iso3 as origin_iso3,
        reporter_iso3 as destination_iso3,
        product_code as item_code,
        year,
        value_usd,
        quantity_kg,
        is_provisional,
        is_synthetic,
        snapshot_id
    from flows
    where flow = 'import'

),

exporters as (

    select
        reporter_iso3 as origin_iso3,
        partner_iso3 as destination_iso3,
        product_code as item_code,
        year,
        value_usd,
        quantity_kg,
        is_provisional,
        is_synthetic,
        snapshot_id
    from flows
    where flow = 'export'

),

item_codes as (

    select
        item_code,
        hs_code,
        not is_shared and not is_changed as is_whole,
        case
            when is_shared then 'a customs code of the item stands for another item too'
            when is_changed then 'a customs code of the item was split or merged'
        end as missing_reason
    from {{ ref('int_fao_item_hs') }}

),

items as (

    select
        item_code,
        max(missing_reason) as missing_reason
    from item_codes
    group by item_code

),

comext as (

    select
        imports.partner_iso3 as origin_iso3,
        imports.reporter_iso3 as destination_iso3,
        item_codes.item_code,
        imports.year,
        sum(imports.value_usd) as value_usd,
        case when count(*) = count(imports.quantity_kg) then sum(imports.quantity_kg) end as quantity_kg,
        {{ any_true('imports.is_synthetic') }} as is_synthetic,
        max(imports.snapshot_id) as snapshot_id
    from {{ ref('fct_trade_flow') }} as imports
    inner join item_codes
        on imports.product_code = item_codes.hs_code and item_codes.is_whole
    where
        imports.source = 'comext' and imports.flow = 'import' and imports.partner_kind in ('country', 'territory')
        -- the links of FAO's items begin with this edition
        and imports.product_scheme in ('HS2012', 'HS2017', 'HS2022')
    group by imports.partner_iso3, imports.reporter_iso3, item_codes.item_code, imports.year

),

pairs as (

    select
        origin_iso3,
        destination_iso3,
        item_code,
        year
    from importers
    union distinct
    select
        origin_iso3,
        destination_iso3,
        item_code,
        year
    from exporters

),

joined as (

    select
        pairs.*,
        importers.value_usd as importer_value_usd,
        exporters.value_usd as exporter_value_usd,
        importers.quantity_kg as importer_quantity_kg,
        exporters.quantity_kg as exporter_quantity_kg,
        comext.value_usd as comext_value_usd,
        comext.quantity_kg as comext_quantity_kg,
        case
            when comext.origin_iso3 is not null then null
            when destinations.iso3 is null then 'the destination does not report to Comext'
            when items.item_code is null then 'FAO gives no customs code for the item'
            when items.missing_reason is not null then items.missing_reason
            else 'no row in Comext for this year'
        end as comext_missing_reason,
        importers.origin_iso3 is not null as has_importer,
        exporters.origin_iso3 is not null as has_exporter,
        coalesce(importers.is_provisional, false) or coalesce(exporters.is_provisional, false) as is_provisional,
        coalesce(importers.is_synthetic, false) or coalesce(exporters.is_synthetic, false)
        or coalesce(comext.is_synthetic, false) as is_synthetic,
        coalesce(importers.snapshot_id, exporters.snapshot_id) as snapshot_id,
        comext.snapshot_id as comext_snapshot_id
    from pairs
    left join importers
        on
            pairs.origin_iso3 = importers.origin_iso3
            and pairs.destination_iso3 = importers.destination_iso3
            and pairs.item_code = importers.item_code
            and pairs.year = importers.year
    left join exporters
        on
            pairs.origin_iso3 = exporters.origin_iso3
            and pairs.destination_iso3 = exporters.destination_iso3
            and pairs.item_code = exporters.item_code
            and pairs.year = exporters.year
    left join comext
        on
            pairs.origin_iso3 = comext.origin_iso3
            and pairs.destination_iso3 = comext.destination_iso3
            and pairs.item_code = comext.item_code
            and pairs.year = comext.year
    left join items on pairs.item_code = items.item_code
    left join {{ ref('dim_area') }} as destinations
        on pairs.destination_iso3 = destinations.iso3 and destinations.is_eu_member

),

measured as (

    select
        *,
        100 * (importer_value_usd - exporter_value_usd) / nullif(exporter_value_usd, 0) as gap_pct,
        100 * (comext_value_usd - exporter_value_usd) / nullif(exporter_value_usd, 0) as comext_gap_pct
    from joined

)

select
    measured.origin_iso3,
    measured.destination_iso3,
    measured.item_code,
    products.product_label as item_label,
    measured.year,
    measured.importer_value_usd,
    measured.exporter_value_usd,
    measured.importer_value_usd - measured.exporter_value_usd as gap_usd,
    measured.gap_pct,
    measured.gap_pct between {{ usual[0] }} and {{ usual[1] }} as is_within_usual,
    case
        when not measured.has_exporter then 'only the importer reports the flow'
        when not measured.has_importer then 'only the exporter reports the flow'
        when measured.importer_value_usd is null or measured.exporter_value_usd is null
            then 'a side gives a quantity and no value'
        when measured.exporter_value_usd = 0 then 'the exporter reports a value of zero'
    end as gap_missing_reason,
    measured.importer_quantity_kg,
    measured.exporter_quantity_kg,
    measured.comext_value_usd,
    measured.comext_quantity_kg,
    measured.comext_gap_pct,
    measured.comext_missing_reason,
    measured.is_provisional,
    measured.is_synthetic,
    measured.snapshot_id,
    measured.comext_snapshot_id
from measured
left join {{ ref('dim_product') }} as products
    on products.product_scheme = 'FAO' and measured.item_code = products.product_code
