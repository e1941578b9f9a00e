{{ config(severity='warn') }}
-- Seen in print: a country's completion rate in the field of its working children. The fact carries a note.
select
    report_year,
    country,
    max(value_pct) as value_pct
from {{ ref('stg_ilab__findings') }}
where
    block = 1
    and value_pct > 0
    and measure in ('Total_Percentage_of_Working_Children', 'Rate')
    -- looked at: 96.8 in the report of 2022 is the completion rate
    and not (report_year = 2022 and country = 'Montserrat')
group by report_year, country
having count(*) = 2 and max(value_pct) = min(value_pct)
