with observations as (

    select
        *,
        row_number() over (partition by iso3, comparability_group order by year) as oldest_first,
        row_number() over (partition by iso3, comparability_group order by year desc) as newest_first
    from {{ ref('int_comparable_observations') }}
    where break_year is null or year >= break_year

),

before_break as (

    select
        iso3,
        comparability_group,
        count(*) as observations
    from {{ ref('int_comparable_observations') }}
    where year < break_year
    group by iso3, comparability_group

),

spans as (

    select
        iso3,
        indicator_id,
        comparability_group,
        breakdown,
        unit,
        direction,
        definition,
        not_comparable_reason,
        comparability,
        max(case when oldest_first = 1 then year end) as first_year,
        max(case when oldest_first = 1 then obs_value end) as first_obs_value,
        max(case when newest_first = 1 then year end) as latest_year,
        max(case when newest_first = 1 then obs_value end) as latest_obs_value,
        max(case when newest_first = 1 then coalesce(source_label, source_code) end) as source,
        cast(count(*) as integer) as observations,
        max(obs_value) - min(obs_value) < 1e-9 as is_constant,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from observations
    group by
        iso3, indicator_id, comparability_group, breakdown, unit, direction, definition, not_comparable_reason,
        comparability

),

judged as (

    select
        spans.*,
        cast(coalesce(before_break.observations, 0) as integer) as observations_before_break,
        coalesce(
            spans.not_comparable_reason,
            case when spans.observations = 1 then 'one observation only in this group' end,
            -- a survey that runs over two years, or is printed again, is still one survey
            case
                when spans.comparability = 'survey' and spans.is_constant
                    then 'the same value in every year: one survey'
            end
        ) as reason,
        spans.latest_obs_value - spans.first_obs_value as difference
    from spans
    left join before_break
        on spans.iso3 = before_break.iso3 and spans.comparability_group = before_break.comparability_group

)

select
    iso3,
    indicator_id,
    comparability_group,
    breakdown,
    unit,
    direction as direction_of_good,
    definition,
    first_year,
    first_obs_value,
    latest_year,
    latest_obs_value,
    case when reason is null then difference end as obs_change,
    case when reason is null then latest_year - first_year end as years_between,
    case
        when reason is not null then null
        when direction = 'none' then 'no direction'
        when abs(difference) < 1e-9 then 'no change'
        when (difference > 0) = (direction = 'up') then 'towards good'
        else 'away from good'
    end as change_direction,
    reason is null as is_comparable,
    reason as not_comparable_reason,
    observations,
    observations_before_break,
    source,
    is_synthetic,
    snapshot_id
from judged
