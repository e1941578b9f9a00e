{{ config(severity='warn') }}
-- Series in the lake that the registry no longer describes; their observations are in no mart.
with in_lake as (

    select indicator_id from {{ ref('int_ilo_observations') }}
    union
    select indicator_id from {{ ref('stg_world_bank__wdi') }}
    union
    select indicator_id from {{ ref('stg_world_bank__wgi') }}
    union
    select 'ILAB_ADVANCEMENT_RANK' as indicator_id
    from {{ ref('stg_ilab__findings') }}
    union
    select 'ILAB_WORKING_CHILDREN' as indicator_id
    from {{ ref('stg_ilab__findings') }}

)

select in_lake.indicator_id
from in_lake
left join {{ ref('stg_reference__series') }} as series on in_lake.indicator_id = series.indicator_id
where series.indicator_id is null
