-- Product TOTAL is a check figure of its own (expectation totals_equal_parts) and never among the rows.
-- Visible products pass one by one, since 24 months have more than a hundred million of them; only masked ones are
-- added up, because they repeat under one code and differ in classifications alone.
with cells as (

    select
        reporter,
        partner,
        trade_type,
        product_nc,
        flow,
        stat_procedure,
        suppl_unit,
        period,
        is_synthetic,
        snapshot_id,
        -- dots stand for an unknown class
        nullif(replace(trim(product_sitc), '.', ''), '') as product_sitc,
        nullif(replace(trim(product_cpa21), '.', ''), '') as product_cpa21,
        nullif(replace(trim(product_cpa22), '.', ''), '') as product_cpa22,
        nullif(replace(trim(product_bec), '.', ''), '') as product_bec,
        nullif(replace(trim(product_bec5), '.', ''), '') as product_bec5,
        nullif(replace(trim(product_section), '.', ''), '') as product_section,
        obs_value as value_eur,
        {{ number_or_null('value_nac') }} as value_nac,
        {{ number_or_null('quantity_kg') }} as quantity_kg,
        {{ number_or_null('quantity_suppl_unit') }} as quantity_suppl_unit,
        not {{ text_matches('product_nc', '[0-9]{8}') }} as is_masked
    from {{ source('eurostat', 'eurostat_comext_full_v2') }}
    where product_nc <> 'TOTAL'

),

products as (

    select
        reporter,
        partner,
        trade_type,
        product_nc,
        flow,
        stat_procedure,
        suppl_unit,
        period,
        is_synthetic,
        snapshot_id,
        product_sitc,
        product_cpa21,
        product_cpa22,
        product_bec,
        product_bec5,
        product_section,
        is_masked,
        value_eur,
        value_nac,
        quantity_kg,
        quantity_suppl_unit
    from cells
    where not is_masked

    union all

    select
        reporter,
        partner,
        trade_type,
        product_nc,
        flow,
        stat_procedure,
        suppl_unit,
        period,
        is_synthetic,
        snapshot_id,
        cast(null as varchar) as product_sitc,
        cast(null as varchar) as product_cpa21,
        cast(null as varchar) as product_cpa22,
        cast(null as varchar) as product_bec,
        cast(null as varchar) as product_bec5,
        cast(null as varchar) as product_section,
        is_masked,
        sum(value_eur) as value_eur,
        case when count(*) = count(value_nac) then sum(value_nac) end as value_nac,
        case when count(*) = count(quantity_kg) then sum(quantity_kg) end as quantity_kg,
        case when count(*) = count(quantity_suppl_unit) then sum(quantity_suppl_unit) end as quantity_suppl_unit
    from cells
    where is_masked
    group by
        reporter,
        partner,
        trade_type,
        product_nc,
        flow,
        stat_procedure,
        suppl_unit,
        period,
        is_synthetic,
        snapshot_id,
        is_masked

)

select
    reporter,
    partner,
    trade_type,
    product_nc,
    case when not is_masked then substr(product_nc, 1, 6) end as hs6,
    is_masked,
    product_sitc,
    product_cpa21,
    product_cpa22,
    product_bec,
    product_bec5,
    product_section,
    flow,
    stat_procedure,
    -- inward processing was 5 and 6 before 2010, the arrangements for textiles were 7
    case
        when stat_procedure in ('5', '6') then '2'
        when stat_procedure = '7' then '3'
        else stat_procedure
    end as stat_procedure_current,
    suppl_unit,
    substr(period, 1, 4) || '-' || substr(period, 5, 2) as time_period,
    {{ year_or_null('substr(period, 1, 4)') }} as year,
    value_eur,
    value_nac,
    quantity_kg,
    quantity_suppl_unit,
    -- zero mass is a mass that was not reported or rounded away
    case when quantity_kg > 0 then value_eur / quantity_kg end as unit_value_eur_per_kg,
    -- final from October of the year after
    current_date < cast(({{ year_or_null('substr(period, 1, 4)') }} + 1) || '-10-01' as date) as is_provisional,
    is_synthetic,
    snapshot_id
from products
