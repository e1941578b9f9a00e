{{ config(severity='warn') }}
-- Euro per kilogram of a product in a year, against the median of its years: a factor of 100 is a change of unit.
with unit_values as (

    select
        product,
        flow,
        year,
        sum(value_eur) / nullif(sum(quantity_kg), 0) as eur_per_kg
    from {{ ref('int_trade') }}
    where
        reporter_kind = 'country' and partner_kind in ('country', 'territory')
        and value_eur > 0 and quantity_kg > 0
    group by product, flow, year

),

usual as (

    select
        product,
        flow,
        median(eur_per_kg) as eur_per_kg
    from unit_values
    group by product, flow

)

select
    unit_values.*,
    usual.eur_per_kg as usual_eur_per_kg
from unit_values
inner join usual on unit_values.product = usual.product and unit_values.flow = usual.flow
where unit_values.eur_per_kg not between usual.eur_per_kg / 20 and usual.eur_per_kg * 20
