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
        case
            when is_shared then 'a customs code of the item stands for another item too'
            when is_changed then 'a customs code of the item was split or merged'
        end as missing_reason
    from {{ ref('int_fao_item_hs') }}

),

items as (

    select
        item_code,
        max(missing_reason) as missing_reason,
        count(*) as codes_n
    from item_codes
    group by item_code

),

-- who reports to FAO at all: silence of a whole country is not a flow of nothing
reporters as (

    select distinct
        reporter_iso3 as iso3,
        flow,
        year
    from flows

),

-- a code that no member has in a year was not asked for: without it the sum is not the item
codes_on_file as (

    select distinct
        product_code,
        year
    from {{ ref('fct_trade_flow') }}
    where source = 'comext' and flow = 'import' and not is_residual

),

detailed_members as (

    select distinct
        reporter_iso3 as iso3,
        year
    from {{ ref('fct_trade_flow') }}
    where source = 'comext' and flow = 'import' and not is_residual

),

whole_items as (

    select
        items.item_code,
        codes_on_file.year
    from items
    inner join item_codes on items.item_code = item_codes.item_code
    inner join codes_on_file on item_codes.hs_code = codes_on_file.product_code
    where items.missing_reason is null
    group by items.item_code, items.codes_n, codes_on_file.year
    having count(*) = items.codes_n

),

comext as (

    select
        imports.partner_iso3 as origin_iso3,
        imports.reporter_iso3 as destination_iso3,
        item_codes.item_code,
        imports.year,
        {{ sum_of('imports.value_usd') }} as value_usd,
        case when count(*) = count(imports.quantity_kg) then {{ sum_of('imports.quantity_kg') }} end as quantity_kg,
        {{ any_true('imports.is_synthetic') }} as is_synthetic,
        max(imports.snapshot_id) as snapshot_id
    from {{ ref('fct_trade_flow') }} as imports
    inner join item_codes
        on imports.product_code = item_codes.hs_code
    inner join whole_items
        on item_codes.item_code = whole_items.item_code and imports.year = whole_items.year
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
    union distinct
    select
        origin_iso3,
        destination_iso3,
        item_code,
        year
    from comext
    where year in (select reporters.year from reporters)

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
            when whole_items.item_code is null then 'not all customs codes of the item are on file in this year'
            when detailed_members.iso3 is null then 'the destination has no six-digit codes in Comext in this year'
            else 'the destination has no such import in Comext'
        end as comext_missing_reason,
        importers.origin_iso3 is not null as has_importer,
        exporters.origin_iso3 is not null as has_exporter,
        importing.iso3 is not null as importer_reports,
        exporting.iso3 is not null as exporter_reports,
        coalesce(importers.is_provisional, false) or coalesce(exporters.is_provisional, false) as is_provisional,
        coalesce(importers.is_synthetic, false) or coalesce(exporters.is_synthetic, false)
        or coalesce(comext.is_synthetic, false) as is_synthetic,
        coalesce(importers.snapshot_id, exporters.snapshot_id, comext.snapshot_id) as snapshot_id,
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
    left join whole_items on pairs.item_code = whole_items.item_code and pairs.year = whole_items.year
    left join detailed_members
        on pairs.destination_iso3 = detailed_members.iso3 and pairs.year = detailed_members.year
    left join reporters as importing
        on importing.flow = 'import' and pairs.destination_iso3 = importing.iso3 and pairs.year = importing.year
    left join reporters as exporting
        on exporting.flow = 'export' and pairs.origin_iso3 = exporting.iso3 and pairs.year = exporting.year
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
        when not measured.has_exporter and not measured.exporter_reports
            then 'the exporter reports nothing to FAO in this year'
        when not measured.has_importer and not measured.importer_reports
            then 'the importer reports nothing to FAO in this year'
        when not measured.has_exporter then 'the exporter reports, but not this flow'
        when not measured.has_importer then 'the importer reports, but not this flow'
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
