-- Who needs a survey next, and why. The order is declared below and every part of it stands on the row: no score.
{% set bands = ['5_11', '12_14', '15_17'] %}
{% set in_last_survey = 'case when figures.year = latest_years.last_survey_year then ' %}

with figures as (

    select
        *,
        case
            when indicator_id in ('SDG_A871_SEX_AGE_RT', 'SDG_B871_SEX_AGE_RT', 'CLD_XCHL_SEX_AGE_RT')
                then {{ text_group('definition_id', '([0-9]+_[0-9]+)$') }}
        end as age_band
    from {{ ref('int_usable_observations') }}
    where
        unusable_reason is null
        and indicator_id in (
            'SDG_A871_SEX_AGE_RT', 'SDG_B871_SEX_AGE_RT', 'CLD_XCHL_SEX_AGE_RT', 'CLD_XHAZ_SEX_AGE_RT', 'SL.TLF.0714.ZS'
        )

),

-- the newest year of any figure, so that the same data give the same answer on every day
as_of as (

    select max(year) as as_of_year
    from {{ ref('int_usable_observations') }}

),

latest_years as (

    select
        iso3,
        max(year) as last_survey_year,
        max(case when age_band is not null then year end) as last_child_labour_year,
        {{ any_true('is_synthetic') }} as is_synthetic
    from figures
    group by iso3

),

surveys as (

    select
        figures.iso3,
        {{ text_list(in_last_survey ~ 'figures.indicator_id end') }} as last_survey_indicators,
        {{ text_list(in_last_survey ~ 'coalesce(figures.source_label, figures.source_code) end') }}
            as last_survey_source,
        {% for band in bands %}
            {{ any_true("figures.age_band = '" ~ band ~ "' and figures.year = latest_years.last_child_labour_year") }}
                as has_{{ band }},
        {% endfor %}
        max(figures.snapshot_id) as snapshot_id
    from figures
    inner join latest_years on figures.iso3 = latest_years.iso3
    group by figures.iso3

),

sector_detail as (

    select
        iso3,
        max(year) as sector_detail_year,
        {{ any_true('is_synthetic') }} as is_synthetic
    from {{ ref('fct_observation') }}
    where
        indicator_id in ('CLD_XCHL_SEX_AGE_ECO_NB', 'CLD_XHAZ_SEX_AGE_ECO_NB')
        and breakdown not like '%TOTAL'
        and obs_value is not null
        and doubt is null
    group by iso3

),

latest_edition as (

    select max(edition) as edition
    from {{ ref('fct_goods_list') }}

),

goods as (

    select
        listed.iso3,
        cast(count(case when listed.is_child_labour_listed then 1 end) as integer) as goods_n,
        {{ any_true('listed.is_synthetic') }} as is_synthetic
    from {{ ref('fct_goods_list') }} as listed
    inner join latest_edition on listed.edition = latest_edition.edition
    group by listed.iso3

),

latest_trade as (

    select max(year) as trade_year
    from {{ ref('mart_exposure') }}

),

trade as (

    select
        exposure.origin_iso3 as iso3,
        {{ sum_of('exposure.value_eur') }} as value_eur,
        {{ sum_of('exposure.child_labour_flagged_value_eur') }} as flagged_value_eur,
        max(exposure.prevalence_high_pct - exposure.prevalence_low_pct) as interval_width_points,
        {{ any_true('exposure.is_synthetic') }} as is_synthetic
    from {{ ref('mart_exposure') }} as exposure
    inner join latest_trade on exposure.year = latest_trade.trade_year
    group by exposure.origin_iso3

),

assessed as (

    select distinct iso3
    from {{ ref('mart_effort') }}

),

