-- What an origin makes of a sector and who makes it, figures of the row's own year only: nothing is carried forward.
{% set measures = {
    'employment': 'employment_persons',
    'weekly_hours': 'mean_weekly_hours',
} %}

-- The makers of the raw material, or where a sector has none those of the finished goods.
with stages as (

    select
        sector_id,
        case when max(case when stage = 'raw' then 1 else 0 end) = 1 then 'raw' else 'finished' end as stage
    from {{ ref('bridge_sector_activity') }}
    group by sector_id

),

divisions as (

    select
        activities.sector_id,
        activities.stage,
        activities.isic4_division,
        activities.is_wider,
        activities.note,
        {{ branch_of('activities.isic4_division') }} as branch
    from {{ ref('bridge_sector_activity') }} as activities
    inner join stages on activities.sector_id = stages.sector_id and activities.stage = stages.stage
    where activities.weight = 1  -- a stage spread over several divisions has no figure of its own

),

production as (

    select
        production.iso3,
        sectors.sector_id,
        production.year,
        production.area_harvested_ha,
        production.production_t,
        production.yield_kg_per_ha,
        prices.price_usd_per_t,
        production.is_synthetic or coalesce(prices.is_synthetic, false) as is_synthetic,
        production.snapshot_id,
        prices.snapshot_id as price_snapshot_id
    from {{ ref('fct_production') }} as production
    inner join {{ ref('dim_sector') }} as sectors on production.item_code = sectors.production_item_code
    left join {{ ref('fct_producer_price') }} as prices
        on
            production.ref_area = prices.ref_area
            and production.item_code = prices.item_code
            and production.year = prices.year
    where production.area_kind in ('country', 'territory')

),

-- what the European Union says that it bought
exports as (

    select
        flows.partner_iso3 as iso3,
        codes.sector_id,
        flows.year,
        {{ sum_of('flows.value_eur * codes.weight') }} as eu_imports_eur,
        {{ any_true('flows.is_synthetic') }} as is_synthetic,
        max(flows.snapshot_id) as snapshot_id
    from {{ ref('fct_trade_flow') }} as flows
    inner join {{ ref('bridge_product_sector') }} as codes
        on
            flows.product_scheme = codes.product_scheme
            and flows.product_code = codes.product_code
            and codes.sector_id <> 'other'
    inner join {{ ref('dim_area') }} as destinations
        on flows.reporter_iso3 = destinations.iso3 and destinations.is_eu_member
    where flows.source = 'comext' and flows.flow = 'import' and flows.partner_kind in ('country', 'territory')
    group by flows.partner_iso3, codes.sector_id, flows.year

),

work as (

    select
        iso3,
        year,
        isic4_division,
        {%- for measure, name in measures.items() %}
            count(distinct case when measure = '{{ measure }}' then source_code end) as {{ name }}_sources_n,
            -- two sources in one year disagree, and nobody says which counts
            case
                when count(distinct case when measure = '{{ measure }}' then source_code end) = 1
                    then max(case when measure = '{{ measure }}' then obs_value end)
            end as {{ name }},
        {%- endfor %}
        case
            when count(distinct case when measure = 'employment' then source_code end) = 1
                then max(case when measure = 'employment' then source_label end)
        end as employment_source,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(case when measure = 'employment' then snapshot_id end) as snapshot_id
    from {{ ref('fct_sector_employment') }}
    where source = 'ilo' and sex = 'SEX_T' and isic4_division is not null
    group by iso3, year, isic4_division

),

informality as (

    select
        iso3,
        year,
        case activity when 'AGR' then 'agriculture' when 'IND' then 'industry' when 'SER' then 'services' end as branch,
        case when count(distinct source_code) = 1 then max(obs_value) end as informal_share_pct,
        {{ any_true('is_synthetic') }} as is_synthetic
    from {{ ref('fct_sector_employment') }}
    where
        source = 'ilo' and measure = 'informal_share' and sex = 'SEX_T' and classification = 'SECTOR'
        and activity in ('AGR', 'IND', 'SER')
    group by iso3, year, activity

),

listed as (

    select
        goods_list.iso3,
        sector_goods.sector_id,
        goods_list.edition,
        {{ any_true('goods_list.is_child_labour_listed') }} as is_child_labour_listed,
        {{ any_true('goods_list.is_forced_labour_listed') }} as is_forced_labour_listed,
        {{ text_list('goods_list.good_name') }} as listed_goods
    from {{ ref('fct_goods_list') }} as goods_list
    inner join {{ ref('bridge_sector_good') }} as sector_goods on goods_list.good_id = sector_goods.good_id
    where goods_list.is_child_labour_listed or goods_list.is_forced_labour_listed
    group by goods_list.iso3, sector_goods.sector_id, goods_list.edition

),

