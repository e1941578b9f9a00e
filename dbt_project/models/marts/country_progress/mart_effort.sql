-- What governments do, by report. Outcomes are in mart_progress; the two are never made into one score.
{% set counts = {
    'labour_inspections': 'Labor_Inspections',
    'child_labour_violations': 'Labor_Violations',
    'penalties_imposed': 'Labor_Penalties_Imposed',
    'criminal_investigations': 'Criminal_Investigations',
    'prosecutions': 'Criminal_Prosecutions',
    'convictions': 'Criminal_Convictions',
} %}
{% set measures = {'inspectors': 'Labor_Inspectors'} %}
{% set _ = measures.update(counts) %}

with conventions as (

    select
        iso3,
        report_year,
        cast(count(*) as integer) as conventions_asked_n,
        cast(count(is_ratified) as integer) as conventions_answered_n,
        cast(count(case when is_ratified then 1 end) as integer) as conventions_ratified_n,
        {{ text_list('case when not is_ratified then convention_id end') }} as conventions_not_ratified,
        {{ text_list('case when is_step_back then convention_id end') }} as conventions_step_back,
        {{ any_true('is_synthetic') }} as is_synthetic
    from {{ ref('fct_ratification') }}
    group by iso3, report_year

),

-- several parts of a country: met only where met in each, not met where one fails, open where one has no verdict
standards_by_country as (

    select
        iso3,
        report_year,
        standard_id,
        count(*) > 1 or not {{ any_true('is_national') }} as is_by_parts,
        case
            when {{ any_true('not is_conforming') }} then 0
            when count(is_conforming) = count(*) then 1
        end as is_met,
        {{ any_true('is_synthetic') }} as is_synthetic
    from {{ ref('fct_legal_standard') }}
    group by iso3, report_year, standard_id

),

standards as (

    select
        iso3,
        report_year,
        cast(count(is_met) as integer) as standards_assessed_n,
        cast(sum(is_met) as integer) as standards_met_n,
        {{ text_list('case when is_met = 0 then standard_id end') }} as standards_not_met,
        cast(count(case when is_by_parts and is_met is not null then 1 end) as integer) as standards_by_parts_n,
        {{ any_true('is_synthetic') }} as is_synthetic
    from standards_by_country
    group by iso3, report_year

),

facts as (

    select
        iso3,
        report_year,
        measure,
        case when count(case when is_national then 1 end) = 1 then max(case when is_national then value_n end) end
            as value_n,
        max(case when is_national then footnote end) as footnote,
        case
            when count(case when is_national then 1 end) > 1 then 'several answers for the country'
            when not {{ any_true('is_national') }} then 'given for parts of the country only'
            else max(case when is_national then coalesce(missing_reason, 'answered yes or no, without a number') end)
        end as missing_reason,
        {{ any_true('is_synthetic') }} as is_synthetic
    from {{ ref('fct_enforcement') }}
    where section = 'Enforcements' and measure in ({{ text_literals(measures.values() | list) }})
    group by iso3, report_year, measure

),

enforcement as (

    select
        iso3,
        report_year,
        {% for name, measure in measures.items() %}
            max(case when measure = '{{ measure }}' then value_n end) as {{ name }}_n,
            max(case when measure = '{{ measure }}' then missing_reason end) as {{ name }}_missing_reason,
        {% endfor %}
        {{ text_list("case when value_n is not null then measure || ' ' || footnote end") }} as footnotes,
        {{ any_true('is_synthetic') }} as is_synthetic
    from facts
    group by iso3, report_year

),

actions as (

    select
        iso3,
        report_year,
        cast(count(distinct sentence) as integer) as actions_n,
        cast(count(distinct case when report_year - open_since_year >= 2 then sentence end) as integer)
            as actions_open_2_years_n,
        cast(count(distinct case when report_year - open_since_year >= 5 then sentence end) as integer)
            as actions_open_5_years_n,
        max(report_year - open_since_year) as longest_open_years,
        {{ any_true('is_synthetic') }} as is_synthetic
    from {{ ref('int_ilab_suggested_action') }}
    group by iso3, report_year

),

longest_open as (

    select
        suggested.iso3,
        suggested.report_year,
        min(suggested.action_text) as longest_open_action
    from {{ ref('int_ilab_suggested_action') }} as suggested
    inner join actions on suggested.iso3 = actions.iso3 and suggested.report_year = actions.report_year
    where suggested.report_year - suggested.open_since_year = actions.longest_open_years
    group by suggested.iso3, suggested.report_year

),

-- a report's own year has no figure at first: the latest of up to three years before stands in, with its year
series as (

    select
        assessments.iso3,
        assessments.report_year,
        observations.indicator_id,
        observations.year,
        observations.obs_value,
        observations.is_synthetic,
        observations.snapshot_id,
        row_number() over (
            partition by assessments.iso3, assessments.report_year, observations.indicator_id
            order by observations.year desc, observations.source_code asc
        ) as latest_first
    from {{ ref('int_ilab_assessment') }} as assessments
    inner join {{ ref('fct_observation') }} as observations
        on
            assessments.iso3 = observations.iso3
            and observations.year between assessments.report_year - 3 and assessments.report_year
    where
        observations.indicator_id in ('SL.TLF.TOTL.IN', 'LAI_INDE_NOC_RT')
        and observations.obs_value > 0
        and observations.doubt is null
        and observations.basis <> 'projection'

),

