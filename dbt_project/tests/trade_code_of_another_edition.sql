{{ config(severity='warn') }}

-- Codes that belong to a sector in another edition of the HS and are not known in that of their year (854140 after
-- 2021): a slip of the partner's, and value that would silently be in no sector.
with known as (

    select
        product_scheme,
        product_code
    from {{ ref('dim_product') }}
    where product_scheme like 'HS%'
    union distinct
    -- codes of no sector that the links name
    select
        newer_scheme as product_scheme,
        newer_code as product_code
    from {{ ref('hs_link') }}
    where newer_code is not null

),

codes as (

    select distinct product_code from known

),

traded as (

    select
        product_scheme,
        product_code,
        sum(value_eur) as value_eur
    from {{ ref('fct_trade_flow') }}
    where source = 'comext' and not is_residual
    group by product_scheme, product_code

)

select
    traded.product_scheme,
    traded.product_code,
    traded.value_eur
from traded
inner join codes on traded.product_code = codes.product_code
left join known
    on traded.product_scheme = known.product_scheme and traded.product_code = known.product_code
where known.product_code is null
