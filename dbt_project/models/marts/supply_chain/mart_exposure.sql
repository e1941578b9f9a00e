with codes as (

    select
        product_scheme,
        product_code,
        sector_id,
        stage,
        weight
    from {{ ref('bridge_product_sector') }}
    where sector_id <> 'other'

),

imports as (

    select flows.*
    from {{ ref('fct_trade_flow') }} as flows
    inner join {{ ref('dim_area') }} as destinations
        on flows.reporter_iso3 = destinations.iso3 and destinations.is_eu_member
    where flows.source = 'comext' and flows.flow = 'import'

),

-- What is published of a heading or chapter without its subheadings: it may belong to any stage that has codes there.
residual_codes as (

    select distinct
        hidden.product_scheme,
        hidden.product_code,
        codes.sector_id,
        codes.stage
    from (
        select distinct
            product_scheme,
            product_code
        from imports
        where is_residual
    ) as hidden
    inner join codes
        on
            hidden.product_scheme = codes.product_scheme
            and codes.product_code like replace(hidden.product_code, 'X', '') || '%'

),

residuals as (

    select
        imports.partner_iso3,
        imports.reporter_iso3,
        residual_codes.sector_id,
        residual_codes.stage,
        imports.year,
        {{ sum_of('imports.value_eur') }} as residual_value_eur
    from imports
    inner join residual_codes
        on
            imports.product_scheme = residual_codes.product_scheme
            and imports.product_code = residual_codes.product_code
    group by
        imports.partner_iso3, imports.reporter_iso3, residual_codes.sector_id, residual_codes.stage, imports.year

),

goods as (

    select
        goods_list.iso3,
        goods_list.edition,
        goods_list.valid_from_year,
        goods_list.valid_to_year,
        goods_list.good_name,
        goods_list.is_child_labour_listed,
        goods_list.is_forced_labour_listed,
        goods_list.is_forced_child_labour_listed,
        sector_goods.sector_id,
        sector_goods.stage,
        sector_goods.hs_prefix
    from {{ ref('fct_goods_list') }} as goods_list
    inner join {{ ref('bridge_sector_good') }} as sector_goods on goods_list.good_id = sector_goods.good_id
    -- derived goods carry no flag of their own: their risk lies in another country
    where
        goods_list.is_child_labour_listed
        or goods_list.is_forced_labour_listed
        or goods_list.is_forced_child_labour_listed

),

listed_codes as (

    select
        goods.iso3,
        goods.valid_from_year,
        goods.valid_to_year,
        goods.sector_id,
        goods.stage,
        codes.product_scheme,
        codes.product_code,
        {{ any_true('goods.is_child_labour_listed') }} as is_child_labour_listed,
        {{ any_true('goods.is_forced_labour_listed') }} as is_forced_labour_listed
    from goods
    inner join codes
        on
            goods.sector_id = codes.sector_id
            and goods.stage = codes.stage
            and codes.product_code like goods.hs_prefix || '%'
            -- FAO's item codes are numbers of another list
            and codes.product_scheme like 'HS%'
    group by
        goods.iso3, goods.valid_from_year, goods.valid_to_year, goods.sector_id, goods.stage, codes.product_scheme,
        codes.product_code

),

listed_goods as (

    select
        iso3,
        edition,
        sector_id,
        stage,
        {{ any_true('is_child_labour_listed') }} as is_child_labour_listed,
        {{ any_true('is_forced_labour_listed') }} as is_forced_labour_listed,
        {{ any_true('is_forced_child_labour_listed') }} as is_forced_child_labour_listed,
        {{ text_list('good_name') }} as listed_goods
    from goods
    group by iso3, edition, sector_id, stage

),

editions as (

    {{ goods_list_editions() }}

),

parts as (

    select
        imports.partner_iso3,
        imports.partner_kind,
        imports.reporter_iso3,
        codes.sector_id,
        codes.stage,
        imports.year,
        imports.value_eur * codes.weight as value_eur,
        imports.value_usd * codes.weight as value_usd,
        imports.quantity_kg * codes.weight as quantity_kg,
        case when codes.weight > 1 - 1e-9 then imports.value_eur end as whole_value_eur,
        case when listed_codes.is_child_labour_listed then imports.value_eur * codes.weight end
            as child_labour_flagged_value_eur,
        case when listed_codes.is_forced_labour_listed then imports.value_eur * codes.weight end
            as forced_labour_flagged_value_eur,
        imports.quantity_kg is null as lacks_quantity,
        imports.is_provisional,
        imports.is_synthetic,
        imports.snapshot_id
    from imports
    inner join codes
        on imports.product_scheme = codes.product_scheme and imports.product_code = codes.product_code
    left join listed_codes
        on
            imports.partner_iso3 = listed_codes.iso3
            and imports.year between listed_codes.valid_from_year and coalesce(listed_codes.valid_to_year, 9999)
            and codes.sector_id = listed_codes.sector_id
            and codes.stage = listed_codes.stage
            and codes.product_scheme = listed_codes.product_scheme
            and codes.product_code = listed_codes.product_code
),

