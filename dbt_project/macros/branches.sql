{# Branch of the economy of a division of ISIC Rev.4: 01-03 agriculture, 05-43 industry, from 45 on services. #}
{% macro branch_of(isic4_division) -%}
    case
        when {{ isic4_division }} between '01' and '03' then 'agriculture'
        when {{ isic4_division }} between '05' and '43' then 'industry'
        when {{ isic4_division }} > '43' then 'services'
    end
{%- endmacro %}