editions as (

    {{ goods_list_editions() }}

),

trade_years as (

    select distinct year
    from exports

),

origin_years as (

    select
        iso3,
        sector_id,
        year
    from production
    union distinct
    select
        iso3,
        sector_id,
        year
    from exports

)

select
    origin_years.iso3,
    origin_years.sector_id,
    origin_years.year,
    sectors.production_item,
    production.area_harvested_ha,
    production.production_t,
    production.yield_kg_per_ha,
    case
        when sectors.production_item is null then 'factory goods: FAO counts no production'
        when production.production_t is null then 'FAO has no production of the item in this year'
    end as production_missing_reason,
    production.price_usd_per_t as producer_price_usd_per_t,
    case
        when sectors.production_item is null then 'factory goods: FAO follows no price'
        when production.iso3 is null then 'FAO has no production of the item in this year'
        when production.price_usd_per_t is null then 'FAO has no annual price in dollars in this year'
    end as producer_price_missing_reason,
    divisions.isic4_division,
    divisions.is_wider as isic4_division_is_wider,
    divisions.note as isic4_division_note,
    work.employment_persons,
    work.employment_source,
    work.mean_weekly_hours,
    informality.informal_share_pct,
    case when informality.informal_share_pct is not null then divisions.branch end as informal_share_branch,
    case
        when divisions.sector_id is null then 'the sector''s makers are spread over several divisions'
        when work.employment_persons_sources_n > 1 then 'two surveys of the ILO in this year disagree'
        when work.employment_persons is null then 'the ILO has no count of the division''s employed in this year'
    end as employment_missing_reason,
    case
        when divisions.sector_id is null then 'the sector''s makers are spread over several divisions'
        when work.mean_weekly_hours_sources_n > 1 then 'two surveys of the ILO in this year disagree'
        when work.mean_weekly_hours is null then 'the ILO has no hours of the division in this year'
    end as mean_weekly_hours_missing_reason,
    case
        when divisions.sector_id is null then 'the sector''s makers are spread over several divisions'
        when informality.iso3 is null then 'the ILO has no informal share of the branch in this year'
        when informality.informal_share_pct is null then 'two surveys of the ILO in this year disagree'
    end as informal_share_missing_reason,
    exports.eu_imports_eur,
    case
        when trade_years.year is null then 'no imports of the European Union are on file for this year'
        when exports.iso3 is null then 'no member of the European Union reports imports by six-digit code in this year'
    end as eu_imports_missing_reason,
    editions.edition as goods_list_edition,
    -- before the first edition nothing was assessed: unknown, not unlisted
    case when editions.edition is not null then coalesce(listed.is_child_labour_listed, false) end
        as is_child_labour_listed,
    case when editions.edition is not null then coalesce(listed.is_forced_labour_listed, false) end
        as is_forced_labour_listed,
    listed.listed_goods,
    coalesce(production.is_synthetic, false) or coalesce(work.is_synthetic, false)
    or coalesce(informality.is_synthetic, false) or coalesce(exports.is_synthetic, false)
    or coalesce(editions.is_synthetic, false) as is_synthetic,
    production.snapshot_id as production_snapshot_id,
    production.price_snapshot_id,
    work.snapshot_id as employment_snapshot_id,
    exports.snapshot_id as trade_snapshot_id
from origin_years
inner join {{ ref('dim_sector') }} as sectors on origin_years.sector_id = sectors.sector_id
left join production
    on
        origin_years.iso3 = production.iso3
        and origin_years.sector_id = production.sector_id
        and origin_years.year = production.year
left join exports
    on
        origin_years.iso3 = exports.iso3
        and origin_years.sector_id = exports.sector_id
        and origin_years.year = exports.year
left join trade_years on origin_years.year = trade_years.year
left join divisions on origin_years.sector_id = divisions.sector_id
left join work
    on
        origin_years.iso3 = work.iso3
        and origin_years.year = work.year
        and divisions.isic4_division = work.isic4_division
left join informality
    on
        origin_years.iso3 = informality.iso3
        and origin_years.year = informality.year
        and divisions.branch = informality.branch
left join editions
    on origin_years.year between editions.valid_from_year and coalesce(editions.valid_to_year, 9999)
left join listed
    on
        origin_years.iso3 = listed.iso3
        and origin_years.sector_id = listed.sector_id
        and editions.edition = listed.edition
