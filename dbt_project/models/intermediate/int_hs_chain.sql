-- Follows older codes forward, one edition at a time, to the codes of HS2022; shares multiply along each way.
with recursive links as (

    select
        older_scheme,
        older_code,
        newer_scheme,
        newer_code,
        -- nobody publishes what part of an older code's trade went where: equal parts are our assumption
        1.0 / count(*) over (partition by older_scheme, older_code) as code_share
    from {{ ref('hs_link') }}
    where newer_code is not null and not is_collecting

),

ways as (

    select
        'HS2022' as product_scheme,
        codes.code as product_code,
        codes.code as hs2022_code,
        cast(1 as double) as code_share
    from (
        select hs2022_code as code from {{ ref('sector_product') }}
        union distinct
        select newer_code as code from links
        where newer_scheme = 'HS2022'
    ) as codes
    union all
    select
        links.older_scheme as product_scheme,
        links.older_code as product_code,
        ways.hs2022_code,
        ways.code_share * links.code_share as code_share
    from ways
    inner join links on ways.product_scheme = links.newer_scheme and ways.product_code = links.newer_code

)

select
    product_scheme,
    product_code,
    hs2022_code,
    sum(code_share) as code_share
from ways
group by product_scheme, product_code, hs2022_code
