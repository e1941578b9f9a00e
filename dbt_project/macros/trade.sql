{# Edition of the Harmonized System that customs used in a year. #}
{% macro hs_edition(year) -%}
    case
        when {{ year }} >= 2022 then 'HS2022'
        when {{ year }} >= 2017 then 'HS2017'
        when {{ year }} >= 2012 then 'HS2012'
        when {{ year }} >= 2007 then 'HS2007'
        when {{ year }} >= 2002 then 'HS2002'
    end
{%- endmacro %}

{# Comext's codes of flows in words. #}
{% macro flow_name(code) -%}
    case {{ code }} when '1' then 'import' when '2' then 'export' when '3' then 're-export' end
{%- endmacro %}
