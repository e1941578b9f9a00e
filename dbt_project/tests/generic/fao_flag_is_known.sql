{# Flags without a meaning in the list of their dataset and vintage. #}
{% test fao_flag_is_known(model, column_name, dataset_code) %}
select
    observations.{{ column_name }},
    observations.flag_list,
    count(*) as row_count
from {{ model }} as observations
left join {{ ref('fao_flag') }} as flags
    on
        flags.dataset_code in ('*', '{{ dataset_code }}')
        and observations.flag_list = flags.flag_list
        and observations.{{ column_name }} = coalesce(flags.flag, '')
where flags.flag_list is null
group by observations.{{ column_name }}, observations.flag_list
{% endtest %}
