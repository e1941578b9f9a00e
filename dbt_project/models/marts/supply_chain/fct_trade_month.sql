-- Comext's monthly file of the sectors' products: one pass over the months, filtered before anything is added up.
with sector_codes as (

    select distinct
        product_scheme,
        product_code
    from {{ ref('bridge_product_sector') }}
    where sector_id <> 'other' and product_scheme like 'HS%'

),

sector_chapters as (

    select distinct left(product_code, 2) as hs_chapter
    from sector_codes

),

months as (

    select
        reporter,
        reporter_iso3,
        partner,
        partner_iso3,
        partner_kind,
        product_nc,
        {{ hs_edition('year') }} as product_scheme,
        hs6,
        is_masked,
        left(product_nc, 2) as hs_chapter,
        flow,
        time_period,
        year,
        value_eur,
        -- zero mass beside a value was not reported or rounded away
        case when quantity_kg = 0 and value_eur > 0 then null else quantity_kg end as quantity_kg,
        is_provisional,
        is_synthetic,
        snapshot_id
    from {{ ref('int_comext_months') }}
    where partner_kind <> 'aggregate'

)

select
    months.reporter,
    months.reporter_iso3,
    months.partner,
    months.partner_iso3,
    months.partner_kind,
    months.product_nc,
    months.product_scheme,
    months.hs6,
    months.is_masked,
    {{ flow_name('months.flow') }} as flow,
    months.time_period,
    months.year,
    case months.flow when '1' then 'CIF' else 'FOB' end as valuation,
    {{ sum_of('months.value_eur') }} as value_eur,
    -- one procedure without a mass leaves the mass of all unknown
    case when count(*) = count(months.quantity_kg) then {{ sum_of('months.quantity_kg') }} end as quantity_kg,
    count(*) as added_rows_n,
    {{ any_true('months.is_provisional') }} as is_provisional,
    {{ any_true('months.is_synthetic') }} as is_synthetic,
    max(months.snapshot_id) as snapshot_id
from months
left join sector_codes
    on months.product_scheme = sector_codes.product_scheme and months.hs6 = sector_codes.product_code
left join sector_chapters on months.is_masked and months.hs_chapter = sector_chapters.hs_chapter
where sector_codes.product_code is not null or sector_chapters.hs_chapter is not null
group by
    months.reporter, months.reporter_iso3, months.partner, months.partner_iso3, months.partner_kind, months.product_nc,
    months.product_scheme, months.hs6, months.is_masked, months.flow, months.time_period, months.year
