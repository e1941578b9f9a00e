{# The partners' flags in the words of SDMX, through the seed obs_status. A staging model has three columns a figure:
   obs_flag as the partner writes it, obs_status (CL_OBS_STATUS) and, where the partner tells, conf_status (CL_CONF_STATUS).
   A model of a dataset with flags takes the status by one line: obs_status('fao') as obs_status. #}

{# A without a flag; O without a flag and a figure; Q where a figure is withheld as confidential. A status of figures never
   stands where there is none. NULL for a flag that the seed does not hold, which the test obs_flag_is_known names. #}
{% macro obs_status(scheme, flag='obs_flag', has_figure='(obs_value is not null or obs_qualifier is not null)', conf=none) -%}
    case
        {%- if conf %}
            when not {{ has_figure }} and coalesce(nullif(trim({{ conf }}), ''), 'F') <> 'F' then 'Q'
        {%- endif %}
        when nullif(trim({{ flag }}), '') is null then case when {{ has_figure }} then 'A' else 'O' end
        when {{ has_figure }} then {{ obs_status_meaning(scheme, flag, 'sdmx_status') }}
        else {{ obs_status_meaning(scheme, flag, 'sdmx_status_if_missing') }}
    end
{%- endmacro %}

{# The partner's own mark of confidentiality, or what its flag says of it; NULL is free. #}
{% macro conf_status(scheme, flag='obs_flag', conf='null') -%}
    coalesce(nullif(trim({{ conf }}), ''), {{ obs_status_meaning(scheme, flag, 'sdmx_conf_status') }})
{%- endmacro %}

{# One entry of the seed. An aggregate, so that every engine takes it for one value. #}
{% macro obs_status_meaning(scheme, flag, entry) -%}
    (
        select max(known.{{ entry }}) from {{ ref('obs_status') }} as known
        where known.scheme = '{{ scheme }}' and known.partner_flag = trim({{ flag }})
    )
{%- endmacro %}
