{{ config(severity='warn') }}
-- Production against area times yield, within a twentieth and the rounding of small figures: beyond it one of the three
-- is of another year, item or unit. Generated figures are left out.
select
    iso3,
    item_code,
    year,
    production_t,
    {{ kg_to_tonnes('area_harvested_ha * yield_kg_per_ha') }} as area_times_yield_t
from {{ ref('fct_production') }}
where
    not is_synthetic
    and abs(production_t - {{ kg_to_tonnes('area_harvested_ha * yield_kg_per_ha') }}) > 0.05 * production_t + 1
