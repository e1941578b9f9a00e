{# Flags of the partner that the seed obs_status does not translate: their obs_status is NULL
   until somebody looks them up. #}
{% test obs_flag_is_known(model, column_name, scheme, condition='true') %}
select
    observations.{{ column_name }} as obs_flag,
    count(*) as row_count
from {{ model }} as observations
left join {{ ref('obs_status') }} as known
    on
        known.scheme = '{{ scheme }}'
        and observations.{{ column_name }} = known.partner_flag
where observations.{{ column_name }} is not null and known.partner_flag is null and ({{ condition }})
group by observations.{{ column_name }}
{% endtest %}
