-- A straight line through the comparable years of a country in each window. Three points or more: least squares, all
-- years weighing alike since no partner publishes an error; two: the line through both, its error by the declared rule.
-- The rule is for shares that a survey found, not for registers (the ILO's ZZ), models or the Bank's compilations.
with in_windows as (

    select
        observations.*,
        windows.window_id,
        rules.rule_id,
        rules.normal_quantile,
        case when rules.rule_id is not null then {{ share_error_pct('observations.obs_value') }} end as obs_error,
        row_number() over series_by_year as oldest_first,
        row_number() over (
            partition by windows.window_id, observations.iso3, observations.comparability_group
            order by observations.year desc
        ) as newest_first
    from {{ ref('int_comparable_observations') }} as observations
    inner join {{ ref('progress_window') }} as windows
        on observations.year >= coalesce(windows.from_year, 0)
    left join {{ ref('uncertainty_rule') }} as rules
        on
            rules.rule_id = 'U1'
            and observations.unit = '%'
            and observations.comparability in ('survey', 'source', 'none')
            and observations.basis <> 'modelled'
            and coalesce(observations.source_code, '') not like 'ZZ:%'
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
        max(case when oldest_first = 1 then obs_error end) as first_error,
        max(year) as latest_year,
        max(case when newest_first = 1 then obs_value end) as latest_value,
        max(case when newest_first = 1 then obs_error end) as latest_error,
        max(obs_error) as largest_error,
        min(rule_id) as rule_id,
        min(normal_quantile) as normal_quantile,
        max(case when newest_first = 1 then coalesce(source_label, source_code) end) as source,
        cast(count(*) as integer) as observations,
        max(obs_value) - min(obs_value) < 1e-9 as is_constant,
        min(case when basis = 'modelled' then 1 else 0 end) = 1 as is_modelled,
        {{ in_order('avg', 'cast(year as double)', 'year') }} as mean_year,
        {{ in_order('avg', 'obs_value', 'year') }} as mean_value,
        {{ in_order('regr_slope', 'obs_value, cast(year as double)', 'year') }} as slope,
        {{ in_order('regr_sxx', 'obs_value, cast(year as double)', 'year') }} as year_squares,
        {{ in_order('regr_syy', 'obs_value, cast(year as double)', 'year') }} as value_squares,
        min(obs_value) > 0 as is_positive,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from in_windows
    group by window_id, iso3, comparability_group

),

measured as (

    select
        *,
        case when observations >= 2 then (latest_value - first_value) / (latest_year - first_year) end
            as change_per_year,
        sqrt(first_error * first_error + latest_error * latest_error) as change_error,
        case
            -- what the line leaves over; rounding must not make a sum of squares negative, nor a straight row scatter
            when observations > 2 and value_squares - slope * slope * year_squares > 1e-12 * value_squares
                then
                    {{ t_quantile('observations - 2') }}
                    * sqrt((value_squares - slope * slope * year_squares) / (observations - 2))
            when observations > 2 then 0
        end as residual_margin,
        case when observations > 2 then normal_quantile * largest_error end as rule_margin
    from spans

),

-- three figures can lie on a line by chance: a survey's line is never surer than its least sure figure
bounded as (

    select
        *,
        coalesce(rule_margin > residual_margin, false) as is_rule_wider,
        case
            when rule_margin > residual_margin then rule_margin
            when residual_margin > 0 or is_constant then residual_margin
        end as line_margin
    from measured

)

select
    *,
    case when observations > 2 then slope else change_per_year end as trend_per_year,
    case
        when observations > 2 then line_margin / sqrt(year_squares)
        when observations = 2 then normal_quantile * change_error / (latest_year - first_year)
    end as trend_margin,
    case
        when is_rule_wider then 'rule ' || rule_id || ', wider than the residuals around a straight line'
        when observations > 2 and line_margin is not null then 'residuals around a straight line, Student''s t'
        when observations = 2 and rule_id is not null then 'rule ' || rule_id || ' for both figures'
    end as interval_basis
from bounded
