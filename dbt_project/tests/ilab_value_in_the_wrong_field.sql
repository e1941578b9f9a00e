{{ config(severity='warn') }}
-- Seen in print: a country's completion rate in the field of its working children. The fact carries a note; a case that
-- has been looked up is corrected, such as Montserrat in the report of 2022.
select
    report_year,
    country,
    max(value_pct) as value_pct
from {{ ref('stg_ilab__findings') }}
where
    block = 1
    and value_pct > 0
    and measure in ('Total_Percentage_of_Working_Children', 'Rate')
group by report_year, country
having count(*) = 2 and max(value_pct) = min(value_pct)
