{# One bound of an interval of a share (0 to 1), side -1 for the lower and 1 for the upper one, with years between the
   figure and its use. On the logit scale, so that it stays between 0 and 1; a share of 0 or 1 is taken half an
   observation inwards for its error and keeps itself as a bound. The columns of the seed uncertainty_rule are in scope. #}
{% macro logit_bound(share, years, side) -%}
    {%- set effective = '(nominal_sample / (error_factor * error_factor))' -%}
    {%- set inside = 'greatest(least(' ~ share ~ ', 1 - 0.5 / ' ~ effective ~ '), 0.5 / ' ~ effective ~ ')' -%}
    {{ 'least' if side < 0 else 'greatest' }}(
        {{ share }},
        1 / (1 + exp(-(
            ln({{ inside }} / (1 - {{ inside }}))
            + ({{ side }}) * normal_quantile * sqrt(
                1 / ({{ effective }} * {{ inside }} * (1 - {{ inside }}))
                + drift_per_root_year * drift_per_root_year * {{ years }}
            )
        )))
    )
{%- endmacro %}
