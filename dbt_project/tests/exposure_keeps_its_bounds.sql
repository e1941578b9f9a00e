-- Bounds enclose the middle, a flagged part is no more than the whole, an exposed value stands exactly where a
-- prevalence and a value stand, and the countries' shares of what a destination buys are not more than all of it.
select
    destination_iso3,
    sector_id,
    stage,
    year,
    'bounds' as broken_rule
from {{ ref('mart_exposure') }}
where
    not (prevalence_low_pct <= prevalence_pct and prevalence_pct <= prevalence_high_pct)
    or not (exposed_value_eur_low <= exposed_value_eur_mid and exposed_value_eur_mid <= exposed_value_eur_high)
    or prevalence_low_pct < 0
    or prevalence_high_pct > 100
    or child_labour_flagged_value_eur > value_eur * (1 + 1e-9)
    or forced_labour_flagged_value_eur > value_eur * (1 + 1e-9)
    or (exposed_value_eur_low is null) <> (prevalence_pct is null or value_eur is null)
    or (exposed_value_eur_high is null) <> (prevalence_pct is null or value_eur is null)
union all
select
    destination_iso3,
    sector_id,
    stage,
    year,
    'shares' as broken_rule
from {{ ref('mart_exposure') }}
group by destination_iso3, sector_id, stage, year
having sum(share_of_destination_imports_pct) > 100 + 1e-6
