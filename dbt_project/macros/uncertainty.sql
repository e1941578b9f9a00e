{# One bound of an interval of a share (0 to 1), side -1 for the lower and 1 for the upper one. On the logit scale, so
   that it stays between 0 and 1; a share of 0 or 1 is taken half an observation inwards for its error and keeps itself
   as a bound. The parameters are columns of the seed uncertainty_rule; sample is the nominal one, years lie between
   figure and use. #}
{% macro logit_bound(share, sample, error_factor, quantile, drift, years, side) -%}
    {%- set effective = '(' ~ sample ~ ' / (' ~ error_factor ~ ' * ' ~ error_factor ~ '))' -%}
    {%- set inside = 'greatest(least(' ~ share ~ ', 1 - 0.5 / ' ~ effective ~ '), 0.5 / ' ~ effective ~ ')' -%}
    {{ 'least' if side < 0 else 'greatest' }}(
        {{ share }},
        1 / (1 + exp(-(
            ln({{ inside }} / (1 - {{ inside }}))
            + ({{ side }}) * {{ quantile }} * sqrt(
                1 / ({{ effective }} * {{ inside }} * (1 - {{ inside }})) + {{ drift }} * {{ drift }} * {{ years }}
            )
        )))
    )
{%- endmacro %}
