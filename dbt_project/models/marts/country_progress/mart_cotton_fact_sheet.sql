-- Figures beside each other for the cotton partnership of FAO, ILO, EU and World Bank: no cause and no effect.
{% set products = {
    'cotton': ['52'],
    'garment': ['61', '62'],
} %}
{% set series = {
    'gdp_per_capita': 'NY.GDP.PCAP.PP.KD',
    'poverty': 'SI.POV.DDAY',
} %}

with production as (

    select
        iso3,
        year,
        sum(case when item_code = '328' then production_t end) as seed_cotton_production_t,
        sum(case when item_code = '328' then area_harvested_ha end) as seed_cotton_area_harvested_ha,
        max(case when item_code = '328' then yield_kg_per_ha end) as seed_cotton_yield_kg_per_ha,
        max(case when item_code = '328' then production_status end) as seed_cotton_production_status,
        sum(case when item_code = '767' then production_t end) as cotton_lint_production_t,
        max(case when item_code = '767' then production_status end) as cotton_lint_production_status,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from {{ ref('fct_production') }}
    where item_code in ('328', '767')
    group by iso3, year

),

-- six-digit codes and the residual of each chapter add up to the published chapter
imports as (

    select
        partner_iso3 as iso3,
        year,
        {% for name, chapters in products.items() %}
            {% set wanted = "left(product_code, 2) in (" ~ text_literals(chapters) ~ ")" %}
            {{ sum_of('case when ' ~ wanted ~ ' then value_eur end') }} as {{ name }}_value_eur,
            {{ sum_of('case when ' ~ wanted ~ ' then value_usd end') }} as {{ name }}_value_usd,
            {{ sum_of('case when ' ~ wanted ~ ' then quantity_kg end') }} as {{ name }}_quantity_kg,
            count(case when {{ wanted }} and quantity_kg is null then 1 end) = 0 as {{ name }}_quantity_is_complete,
            count(case when {{ wanted }} then 1 end) as {{ name }}_flows,
        {% endfor %}
        {{ any_true('is_confidential') }} as has_confidential,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from {{ ref('fct_trade_flow') }}
    where
        source = 'comext'
        and flow = 'import'
        and reporter_iso3 in ({{ text_literals(var('eu_members')) }})
        and left(product_code, 2) in ({{ text_literals(products.values() | sum(start=[])) }})
    group by partner_iso3, year

),

assessments as (

    select *
    from {{ ref('int_ilab_assessment') }}
    -- a country that is in the report for its goods alone has no level
    where advancement_level is not null

),

years as (

    select
        iso3,
        year
    from production
    union distinct
    select
        iso3,
        year
    from imports
    union distinct
    select
        iso3,
        report_year as year
    from assessments

),

sheets as (

    select
        roster.*,
        years.year
    from {{ ref('int_cotton_roster') }} as roster
    inner join years on roster.iso3 = years.iso3

),

-- the latest figure up to the year of the sheet, with its own year: surveys are rare
figures as (

    select
        sheets.iso3,
        sheets.year,
        observations.indicator_id,
        observations.year as figure_year,
        observations.obs_value,
        observations.is_synthetic,
        observations.snapshot_id,
        row_number() over (
            partition by sheets.iso3, sheets.year, observations.indicator_id
            order by observations.year desc, observations.source_code asc
        ) as latest_first
    from sheets
    inner join {{ ref('int_comparable_observations') }} as observations
        on sheets.iso3 = observations.iso3 and sheets.year >= observations.year
    where observations.indicator_id in ({{ text_literals(series.values() | list) }})

),

child_work as (

    select
        sheets.iso3,
        sheets.year,
        rates.rate_pct,
        rates.year as rate_year,
        rates.definition_id,
        rates.source_label,
        rates.is_synthetic,
        rates.snapshot_id,
        row_number() over (
            partition by sheets.iso3, sheets.year
            order by rates.preference asc, rates.year desc, rates.source_label asc
        ) as best_first
    from sheets
    inner join {{ ref('int_child_employment') }} as rates
        on sheets.iso3 = rates.iso3 and sheets.year >= rates.year
    where rates.preference is not null

),

reports as (

    select
        sheets.iso3,
        sheets.year,
        assessments.report_year,
        assessments.advancement_level,
        assessments.advancement_rank,
        assessments.is_synthetic,
        assessments.snapshot_id,
        row_number() over (
            partition by sheets.iso3, sheets.year order by assessments.report_year desc
        ) as latest_first
    from sheets
    inner join assessments on sheets.iso3 = assessments.iso3 and sheets.year >= assessments.report_year

),

project_reports as (

    select distinct report_year
    from {{ ref('fct_ilab_project') }}

),

projects as (

    select
        iso3,
        report_year,
        count(*) as projects_n,
        count(case when lower(title) like '%cotton%' then 1 end) as cotton_projects_n
    from {{ ref('fct_ilab_project') }}
    group by iso3, report_year

),

editions as (

    {{ goods_list_editions() }}

),

