{# Codes that have no meaning in area_code, in the year of the row where the model has one: they never reach a mart. #}
{% test area_code_is_known(model, column_name, scheme, year_column=none) %}
select
    observations.{{ column_name }} as code,
    count(*) as row_count
from {{ model }} as observations
left join {{ ref('int_areas') }} as areas
    on
        areas.scheme = '{{ scheme }}'
        and observations.{{ column_name }} = areas.code
        {% if year_column %}
            and coalesce(observations.{{ year_column }}, areas.valid_to_year)
            between areas.valid_from_year and areas.valid_to_year
        {% endif %}
where areas.code is null
group by observations.{{ column_name }}
{% endtest %}
