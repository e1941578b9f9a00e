-- Countries of the cotton fact sheet: those of a partnership, and every country of the pathfinder seed.
with partnerships as (

    select
        iso3,
        {{ text_list("partnership || ', ' || first_year || '-' || last_year") }} as partnerships
    from {{ ref('cotton_roster') }}
    group by iso3

)

select
    coalesce(partnerships.iso3, pathfinders.iso3) as iso3,
    partnerships.partnerships,
    pathfinders.status as pathfinder_status,
    pathfinders.is_verified as pathfinder_is_verified
from partnerships
full outer join {{ ref('pathfinder') }} as pathfinders on partnerships.iso3 = pathfinders.iso3
