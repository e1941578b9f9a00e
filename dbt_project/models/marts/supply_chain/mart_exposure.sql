with chapters as (

    select distinct
        substr(product_code, 1, 2) as hs_chapter,
        sector_id
    from {{ ref('bridge_product_sector') }}
    where product_scheme = 'HS2022' and sector_id <> 'other'

),

trade as (

    select
        flows.partner_iso3 as origin_iso3,
        flows.reporter_iso3 as destination_iso3,
        chapters.sector_id,
        flows.year,
        sum(flows.value_eur) as import_value_eur,
        sum(flows.quantity_kg) as import_quantity_kg,
        count(*) = count(flows.quantity_kg) as quantity_is_complete,
        {{ any_true('flows.is_synthetic') }} as is_synthetic,
        max(flows.snapshot_id) as snapshot_id
    from {{ ref('fct_trade_flow') }} as flows
    inner join chapters on substr(flows.product_code, 1, 2) = chapters.hs_chapter
    inner join {{ ref('dim_area') }} as destinations
        on flows.reporter_iso3 = destinations.iso3 and destinations.is_eu_member
    where flows.source = 'comext' and flows.flow = 'import' and flows.partner_kind in ('country', 'territory')
    group by flows.partner_iso3, flows.reporter_iso3, chapters.sector_id, flows.year

),

production as (

    select
        production.iso3,
        sectors.sector_id,
        production.year,
        production.production_t,
        sectors.production_item,
        production.is_synthetic,
        production.snapshot_id
    from {{ ref('fct_production') }} as production
    inner join {{ ref('dim_sector') }} as sectors on production.item_code = sectors.production_item_code
    where production.area_kind in ('country', 'territory') and production.production_t is not null

),

goods as (

    select
        goods_list.edition,
        goods_list.iso3,
        sector_goods.sector_id,
        {{ any_true('goods_list.is_child_labour_listed') }} as is_child_labour_listed,
        {{ any_true('goods_list.is_forced_labour_listed') }} as is_forced_labour_listed,
        {{ any_true('goods_list.is_forced_child_labour_listed') }} as is_forced_child_labour_listed,
        {{ text_list('goods_list.good_name') }} as listed_goods
    from {{ ref('fct_goods_list') }} as goods_list
    inner join {{ ref('sector_good') }} as sector_goods on goods_list.good_id = sector_goods.good_id
    -- derived goods carry no flag of their own: their risk lies in another country
    where
        goods_list.is_child_labour_listed
        or goods_list.is_forced_labour_listed
        or goods_list.is_forced_child_labour_listed
    group by goods_list.edition, goods_list.iso3, sector_goods.sector_id

),

editions as (

    select
        edition,
        valid_from_year,
        valid_to_year,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from {{ ref('fct_goods_list') }}
    group by edition, valid_from_year, valid_to_year

),

origin_years as (

    select distinct
        origin_iso3,
        year
    from trade

),

rates as (

    select
        origin_years.origin_iso3,
        origin_years.year as row_year,
        candidates.*,
        row_number() over (
            partition by origin_years.origin_iso3, origin_years.year
            order by candidates.preference asc, candidates.year desc, candidates.source_label asc
        ) as best_first
    from origin_years
    inner join {{ ref('int_child_employment') }} as candidates
        on origin_years.origin_iso3 = candidates.iso3 and origin_years.year >= candidates.year
    where candidates.preference is not null

),

rate_gaps as (

    select
        iso3,
        {{ any_true('preference is not null') }} as has_usable
    from {{ ref('int_child_employment') }}
    group by iso3

),

joined as (

    select
        trade.*,
        production.production_t,
        production.production_item,
        production.is_synthetic as production_is_synthetic,
        production.snapshot_id as production_snapshot_id,
        editions.edition,
        editions.is_synthetic as goods_list_is_synthetic,
        editions.snapshot_id as goods_list_snapshot_id,
        goods.is_child_labour_listed,
        goods.is_forced_labour_listed,
        goods.is_forced_child_labour_listed,
        goods.listed_goods,
        rates.rate_pct,
        rates.year as rate_year,
        rates.definition_id,
        rates.source_label,
        rates.is_synthetic as rate_is_synthetic,
        rates.snapshot_id as rate_snapshot_id,
        rate_gaps.has_usable
    from trade
    left join production
        on
            trade.origin_iso3 = production.iso3
            and trade.sector_id = production.sector_id
            and trade.year = production.year
    left join editions on trade.year between editions.valid_from_year and coalesce(editions.valid_to_year, 9999)
    left join goods
        on
            editions.edition = goods.edition
            and trade.origin_iso3 = goods.iso3
            and trade.sector_id = goods.sector_id
    left join rates
        on trade.origin_iso3 = rates.origin_iso3 and trade.year = rates.row_year and rates.best_first = 1
    left join rate_gaps on trade.origin_iso3 = rate_gaps.iso3

),

labelled as (

    select
        *,
        nullif(
            concat_ws(
                ', ',
                case when production_is_synthetic then 'production' end,
                case when is_synthetic then 'trade' end,
                case when goods_list_is_synthetic then 'goods list' end,
                case when rate_is_synthetic then 'child employment' end
            ), ''
        ) as synthetic_parts
    from joined

)

select
    origin_iso3,
    destination_iso3,
    sector_id,
    year,
    production_t,
    production_item,
    import_value_eur,
    import_quantity_kg,
    quantity_is_complete,
    edition as goods_list_edition,
    -- before the first edition nothing was assessed: unknown, not unlisted
    case when edition is not null then coalesce(is_child_labour_listed, false) end as is_child_labour_listed,
    case when edition is not null then coalesce(is_forced_labour_listed, false) end as is_forced_labour_listed,
    case when edition is not null then coalesce(is_forced_child_labour_listed, false) end
        as is_forced_child_labour_listed,
    listed_goods,
    rate_pct as child_employment_rate_pct,
    rate_year as child_employment_year,
    definition_id as child_employment_definition_id,
    source_label as child_employment_source,
    case
        when rate_pct is not null then null
        when has_usable then 'observations exist only after this year'
        when has_usable is not null then 'only figures for another age band or a part of the country'
        else 'no observation for this country'
    end as child_employment_missing_reason,
    synthetic_parts is not null as is_synthetic,
    synthetic_parts,
    production_snapshot_id,
    snapshot_id as trade_snapshot_id,
    goods_list_snapshot_id,
    rate_snapshot_id as child_employment_snapshot_id
from labelled
