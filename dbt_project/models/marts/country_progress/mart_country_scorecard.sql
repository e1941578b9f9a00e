-- One row a country: the latest of each headline indicator with its year, definition and group, and what is not known.
-- The headlines of the seed headline_indicator; its test holds this list to it.
{% set headlines = [
    'sdg_871a',
    'sdg_871b',
    'ilo_child_labour',
    'ilo_hazardous_work',
    'children_in_employment',
    'informal_employment',
    'youth_neet',
    'extreme_poverty',
    'out_of_school',
    'primary_completion',
    'birth_registration',
    'social_protection',
    'union_density',
    'collective_bargaining',
] %}
-- those of child work, whose progress is told
{% set child_work = ['sdg_871a', 'sdg_871b', 'ilo_child_labour', 'ilo_hazardous_work', 'children_in_employment'] %}

with pivoted as (

    select
        iso3,
        {% for headline in headlines %}
            {%- set mine = "case when headline_id = '" ~ headline ~ "' then " %}
            max({{ mine }}obs_value end) as {{ headline }}_rate_pct,
            max({{ mine }}year end) as {{ headline }}_year,
            max({{ mine }}definition_id end) as {{ headline }}_definition_id,
            max({{ mine }}comparability_group end) as {{ headline }}_comparability_group,
            max({{ mine }}source_label end) as {{ headline }}_source,
            max({{ mine }}missing_reason end) as {{ headline }}_missing_reason,
        {% endfor %}
        cast(count(*) as integer) as headlines_n,
        cast(count(*) - count(obs_value) as integer) as headlines_missing_n,
        {{ text_list('case when is_synthetic then headline_id end') }} as synthetic_headlines
    from {{ ref('int_headline') }}
    group by iso3

),

-- a series that starts anew with each survey has one group a survey: most of them say that one figure is no trend
progress as (

    select
        headlines.iso3,
        {{ text_list("headlines.headline_id || ': ' || coalesce(windows.status, windows.status_reason)") }}
            as child_work_progress
    from {{ ref('int_headline') }} as headlines
    inner join {{ ref('mart_progress') }} as windows
        on
            headlines.iso3 = windows.iso3
            and headlines.indicator_id = windows.indicator_id
            and headlines.comparability_group = windows.comparability_group
    where windows.window_id = 'all_years' and headlines.headline_id in ({{ text_literals(child_work) }})
    group by headlines.iso3

),

latest_edition as (

    select max(edition) as edition
    from {{ ref('fct_goods_list') }}

),

goods as (

    select
        listed.iso3,
        cast(
            count(case when listed.edition = latest_edition.edition and listed.is_child_labour_listed then 1 end)
            as integer
        ) as goods_child_labour_n,
        cast(
            count(case when listed.edition = latest_edition.edition and listed.is_forced_labour_listed then 1 end)
            as integer
        ) as goods_forced_labour_n,
        {{ text_list('cast(listed.edition as varchar)') }} as goods_list_editions,
        {{ any_true('listed.is_synthetic') }} as is_synthetic
    from {{ ref('fct_goods_list') }} as listed
    cross join latest_edition
    where listed.is_child_labour_listed or listed.is_forced_labour_listed
    group by listed.iso3

),

efforts as (

    select
        iso3,
        report_year,
        advancement_level,
        advancement_rank,
        is_synthetic,
        row_number() over (partition by iso3 order by report_year desc) as latest_first
    from {{ ref('int_ilab_assessment') }}
    -- a country that is in the report for its goods alone has no level
    where advancement_level is not null

),

joined as (

    select
        areas.iso3,
        areas.name_en,
        areas.kind,
        areas.un_region,
        areas.income_group,
        pathfinders.status as pathfinder_status,
        pathfinders.status_year as pathfinder_status_year,
        nullif(pathfinders.evidence, '') as pathfinder_evidence,
        nullif(pathfinders.evidence_url, '') as pathfinder_evidence_url,
        pathfinders.is_verified as pathfinder_is_verified,
        {% for headline in headlines %}
            {%- for part in ['rate_pct', 'year', 'definition_id', 'comparability_group', 'source', 'missing_reason'] %}
                pivoted.{{ headline }}_{{ part }},
            {%- endfor %}
        {%- endfor %}
        pivoted.headlines_n,
        pivoted.headlines_missing_n,
        progress.child_work_progress,
        latest_edition.edition as goods_list_edition,
        -- counts of entries: no entry says nothing about children
        case when latest_edition.edition is not null then coalesce(goods.goods_child_labour_n, 0) end
            as goods_child_labour_n,
        case when latest_edition.edition is not null then coalesce(goods.goods_forced_labour_n, 0) end
            as goods_forced_labour_n,
        goods.goods_list_editions,
        efforts.report_year as ilab_report_year,
        efforts.advancement_level,
        efforts.advancement_rank,
        gaps.survey_rank,
        gaps.years_since_survey,
        gaps.reason as data_gap_reason,
        nullif(
            concat_ws(
                ', ',
                pivoted.synthetic_headlines,
                case when goods.is_synthetic then 'goods list' end,
                case when efforts.is_synthetic then 'advancement level' end
            ), ''
        ) as synthetic_parts
    from {{ ref('dim_area') }} as areas
    cross join latest_edition
    inner join pivoted on areas.iso3 = pivoted.iso3
    left join progress on areas.iso3 = progress.iso3
    left join goods on areas.iso3 = goods.iso3
    left join efforts on areas.iso3 = efforts.iso3 and efforts.latest_first = 1
    left join {{ ref('mart_data_gap') }} as gaps on areas.iso3 = gaps.iso3
    left join {{ ref('pathfinder') }} as pathfinders on areas.iso3 = pathfinders.iso3
    where areas.kind in ('country', 'territory')

)

select
    *,
    synthetic_parts is not null as is_synthetic
from joined
