{{ config(severity='warn') }}
-- A share of working children above zero has children behind it.
select
    percentages.report_year,
    percentages.country,
    percentages.block
from {{ ref('stg_ilab__findings') }} as percentages
inner join {{ ref('stg_ilab__findings') }} as numbers
    on
        percentages.report_year = numbers.report_year
        and percentages.country = numbers.country
        and percentages.section = numbers.section
        and percentages.block = numbers.block
where
    percentages.section = 'Children_Work_Statistics'
    and percentages.measure = 'Total_Percentage_of_Working_Children'
    and numbers.measure = 'Total_Working_Population'
    and percentages.value_pct > 0
    and numbers.value_n <= 0
    -- looked at: the report of 2014 prints 0 beside 56.2 % for Cameroon
    and not (percentages.report_year = 2014 and percentages.country = 'Cameroon')
