{# Values outside the closed range; a missing value is not out of range. #}
{% test accepted_range(model, column_name, min_value='null', max_value='null', condition='true') %}
select *
from {{ model }}
where
    {{ condition }}
    and (coalesce({{ column_name }} < {{ min_value }}, false) or coalesce({{ column_name }} > {{ max_value }}, false))
{% endtest %}