cells as (

    select
        partner_iso3 as origin_iso3,
        partner_kind,
        reporter_iso3 as destination_iso3,
        sector_id,
        stage,
        year,
        {{ sum_of('value_eur') }} as value_eur,
        {{ sum_of('value_usd') }} as value_usd,
        {{ sum_of('quantity_kg') }} as quantity_kg,
        {{ sum_of('whole_value_eur') }} as whole_value_eur,
        {{ sum_of('child_labour_flagged_value_eur') }} as child_labour_flagged_value_eur,
        {{ sum_of('forced_labour_flagged_value_eur') }} as forced_labour_flagged_value_eur,
        not {{ any_true('lacks_quantity') }} as quantity_is_complete,
        {{ any_true('is_provisional') }} as is_provisional,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from parts
    group by partner_iso3, partner_kind, reporter_iso3, sector_id, stage, year

),

shared as (

    select
        *,
        -- before partners without a country are left out: they are in the total of what the destination buys
        round(sum(value_eur) over (partition by destination_iso3, sector_id, stage, year), 2) as all_origins_value_eur
    from cells

),

-- The branch of the economy whose prevalence stands for a stage; a stage across branches takes that of all.
stage_branches as (

    select
        sector_id,
        stage,
        case when min(branch) = max(branch) then min(branch) else 'all' end as branch
    from (
        select
            sector_id,
            stage,
            coalesce(nullif({{ branch_of('isic4_division') }}, 'services'), 'all') as branch
        from {{ ref('bridge_sector_activity') }}
        where weight > 0
    ) as divisions
    group by sector_id, stage

),

trade as (

    select
        shared.*,
        coalesce(stage_branches.branch, 'all') as branch
    from shared
    left join stage_branches on shared.sector_id = stage_branches.sector_id and shared.stage = stage_branches.stage
    where shared.partner_kind in ('country', 'territory')

),

wanted as (

    select distinct
        origin_iso3,
        branch,
        year
    from trade

),

prevalences as (

    select
        wanted.origin_iso3,
        wanted.branch as wanted_branch,
        wanted.year as row_year,
        wanted.year - candidates.year as years_apart,
        candidates.*,
        row_number() over (
            partition by wanted.origin_iso3, wanted.branch, wanted.year
            order by
                case when candidates.branch = wanted.branch then 1 else 2 end, candidates.year desc,
                candidates.source_code asc
        ) as best_first
    from wanted
    inner join {{ ref('int_prevalence') }} as candidates
        on
            wanted.origin_iso3 = candidates.iso3
            and candidates.branch in (wanted.branch, 'all')
            and wanted.year between candidates.year and candidates.valid_to_year
    where candidates.prevalence_pct is not null

),

prevalence as (

    select
        *,
        round(100 * {{ logit_bound('prevalence_pct / 100', 'years_apart', -1) }}, 4) as prevalence_low_pct,
        round(100 * {{ logit_bound('prevalence_pct / 100', 'years_apart', 1) }}, 4) as prevalence_high_pct,
        case branch when 'all' then 'figure of all branches' else 'figure of all ' || branch end
        || ' used for the sector'
        || case when years_apart > 0 then '; figure of ' || year || ' used for ' || row_year else '' end
        || '; ' || basis
        || '; the whole value taken as made in the origin' as assumptions
    from prevalences
    where best_first = 1

),

