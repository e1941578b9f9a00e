{{ config(severity='warn') }}
-- A dataset that we load is no longer in the table of contents: it was renamed or given up.
with wanted as (

    {% for code in var('eurostat_main_datasets') %}
        select '{{ code }}' as code
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select wanted.code
from wanted
left join {{ ref('dim_eurostat_dataset') }} as contents on wanted.code = contents.code
where
    contents.code is null
    and exists (select 1 from {{ ref('dim_eurostat_dataset') }})
