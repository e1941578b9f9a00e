-- A change is told only where figures may be compared, and called progress only where its interval says so.
{% set target_years = [2025, 2030] %}

with before_break as (

    select
        iso3,
        comparability_group,
        cast(count(*) as integer) as observations
    from {{ ref('int_comparable_observations') }}
    where year < break_year
    group by iso3, comparability_group

),

judged as (

    select
        trends.*,
        coalesce(before_break.observations, 0) as observations_before_break,
        coalesce(
            trends.not_comparable_reason,
            case when trends.observations = 1 then 'one observation only in this group' end,
            -- a survey that runs over two years, or is printed again, is still one survey
            case
                when trends.comparability in ('survey', 'source') and trends.is_constant and trends.unit = '%'
                    then 'the same value in every year: one survey'
            end
        ) as reason,
        -- positive is good
        case trends.direction when 'down' then -1 when 'up' then 1 end as sign_of_good
    from {{ ref('int_trend') }} as trends
    left join before_break
        on trends.iso3 = before_break.iso3 and trends.comparability_group = before_break.comparability_group

),

projected as (

    select
        judged.*,
        {% for target_year in target_years %}
            target_{{ target_year }}.target_value as target_{{ target_year }},
            case
                when {{ target_year }} > judged.latest_year
                    then
                        (target_{{ target_year }}.target_value - judged.latest_value)
                        / ({{ target_year }} - judged.latest_year)
            end as required_{{ target_year }},
            case
                when judged.reason is not null then 'not comparable: ' || judged.reason
                when {{ target_year }} <= judged.latest_year then 'the latest figure is of {{ target_year }} or later'
                -- two surveys a year apart say nothing about a date twenty years on
                when {{ target_year }} - judged.latest_year > judged.latest_year - judged.first_year
                    then 'more years ahead than the figures span'
            end as unprojected_{{ target_year }},
            case
                when judged.observations > 2
                    then judged.mean_value + judged.slope * ({{ target_year }} - judged.mean_year)
                else judged.latest_value + judged.change_per_year * ({{ target_year }} - judged.latest_year)
            end as line_{{ target_year }},
            -- of the line: at the mean year the mean's own error, further off the slope's too
            case
                when judged.observations > 2
                    then judged.line_margin * sqrt(
                        1.0 / judged.observations
                        + ({{ target_year }} - judged.mean_year) * ({{ target_year }} - judged.mean_year)
                        / judged.year_squares
                    )
                else judged.normal_quantile / (judged.latest_year - judged.first_year) * sqrt(
                    judged.latest_error * judged.latest_error
                    * ({{ target_year }} - judged.first_year) * ({{ target_year }} - judged.first_year)
                    + judged.first_error * judged.first_error
                    * ({{ target_year }} - judged.latest_year) * ({{ target_year }} - judged.latest_year)
                )
            end as margin_{{ target_year }},
        {% endfor %}
        target_2030.rate_floor,
        coalesce(target_2030.source, target_2025.source) as target_source
    from judged
    {% for target_year in target_years %}
        left join {{ ref('indicator_target') }} as target_{{ target_year }}
            on
                judged.indicator_id = target_{{ target_year }}.indicator_id
                and target_{{ target_year }}.target_year = {{ target_year }}
    {% endfor %}

),

rated as (

    select
        *,
        case
            when reason is null and is_positive and unit = '%'
                then ln(latest_value / first_value) / (latest_year - first_year)
        end as log_rate,
        case
            when rate_floor > 0 and latest_value > rate_floor and latest_year < 2030
                then ln(rate_floor / latest_value) / (2030 - latest_year)
        end as required_log_rate_2030
    from projected

)

select
    iso3,
    indicator_id,
    comparability_group,
    window_id,
    definition_id,
    breakdown,
    unit,
    direction as direction_of_good,
    definition,
    first_year,
    first_value as first_obs_value,
    latest_year,
    latest_value as latest_obs_value,
    observations,
    observations_before_break,
    case when reason is null then latest_value - first_value end as obs_change,
    case when reason is null then change_error end as obs_change_se,
    case when reason is null and change_error is not null then 'rule ' || rule_id end as obs_change_se_basis,
    case when reason is null then latest_year - first_year end as years_between,
    case when reason is null then change_per_year end as change_per_year,
    case when reason is null then trend_per_year end as trend_per_year,
    case when reason is null then trend_per_year - trend_margin end as trend_per_year_low,
    case when reason is null then trend_per_year + trend_margin end as trend_per_year_high,
    case when reason is null then interval_basis end as interval_basis,
    100 * (exp(log_rate) - 1) as change_rate_pct_per_year,
    {% for target_year in target_years %}
        {% set line, margin = 'line_' ~ target_year, 'margin_' ~ target_year %}
        {% set is_projected = 'unprojected_' ~ target_year ~ ' is null' %}
        target_{{ target_year }} as target_value_{{ target_year }},
        required_{{ target_year }} as required_per_year_{{ target_year }},
        case
            when reason is null and required_{{ target_year }} * change_per_year > 0
                then required_{{ target_year }} / change_per_year
        end as required_to_observed_{{ target_year }},
        case when {{ is_projected }} then {{ within_unit(line, 'unit') }} end as projected_{{ target_year }},
        case when {{ is_projected }} then {{ within_unit(line ~ ' - ' ~ margin, 'unit') }} end
            as projected_{{ target_year }}_low,
        case when {{ is_projected }} then {{ within_unit(line ~ ' + ' ~ margin, 'unit') }} end
            as projected_{{ target_year }}_high,
        unprojected_{{ target_year }} as projected_{{ target_year }}_missing_reason,
    {% endfor %}
    rate_floor,
    100 * (exp(required_log_rate_2030) - 1) as required_rate_pct_per_year_2030,
    case when log_rate * required_log_rate_2030 > 0 then required_log_rate_2030 / log_rate end
        as required_rate_to_observed_2030,
    target_source,
    case
        when not_comparable_reason is not null then null
        when observations = 1 then 'too few data'
        when reason is not null or sign_of_good is null or is_modelled then null
        when trend_margin is null then 'too few data'
        when
            unprojected_2030 is null
            -- the worse end of the projection has to reach the target
            and sign_of_good * (line_2030 - target_2030) - margin_2030 >= 0
            then 'on track'
        when sign_of_good * trend_per_year - trend_margin > 0 then 'improving'
        when sign_of_good * trend_per_year + trend_margin < 0 then 'worsening'
        else 'no detectable change'
    end as status,
    case
        when not_comparable_reason is null and observations = 1 then 'one observation only in this group'
        when reason is not null then 'not comparable: ' || reason
        when sign_of_good is null then 'neither way is good'
        when is_modelled then 'modelled by the partner: its changes are those of the model'
        when trend_margin is null and observations = 2 then 'two figures whose error nobody publishes'
        when trend_margin is null then 'figures on an exact line, whose error nobody publishes'
    end as status_reason,
    reason is null as is_comparable,
    reason as not_comparable_reason,
    is_modelled,
    source,
    is_synthetic,
    snapshot_id
from rated