prevalence_gaps as (

    select
        asked.origin_iso3,
        asked.branch as wanted_branch,
        min(case when candidates.prevalence_pct is not null then candidates.year end) as first_year,
        {{ text_list('candidates.unusable_reason') }} as unusable_reasons
    from (
        select distinct
            origin_iso3,
            branch
        from wanted
    ) as asked
    inner join {{ ref('int_prevalence') }} as candidates
        on asked.origin_iso3 = candidates.iso3 and candidates.branch in (asked.branch, 'all')
    group by asked.origin_iso3, asked.branch

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
        residuals.residual_value_eur,
        editions.edition,
        editions.valid_to_year as edition_valid_to_year,
        editions.is_synthetic as goods_list_is_synthetic,
        editions.snapshot_id as goods_list_snapshot_id,
        listed_goods.is_child_labour_listed,
        listed_goods.is_forced_labour_listed,
        listed_goods.is_forced_child_labour_listed,
        listed_goods.listed_goods,
        prevalence.prevalence_pct,
        prevalence.prevalence_low_pct,
        prevalence.prevalence_high_pct,
        prevalence.year as prevalence_year,
        prevalence.branch as prevalence_branch,
        prevalence.definition_id as prevalence_definition_id,
        prevalence.source_label as prevalence_source,
        prevalence.rule_id as uncertainty_rule_id,
        prevalence.assumptions,
        prevalence.is_synthetic as prevalence_is_synthetic,
        prevalence.snapshot_id as prevalence_snapshot_id,
        case
            when prevalence.prevalence_pct is not null then null
            when prevalence_gaps.origin_iso3 is null then 'no count of child labour for this country'
            when prevalence_gaps.first_year is null then prevalence_gaps.unusable_reasons
            when prevalence_gaps.first_year > trade.year then 'counts of child labour exist only after this year'
            else 'the latest usable count is more than {{ var("prevalence_years_after") }} years old'
        end as prevalence_missing_reason,
        rates.rate_pct,
        rates.year as rate_year,
        rates.definition_id,
        rates.source_label,
        rates.is_synthetic as rate_is_synthetic,
        rates.snapshot_id as rate_snapshot_id,
        rate_gaps.has_usable
    from trade
    left join residuals
        on
            trade.origin_iso3 = residuals.partner_iso3
            and trade.destination_iso3 = residuals.reporter_iso3
            and trade.sector_id = residuals.sector_id
            and trade.stage = residuals.stage
            and trade.year = residuals.year
    left join editions on trade.year between editions.valid_from_year and coalesce(editions.valid_to_year, 9999)
    left join listed_goods
        on
            editions.edition = listed_goods.edition
            and trade.origin_iso3 = listed_goods.iso3
            and trade.sector_id = listed_goods.sector_id
            and trade.stage = listed_goods.stage
    left join prevalence
        on
            trade.origin_iso3 = prevalence.origin_iso3
            and trade.branch = prevalence.wanted_branch
            and trade.year = prevalence.row_year
    left join prevalence_gaps
        on trade.origin_iso3 = prevalence_gaps.origin_iso3 and trade.branch = prevalence_gaps.wanted_branch
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
                case when is_synthetic then 'trade' end,
                case when goods_list_is_synthetic then 'goods list' end,
                case when prevalence_is_synthetic then 'prevalence' end,
                case when rate_is_synthetic then 'child employment' end
            ), ''
        ) as synthetic_parts
    from joined

)

select
    origin_iso3,
    destination_iso3,
    sector_id,
    stage,
    year,
    value_eur,
    value_usd,
    quantity_kg,
    quantity_is_complete and quantity_kg is not null as quantity_is_complete,
    case when all_origins_value_eur > 0 then 100 * value_eur / all_origins_value_eur end
        as share_of_destination_imports_pct,
    case when value_eur > 0 then 100 * coalesce(whole_value_eur, 0) / value_eur end as whole_code_share_pct,
    residual_value_eur,
    is_provisional,
    edition as goods_list_edition,
    -- the list is renewed in even years: a third year means that an edition is missing here
    case when edition is not null then edition_valid_to_year is null and year > edition + 1 end
        as goods_list_is_carried_forward,
    -- before the first edition nothing was assessed: unknown, not unlisted
    case when edition is not null then coalesce(is_child_labour_listed, false) end as is_child_labour_listed,
    case when edition is not null then coalesce(is_forced_labour_listed, false) end as is_forced_labour_listed,
    case when edition is not null then coalesce(is_forced_child_labour_listed, false) end
        as is_forced_child_labour_listed,
    listed_goods,
    case when edition is not null and value_eur is not null then coalesce(child_labour_flagged_value_eur, 0) end
        as child_labour_flagged_value_eur,
    case when edition is not null and value_eur is not null then coalesce(forced_labour_flagged_value_eur, 0) end
        as forced_labour_flagged_value_eur,
    prevalence_pct,
    prevalence_low_pct,
    prevalence_high_pct,
    prevalence_year,
    prevalence_branch,
    prevalence_definition_id,
    prevalence_source,
    prevalence_missing_reason,
    uncertainty_rule_id,
    value_eur * prevalence_low_pct / 100 as exposed_value_eur_low,
    value_eur * prevalence_pct / 100 as exposed_value_eur_mid,
    value_eur * prevalence_high_pct / 100 as exposed_value_eur_high,
    assumptions as exposed_value_assumptions,
    coalesce(
        prevalence_missing_reason, case when value_eur is null then 'the value of the imports is not published' end
    ) as exposed_value_missing_reason,
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
    snapshot_id as trade_snapshot_id,
    goods_list_snapshot_id,
    prevalence_snapshot_id,
    rate_snapshot_id as child_employment_snapshot_id
from labelled