joined as (

    select
        assessments.*,
        conventions.conventions_asked_n,
        conventions.conventions_answered_n,
        conventions.conventions_ratified_n,
        conventions.conventions_not_ratified,
        conventions.conventions_step_back,
        standards.standards_assessed_n,
        standards.standards_met_n,
        standards.standards_not_met,
        standards.standards_by_parts_n,
        {% for name in measures %}
            enforcement.{{ name }}_n,
            case
                when enforcement.{{ name }}_n is null
                    then coalesce(enforcement.{{ name }}_missing_reason, 'not asked in this report')
            end as {{ name }}_missing_reason,
        {% endfor %}
        enforcement.footnotes as enforcement_footnotes,
        actions.actions_n,
        actions.actions_open_2_years_n,
        actions.actions_open_5_years_n,
        actions.longest_open_years,
        longest_open.longest_open_action,
        labour_force.obs_value as labour_force_persons,
        labour_force.year as labour_force_year,
        labour_force.snapshot_id as labour_force_snapshot_id,
        ilo_inspectors.obs_value as ilo_inspectors_per_10000_employed,
        ilo_inspectors.year as ilo_inspectors_year,
        ilo_inspectors.snapshot_id as ilo_inspectors_snapshot_id,
        areas.income_group_id,
        benchmarks.development_level,
        benchmarks.workers_per_inspector,
        benchmarks.is_verified as benchmark_is_verified,
        nullif(
            concat_ws(
                ', ',
                case
                    when
                        assessments.is_synthetic or conventions.is_synthetic or standards.is_synthetic
                        or enforcement.is_synthetic or actions.is_synthetic
                        then 'USDOL reports'
                end,
                case when labour_force.is_synthetic then 'labour force' end,
                case when ilo_inspectors.is_synthetic then 'inspectors of the ILO' end
            ), ''
        ) as synthetic_parts
    from {{ ref('int_ilab_assessment') }} as assessments
    left join conventions
        on assessments.iso3 = conventions.iso3 and assessments.report_year = conventions.report_year
    left join standards
        on assessments.iso3 = standards.iso3 and assessments.report_year = standards.report_year
    left join enforcement
        on assessments.iso3 = enforcement.iso3 and assessments.report_year = enforcement.report_year
    left join actions
        on assessments.iso3 = actions.iso3 and assessments.report_year = actions.report_year
    left join longest_open
        on assessments.iso3 = longest_open.iso3 and assessments.report_year = longest_open.report_year
    left join series as labour_force
        on
            assessments.iso3 = labour_force.iso3
            and assessments.report_year = labour_force.report_year
            and labour_force.indicator_id = 'SL.TLF.TOTL.IN'
            and labour_force.latest_first = 1
    left join series as ilo_inspectors
        on
            assessments.iso3 = ilo_inspectors.iso3
            and assessments.report_year = ilo_inspectors.report_year
            and ilo_inspectors.indicator_id = 'LAI_INDE_NOC_RT'
            and ilo_inspectors.latest_first = 1
    left join {{ ref('dim_area') }} as areas on assessments.iso3 = areas.iso3
    left join {{ ref('inspector_benchmark') }} as benchmarks on areas.income_group_id = benchmarks.income_group_id
    -- a country that is in the report for its goods alone has no level
    where assessments.advancement_level is not null

)

select
    iso3,
    report_year,
    advancement_level,
    advancement_rank,
    advancement_qualifier,
    advancement_missing_reason,
    previous_report_year,
    previous_rank as previous_advancement_rank,
    advancement_rank - previous_rank as advancement_rank_change,
    level_since_report_year,
    report_year - level_since_report_year as years_at_level,
    conventions_asked_n,
    conventions_answered_n,
    case when conventions_answered_n > 0 then conventions_ratified_n end as conventions_ratified_n,
    conventions_not_ratified,
    conventions_step_back,
    standards_assessed_n,
    standards_met_n,
    standards_not_met,
    standards_by_parts_n,
    case when standards_met_n is null then 'no verdicts in this report' end as standards_missing_reason,
    inspectors_n,
    inspectors_missing_reason,
    labour_force_persons,
    labour_force_year,
    10000 * inspectors_n / labour_force_persons as inspectors_per_10000_labour_force,
    case
        when inspectors_n is null then 'inspectors: ' || inspectors_missing_reason
        when labour_force_persons is null then 'no labour force of the report year or the three years before'
    end as inspectors_per_10000_missing_reason,
    ilo_inspectors_per_10000_employed,
    ilo_inspectors_year,
    development_level as benchmark_development_level,
    cast(workers_per_inspector as integer) as benchmark_workers_per_inspector,
    10000.0 / workers_per_inspector as benchmark_inspectors_per_10000,
    100 * inspectors_n / labour_force_persons * workers_per_inspector as inspectors_share_of_benchmark_pct,
    benchmark_is_verified,
    case
        when workers_per_inspector is not null
            then
                'benchmark by the income group of the newest country list (' || income_group_id
                || '), not of the report year; the mapping of income groups to levels is ours and not verified; '
                || 'labour force stands for workers'
    end as benchmark_assumptions,
    {% for name in counts %}
        {{ name }}_n,
        {{ name }}_missing_reason,
    {% endfor %}
    enforcement_footnotes,
    actions_n,
    actions_open_2_years_n,
    actions_open_5_years_n,
    longest_open_years,
    longest_open_action,
    synthetic_parts is not null as is_synthetic,
    synthetic_parts,
    snapshot_id as report_snapshot_id,
    labour_force_snapshot_id,
    ilo_inspectors_snapshot_id
from joined
