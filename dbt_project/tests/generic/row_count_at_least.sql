{# One row if the model has fewer rows than asked for. #}
{% test row_count_at_least(model, minimum) %}
select count(*) as row_count
from {{ model }}
having count(*) < {{ minimum }}
{% endtest %}
