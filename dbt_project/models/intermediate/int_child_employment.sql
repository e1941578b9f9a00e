-- Candidates for the child employment rate of a country: one share of children in economic activity a row.
with candidates as (

    select
        iso3,
        year,
        obs_value as rate_pct,
        definition_id,
        source_label,
        source_code,
        is_synthetic,
        snapshot_id,
        case
            when definition_id = 'ilo_sdg_871a_5_17' then 1
            when definition_id = 'wdi_children_in_employment_7_14' then 2
        end as preference,
        case
            when basis = 'projection' then 'projection'
            when doubt is not null then 'doubtful: ' || doubt
            when lower(note) like '%covers %' then 'part of the country'
            when coalesce(definition_id, '') not in ('ilo_sdg_871a_5_17', 'wdi_children_in_employment_7_14')
                then 'other age band'
        end as unusable_reason
    from {{ ref('int_observations') }}
    where
        obs_value is not null
        and area_kind in ('country', 'territory')
        and (
            (indicator_id = 'SDG_A871_SEX_AGE_RT' and sex = 'SEX_T')
            or indicator_id = 'SL.TLF.0714.ZS'
        )

)

select
    iso3,
    year,
    rate_pct,
    definition_id,
    coalesce(source_label, source_code) as source_label,
    case when unusable_reason is null then preference end as preference,
    unusable_reason,
    is_synthetic,
    snapshot_id
from candidates
