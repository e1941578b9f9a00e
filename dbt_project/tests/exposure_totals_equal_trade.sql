-- The mart neither loses nor doubles imports: per year and sector it holds what the fact holds for countries.
with chapters as (

    select distinct
        substr(product_code, 1, 2) as hs_chapter,
        sector_id
    from {{ ref('bridge_product_sector') }}
    where product_scheme = 'HS2022' and sector_id <> 'other'

),

mart as (

    select
        year,
        sector_id,
        sum(import_value_eur) as value_eur
    from {{ ref('mart_exposure') }}
    group by year, sector_id

),

trade as (

    select
        flows.year,
        chapters.sector_id,
        sum(flows.value_eur) as value_eur
    from {{ ref('fct_trade_flow') }} as flows
    inner join chapters on substr(flows.product_code, 1, 2) = chapters.hs_chapter
    where flows.source = 'comext' and flows.flow = 'import' and flows.partner_kind in ('country', 'territory')
    group by flows.year, chapters.sector_id

)

select
    coalesce(mart.year, trade.year) as year,
    coalesce(mart.sector_id, trade.sector_id) as sector_id,
    mart.value_eur as mart_value_eur,
    trade.value_eur as trade_value_eur
from mart
full outer join trade on mart.year = trade.year and mart.sector_id = trade.sector_id
where abs(coalesce(mart.value_eur, 0) - coalesce(trade.value_eur, 0)) > 1e-9 * coalesce(trade.value_eur, 0)
