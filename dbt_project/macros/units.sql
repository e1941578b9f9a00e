{# Conversions of units, the one place for them. Currencies go by the annual average of the European Central Bank as
   Eurostat publishes it (reference.dim_exchange_rate); without a rate of that year the result is NULL. To the cent: sums
   of cents are the same in whatever order threads add. #}

{% macro eur_to_usd(value_eur, usd_per_eur) -%}
    round({{ value_eur }} * {{ usd_per_eur }}, 2)
{%- endmacro %}

{% macro usd_to_eur(value_usd, usd_per_eur) -%}
    round({{ value_usd }} / nullif({{ usd_per_eur }}, 0), 2)
{%- endmacro %}

{% macro tonnes_to_kg(quantity_t) -%}
    {{ quantity_t }} * 1000
{%- endmacro %}

{% macro thousands_to_units(value) -%}
    {{ value }} * 1000
{%- endmacro %}

{% macro kg_to_tonnes(quantity_kg) -%}
    ({{ quantity_kg }}) / 1000
{%- endmacro %}

{# The part of a whole that a percentage of 0-100 says. #}
{% macro part_by_pct(whole, share_pct) -%}
    {{ whole }} * {{ share_pct }} / 100
{%- endmacro %}
