{{ config(severity='warn') }}
-- Countries that add up to far more than FAO's world row hold something twice, such as China. FAO revises world totals
-- by a tenth between releases, so only a large producer's weight is an alarm. Generated figures keep no such total.
with countries as (

    select
        item_code,
        year,
        sum(production_t) as production_t
    from {{ ref('fct_production') }}
    group by item_code, year
    having not {{ any_true('is_synthetic') }}

),

world as (

    select
        item_code,
        year,
        obs_value as production_t
    from {{ ref('stg_fao__qcl') }}
    where ref_area = '5000' and element_code = '5510' and unit_measure in ('t', 'tonnes')

)

select
    countries.item_code,
    countries.year,
    countries.production_t as countries_t,
    world.production_t as world_t
from countries
inner join world on countries.item_code = world.item_code and countries.year = world.year
where countries.production_t > 1.25 * world.production_t
