{{ config(severity='warn') }}
-- Partners that add up to more than the reporter's own world total hold something twice.
with partners as (

    select
        reporter,
        left(product_code, 2) as hs_chapter,
        flow,
        year,
        sum(value_eur) as value_eur
    from {{ ref('fct_trade_flow') }}
    where source = 'comext'
    group by reporter, left(product_code, 2), flow, year

)

select
    partners.*,
    world.value_eur as world_value_eur
from partners
inner join {{ ref('int_trade') }} as world
    on
        world.partner = 'WORLD'
        and partners.reporter = world.reporter
        and partners.hs_chapter = world.product
        and partners.flow = {{ flow_name('world.flow') }}
        and partners.year = world.year
where partners.value_eur > 1.01 * world.value_eur
