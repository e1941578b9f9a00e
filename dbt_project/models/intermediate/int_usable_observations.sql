-- Comparable observations, with the reason where a figure must not stand for the whole country.
with parts_of_a_country as (

    -- the World Bank says so in a footnote
    select distinct
        iso3,
        definition_id,
        year
    from {{ ref('int_child_employment') }}
    where unusable_reason = 'part of the country'

)

select
    observations.iso3,
    observations.indicator_id,
    observations.definition_id,
    observations.breakdown,
    observations.year,
    observations.obs_value,
    observations.unit,
    observations.source_code,
    observations.source_label,
    observations.comparability_group,
    observations.is_synthetic,
    observations.snapshot_id,
    case
        when parts_of_a_country.iso3 is not null then 'only figures for a part of the country'
        when observations.obs_status = 'U' then 'only figures that the partner calls unreliable'
    end as unusable_reason
from {{ ref('int_comparable_observations') }} as observations
left join parts_of_a_country
    on
        observations.iso3 = parts_of_a_country.iso3
        and observations.definition_id = parts_of_a_country.definition_id
        and observations.year = parts_of_a_country.year
