-- A row never uses an edition or an observation of a later year.
select
    origin_iso3,
    destination_iso3,
    sector_id,
    stage,
    year,
    goods_list_edition,
    prevalence_year,
    child_employment_year
from {{ ref('mart_exposure') }}
where goods_list_edition > year or prevalence_year > year or child_employment_year > year
