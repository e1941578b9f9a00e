select
    {{ year_or_null('trim(report_year)') }} as report_year,
    trim(country) as country,
    -- two names that only the report of 2014 uses, beside the later ones
    case trim(area)
        when 'Laws' then 'Legal_Framework'
        when 'Policies' then 'Government_Policies'
        else trim(area)
    end as area,
    {{ single_spaced('action_text') }} as action_text,
    nullif(trim(years_text), '') as years_text,
    cast({{ text_group('years_text', '([0-9]{4})') }} as integer) as first_year_named,
    cast({{ text_group('years_text', '.*([0-9]{4})') }} as integer) as last_year_named,
    cast(copies as integer) as copies,
    is_synthetic,
    snapshot_id
from {{ source('ilab', 'ilab_suggested_actions') }}
