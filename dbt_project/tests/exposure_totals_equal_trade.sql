-- The mart neither loses nor doubles imports: what a destination buys from countries in a year is in the mart, in the
-- part of a code that belongs to no sector, or under a code that no sector has.
with mart as (

    select
        destination_iso3,
        year,
        sum(value_eur) as value_eur
    from {{ ref('mart_exposure') }}
    group by destination_iso3, year

),

other_weights as (

    select
        product_scheme,
        product_code,
        sum(case when sector_id = 'other' then weight else 0 end) as weight
    from {{ ref('bridge_product_sector') }}
    group by product_scheme, product_code

),

trade as (

    select
        flows.reporter_iso3,
        flows.year,
        sum(flows.value_eur) as value_eur,
        sum(flows.value_eur * coalesce(other_weights.weight, 1)) as other_value_eur
    from {{ ref('fct_trade_flow') }} as flows
    inner join {{ ref('dim_area') }} as destinations
        on flows.reporter_iso3 = destinations.iso3 and destinations.is_eu_member
    left join other_weights
        on flows.product_scheme = other_weights.product_scheme and flows.product_code = other_weights.product_code
    where flows.source = 'comext' and flows.flow = 'import' and flows.partner_kind in ('country', 'territory')
    group by flows.reporter_iso3, flows.year

)

select
    coalesce(mart.destination_iso3, trade.reporter_iso3) as destination_iso3,
    coalesce(mart.year, trade.year) as year,
    mart.value_eur as mart_value_eur,
    trade.other_value_eur,
    trade.value_eur as trade_value_eur
from mart
full outer join trade on mart.destination_iso3 = trade.reporter_iso3 and mart.year = trade.year
where
    abs(coalesce(mart.value_eur, 0) + coalesce(trade.other_value_eur, 0) - coalesce(trade.value_eur, 0))
    > 1e-9 * coalesce(trade.value_eur, 0)
