-- Nothing that is a sum of other areas stands among countries.
with published as (

    select
        'fct_production' as relation,
        iso3
    from {{ ref('fct_production') }}
    union
    select
        'fct_trade_flow' as relation,
        partner_iso3 as iso3
    from {{ ref('fct_trade_flow') }}
    union
    select
        'fct_trafficking_victim' as relation,
        iso3
    from {{ ref('fct_trafficking_victim') }}
    union
    select
        'fct_goods_list' as relation,
        iso3
    from {{ ref('fct_goods_list') }}
    union
    select
        'fct_observation' as relation,
        iso3
    from {{ ref('fct_observation') }}
    union
    select
        'mart_exposure' as relation,
        origin_iso3 as iso3
    from {{ ref('mart_exposure') }}
    union
    select
        'mart_progress' as relation,
        iso3
    from {{ ref('mart_progress') }}

)

select
    published.relation,
    published.iso3
from published
left join {{ ref('dim_area') }} as areas on published.iso3 = areas.iso3
where published.iso3 is not null and coalesce(areas.kind, 'aggregate') = 'aggregate'
