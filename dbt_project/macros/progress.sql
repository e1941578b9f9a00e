{# Arithmetic of change over time. #}

{# Quantile 0.975 of Student's t, for intervals of 95 %. #}
{% macro t_quantile(degrees) -%}
    case
        {%- for quantile in [
            12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
            2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
        ] %}
            when {{ degrees }} = {{ loop.index }} then {{ quantile }}
        {%- endfor %}
        when {{ degrees }} <= 30 then 2.0796
        when {{ degrees }} > 30 then 2.0423
    end
{%- endmacro %}

{# Standard error of a share in per cent by a rule of the seed uncertainty_rule, whose columns are in scope. #}
{% macro share_error_pct(value_pct) -%}
    error_factor * sqrt(
        case when {{ value_pct }} between 0 and 100 then {{ value_pct }} * (100 - {{ value_pct }}) end / nominal_sample
    )
{%- endmacro %}

{# A share stays between 0 and 100, whatever a straight line says. #}
{% macro within_unit(value, unit) -%}
    case
        when {{ unit }} <> '%' then {{ value }}
        when {{ value }} < 0 then 0
        when {{ value }} > 100 then 100
        else {{ value }}
    end
{%- endmacro %}
