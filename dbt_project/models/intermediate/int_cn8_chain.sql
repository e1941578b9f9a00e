-- Follows each changed code of the Combined Nomenclature from turn to turn of the year to the codes of today.
with recursive printed as (

    select
        origin_year,
        origin_code,
        destination_year,
        destination_code,
        -- a code that gathers a little from many codes says next to nothing of any of them
        origin_code <> destination_code
        and count(*) over (partition by origin_year, destination_code) > {{ var('most_older_codes') }} as is_collecting
    from {{ ref('stg_eurostat__cn8_links') }}

),

usable as (

    select
        *,
        min(case when is_collecting then 1 else 0 end) over (partition by origin_year, origin_code) = 1
            as has_no_other_link
    from printed

),

links as (

    select
        origin_year,
        origin_code,
        destination_year,
        destination_code,
        -- nobody publishes shares: equal parts are our assumption
        1.0 / count(*) over (partition by origin_year, origin_code) as code_share
    from usable
    where not is_collecting or has_no_other_link

),

turns as (

    select distinct
        origin_code,
        origin_year
    from links

),

changes as (

    -- a code may be changed again, or come back with another content: each change speaks for the years since the last
    select
        origin_code,
        origin_year,
        lag(origin_year) over (partition by origin_code order by origin_year) as origin_year_before
    from turns

),

ways as (

    select
        origin_year,
        origin_code,
        destination_year as current_year,
        destination_code as current_code,
        cast(code_share as double) as code_share
    from links
    union all
    select
        ways.origin_year,
        ways.origin_code,
        links.destination_year as current_year,
        links.destination_code as current_code,
        ways.code_share * links.code_share as code_share
    from ways
    inner join changes
        on
            ways.current_code = changes.origin_code
            and ways.current_year > coalesce(changes.origin_year_before, 0)
            and ways.current_year <= changes.origin_year
    inner join links
        on changes.origin_code = links.origin_code and changes.origin_year = links.origin_year

),

last_changes as (

    select
        origin_code,
        max(origin_year) as origin_year
    from changes
    group by origin_code

)

select
    ways.origin_year,
    ways.origin_code,
    ways.current_code,
    sum(ways.code_share) as weight
from ways
left join last_changes on ways.current_code = last_changes.origin_code
-- codes on the way are changed after they came; those of today are not
where last_changes.origin_year is null or last_changes.origin_year < ways.current_year
group by ways.origin_year, ways.origin_code, ways.current_code