gaps as (

    select
        areas.iso3,
        as_of.as_of_year,
        latest_years.last_survey_year,
        as_of.as_of_year - latest_years.last_survey_year as years_since_survey,
        surveys.last_survey_indicators,
        surveys.last_survey_source,
        latest_years.last_child_labour_year,
        {% for band in bands %}
            case when coalesce(surveys.has_{{ band }}, false) then 0 else 1 end as lacks_{{ band }},
        {% endfor %}
        sector_detail.sector_detail_year,
        trade.interval_width_points,
        latest_edition.edition as goods_list_edition,
        -- a count of entries, not of goods made by children: no entry says nothing
        case when latest_edition.edition is not null then coalesce(goods.goods_n, 0) end as goods_n,
        latest_trade.trade_year,
        trade.value_eur,
        trade.flagged_value_eur,
        surveys.snapshot_id,
        nullif(
            concat_ws(
                ', ',
                case when latest_years.is_synthetic or sector_detail.is_synthetic then 'child labour' end,
                case when goods.is_synthetic then 'goods list' end,
                case when trade.is_synthetic then 'trade and prevalence' end
            ), ''
        ) as synthetic_parts
    from {{ ref('dim_area') }} as areas
    cross join as_of
    cross join latest_edition
    cross join latest_trade
    left join latest_years on areas.iso3 = latest_years.iso3
    left join surveys on areas.iso3 = surveys.iso3
    left join sector_detail on areas.iso3 = sector_detail.iso3
    left join goods on areas.iso3 = goods.iso3
    left join trade on areas.iso3 = trade.iso3
    left join assessed on areas.iso3 = assessed.iso3
    where
        areas.kind in ('country', 'territory')
        -- countries of which nobody has said that children work there are not in the queue
        and (latest_years.iso3 is not null or goods.iso3 is not null or assessed.iso3 is not null)

),

counted as (

    select
        *,
        lacks_5_11 + lacks_12_14 + lacks_15_17 as bands_missing,
        nullif(
            concat_ws(
                ', ',
                case when lacks_5_11 = 1 then '5-11' end,
                case when lacks_12_14 = 1 then '12-14' end,
                case when lacks_15_17 = 1 then '15-17' end
            ), ''
        ) as age_bands_missing
    from gaps

)

select
    iso3,
    cast(
        rank() over (
            order by
                case when last_survey_year is null then 0 else 1 end asc,
                years_since_survey desc,
                bands_missing desc,
                case when sector_detail_year is null then 0 else 1 end asc,
                case when interval_width_points is null then 0 else 1 end asc,
                interval_width_points desc,
                coalesce(goods_n, 0) desc,
                coalesce(flagged_value_eur, 0) desc,
                coalesce(value_eur, 0) desc
        ) as integer
    ) as survey_rank,
    as_of_year,
    last_survey_year,
    years_since_survey,
    last_survey_indicators,
    last_survey_source,
    last_child_labour_year,
    age_bands_missing,
    cast(bands_missing as integer) as age_bands_missing_n,
    sector_detail_year,
    interval_width_points as prevalence_interval_width_points,
    case when interval_width_points is null then 'no prevalence with an interval for the latest year of trade' end
        as interval_missing_reason,
    goods_list_edition,
    goods_n as goods_child_labour_n,
    trade_year,
    value_eur as eu_imports_value_eur,
    flagged_value_eur as eu_imports_flagged_value_eur,
    concat_ws(
        '; ',
        case
            when last_survey_year is null then 'no figure of child work on file'
            else
                'last figure of child work of ' || last_survey_year || ', ' || years_since_survey || ' years before '
                || as_of_year
        end,
        'ages without figure in the latest year of child labour: ' || age_bands_missing,
        case when sector_detail_year is null then 'no branch of activity known' end,
        case when interval_width_points is null then 'no interval' end,
        case when goods_n > 0 then goods_n || ' goods listed for child labour in ' || goods_list_edition end
    ) as reason,
    synthetic_parts is not null as is_synthetic,
    synthetic_parts,
    snapshot_id as survey_snapshot_id
from counted
