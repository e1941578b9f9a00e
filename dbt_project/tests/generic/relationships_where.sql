{# Values without a partner among those rows of the other model that meet the condition. #}
{% test relationships_where(model, column_name, to, field, to_condition='true', from_condition='true') %}
select child.{{ column_name }}
from (select {{ column_name }} from {{ model }} where {{ column_name }} is not null and ({{ from_condition }})) as child
left join (select {{ field }} from {{ to }} where {{ to_condition }}) as parent
    on child.{{ column_name }} = parent.{{ field }}
where parent.{{ field }} is null
{% endtest %}
