-- Codes of the Combined Nomenclature that were seen in the months or in the links, each with its latest content.
with seen as (

    select
        product_nc as code,
        max(year) as last_seen_year
    from {{ ref('stg_eurostat__comext_full_v2') }}
    where not is_masked
    group by product_nc
    union all
    select
        origin_code as code,
        max(origin_year) as last_seen_year
    from {{ ref('stg_eurostat__cn8_links') }}
    group by origin_code
    union all
    select
        destination_code as code,
        max(destination_year) as last_seen_year
    from {{ ref('stg_eurostat__cn8_links') }}
    group by destination_code

),

codes as (

    select
        code,
        max(last_seen_year) as last_seen_year
    from seen
    group by code

),

starts as (

    select
        destination_code as code,
        max(destination_year) as valid_from_year
    from {{ ref('stg_eurostat__cn8_links') }}
    group by destination_code

),

ends as (

    select
        origin_code as code,
        max(origin_year) as valid_to_year
    from {{ ref('stg_eurostat__cn8_links') }}
    group by origin_code

)

select
    codes.code as product_code,
    substr(codes.code, 1, 6) as hs6,
    starts.valid_from_year,
    case
        when ends.valid_to_year >= coalesce(starts.valid_from_year, 0) and ends.valid_to_year >= codes.last_seen_year
            then ends.valid_to_year
        else 9999
    end as valid_to_year
from codes
left join starts on codes.code = starts.code
left join ends on codes.code = ends.code
