-- A straight line through the comparable years of a country in each window. Three points or more: least squares, all
-- years weighing alike since no partner publishes an error; two: the line through both, its error by the declared rule.
with in_windows as (

    select
        observations.*,
        windows.window_id,
        row_number() over series_by_year as oldest_first,
        row_number() over (
            partition by windows.window_id, observations.iso3, observations.comparability_group
            order by observations.year desc
        ) as newest_first
    from {{ ref('int_comparable_observations') }} as observations
    inner join {{ ref('progress_window') }} as windows
        on observations.year >= coalesce(windows.from_year, 0)
    where observations.break_year is null or observations.year >= observations.break_year
    window series_by_year as (
        partition by windows.window_id, observations.iso3, observations.comparability_group order by observations.year
    )

),

spans as (

    select
        window_id,
        iso3,
        comparability_group,
        min(indicator_id) as indicator_id,
        min(definition_id) as definition_id,
        min(breakdown) as breakdown,
        min(unit) as unit,
        min(direction) as direction,
        min(definition) as definition,
        min(comparability) as comparability,
        min(not_comparable_reason) as not_comparable_reason,
        min(year) as first_year,
        max(case when oldest_first = 1 then obs_value end) as first_value,
        max(year) as latest_year,
        max(case when newest_first = 1 then obs_value end) as latest_value,
        max(case when newest_first = 1 then coalesce(source_label, source_code) end) as source,
        cast(count(*) as integer) as observations,
        max(obs_value) - min(obs_value) < 1e-9 as is_constant,
        min(case when basis = 'modelled' then 1 else 0 end) = 1 as is_modelled,
        avg(cast(year as double)) as mean_year,
        avg(obs_value) as mean_value,
        regr_slope(obs_value, cast(year as double)) as slope,
        regr_sxx(obs_value, cast(year as double)) as year_squares,
        regr_syy(obs_value, cast(year as double)) as value_squares,
        min(obs_value) > 0 as is_positive,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from in_windows
    group by window_id, iso3, comparability_group

),

-- the declared rule is for shares that a survey found, not for registers, models or the Bank's compilations
ruled as (

    select
        spans.*,
        rules.rule_id,
        rules.normal_quantile,
        case when rules.rule_id is not null then {{ share_error_pct('spans.first_value') }} end as first_error,
        case when rules.rule_id is not null then {{ share_error_pct('spans.latest_value') }} end as latest_error
    from spans
    left join {{ ref('uncertainty_rule') }} as rules
        on
            rules.rule_id = 'U1'
            and spans.unit = '%'
            and spans.comparability in ('survey', 'source', 'none')
            and not spans.is_modelled

),

measured as (

    select
        *,
        case when observations >= 2 then (latest_value - first_value) / (latest_year - first_year) end
            as change_per_year,
        sqrt(first_error * first_error + latest_error * latest_error) as change_error,
        case
            when observations > 2
                then sqrt(
                    -- rounding must not make a sum of squares negative
                    (
                        case
                            when value_squares > slope * slope * year_squares
                                then value_squares - slope * slope * year_squares
                            else 0
                        end
                    ) / (observations - 2)
                )
        end as residual_error
    from ruled

)

select
    *,
    case when observations > 2 then slope else change_per_year end as trend_per_year,
    case
        when observations > 2 then {{ t_quantile('observations - 2') }} * residual_error / sqrt(year_squares)
        when observations = 2 then normal_quantile * change_error / (latest_year - first_year)
    end as trend_margin,
    case
        when observations > 2 then 'residuals around a straight line, Student''s t'
        when observations = 2 and rule_id is not null then 'rule ' || rule_id || ' for both figures'
    end as interval_basis
from measured