joined as (

    select
        sheets.*,
        production.seed_cotton_production_t,
        production.seed_cotton_area_harvested_ha,
        production.seed_cotton_yield_kg_per_ha,
        production.seed_cotton_production_status,
        production.cotton_lint_production_t,
        production.cotton_lint_production_status,
        production.snapshot_id as production_snapshot_id,
        {% for name in products %}
            imports.{{ name }}_value_eur as eu_import_{{ name }}_value_eur,
            imports.{{ name }}_value_usd as eu_import_{{ name }}_value_usd,
            imports.{{ name }}_quantity_kg as eu_import_{{ name }}_quantity_kg,
            case when imports.{{ name }}_flows > 0 then imports.{{ name }}_quantity_is_complete end
                as eu_import_{{ name }}_quantity_is_complete,
        {% endfor %}
        imports.has_confidential as eu_import_has_confidential,
        imports.snapshot_id as trade_snapshot_id,
        {% for name in series %}
            {{ name }}.obs_value as {{ name }},
            {{ name }}.figure_year as {{ name }}_year,
        {% endfor %}
        coalesce(gdp_per_capita.snapshot_id, poverty.snapshot_id) as world_bank_snapshot_id,
        child_work.rate_pct as child_employment_rate_pct,
        child_work.rate_year as child_employment_year,
        child_work.definition_id as child_employment_definition_id,
        child_work.source_label as child_employment_source,
        child_work.snapshot_id as child_employment_snapshot_id,
        editions.edition as goods_list_edition,
        editions.snapshot_id as goods_list_snapshot_id,
        cotton.is_child_labour_listed,
        cotton.is_forced_labour_listed,
        reports.report_year as ilab_report_year,
        reports.advancement_level,
        reports.advancement_rank,
        reports.snapshot_id as report_snapshot_id,
        case when project_reports.report_year is not null then coalesce(projects.projects_n, 0) end as projects_n,
        case when project_reports.report_year is not null then coalesce(projects.cotton_projects_n, 0) end
            as cotton_projects_n,
        nullif(
            concat_ws(
                ', ',
                case when production.is_synthetic then 'production' end,
                case when imports.is_synthetic then 'trade' end,
                case when gdp_per_capita.is_synthetic or poverty.is_synthetic then 'World Bank' end,
                case when child_work.is_synthetic then 'child employment' end,
                case when editions.is_synthetic or reports.is_synthetic then 'USDOL' end
            ), ''
        ) as synthetic_parts
    from sheets
    left join production on sheets.iso3 = production.iso3 and sheets.year = production.year
    left join imports on sheets.iso3 = imports.iso3 and sheets.year = imports.year
    {% for name, indicator in series.items() %}
        left join figures as {{ name }}
            on
                sheets.iso3 = {{ name }}.iso3
                and sheets.year = {{ name }}.year
                and {{ name }}.indicator_id = '{{ indicator }}'
                and {{ name }}.latest_first = 1
    {% endfor %}
    left join child_work
        on sheets.iso3 = child_work.iso3 and sheets.year = child_work.year and child_work.best_first = 1
    left join editions
        on sheets.year between editions.valid_from_year and coalesce(editions.valid_to_year, 9999)
    left join {{ ref('fct_goods_list') }} as cotton
        on
            editions.edition = cotton.edition
            and sheets.iso3 = cotton.iso3
            and cotton.good_id = 'cotton'
    left join reports
        on sheets.iso3 = reports.iso3 and sheets.year = reports.year and reports.latest_first = 1
    left join project_reports on reports.report_year = project_reports.report_year
    left join projects
        on sheets.iso3 = projects.iso3 and reports.report_year = projects.report_year

)

select
    iso3,
    year,
    partnerships,
    pathfinder_status,
    pathfinder_is_verified,
    seed_cotton_production_t,
    seed_cotton_area_harvested_ha,
    seed_cotton_yield_kg_per_ha,
    seed_cotton_production_status,
    cotton_lint_production_t,
    cotton_lint_production_status,
    case
        when seed_cotton_production_t is null and cotton_lint_production_t is null
            then 'FAO gives no cotton for this country and year'
        when seed_cotton_production_t is null then 'FAO gives lint only for this year'
        when cotton_lint_production_t is null then 'FAO gives seed cotton only for this year'
    end as production_missing_reason,
    {% for name in products %}
        eu_import_{{ name }}_value_eur,
        eu_import_{{ name }}_value_usd,
        eu_import_{{ name }}_quantity_kg,
        eu_import_{{ name }}_quantity_is_complete,
        case
            when eu_import_{{ name }}_value_eur is null
                then 'no such flow in Comext: none reported, or not asked for in this year'
        end as eu_import_{{ name }}_missing_reason,
    {% endfor %}
    eu_import_has_confidential,
    gdp_per_capita as gdp_per_capita_intl_dollars,
    gdp_per_capita_year,
    poverty as poverty_rate_pct,
    poverty_year,
    child_employment_rate_pct,
    child_employment_year,
    child_employment_definition_id,
    child_employment_source,
    case when child_employment_rate_pct is null then 'no usable figure up to this year' end
        as child_employment_missing_reason,
    goods_list_edition,
    -- before the first edition nothing was assessed: unknown, not unlisted
    case when goods_list_edition is not null then coalesce(is_child_labour_listed, false) end
        as is_cotton_child_labour_listed,
    case when goods_list_edition is not null then coalesce(is_forced_labour_listed, false) end
        as is_cotton_forced_labour_listed,
    ilab_report_year,
    advancement_level,
    advancement_rank,
    cast(projects_n as integer) as projects_n,
    cast(cotton_projects_n as integer) as cotton_projects_n,
    synthetic_parts is not null as is_synthetic,
    synthetic_parts,
    production_snapshot_id,
    trade_snapshot_id,
    world_bank_snapshot_id,
    child_employment_snapshot_id,
    goods_list_snapshot_id,
    report_snapshot_id
from joined
