-- A group holds one indicator, definition and breakdown; one source or survey where these matter; one value a year.
select
    iso3,
    comparability_group
from {{ ref('int_comparable_observations') }}
group by iso3, comparability_group
having
    count(distinct indicator_id) > 1
    or count(distinct coalesce(definition_id, '')) > 1
    or count(distinct coalesce(breakdown, '')) > 1
    or count(distinct year) < count(*)
    or (max(comparability) = 'source' and count(distinct source_code) > 1)
    or (max(comparability) = 'survey' and count(distinct lower(coalesce(source_label, ''))) > 1)
    or (max(comparability) = 'none' and count(*) > 1)
