{{ config(severity='warn') }}
-- A share of working children above zero has children behind it.
select
    shares.report_year,
    shares.country,
    shares.block
from {{ ref('stg_ilab__findings') }} as shares
inner join {{ ref('stg_ilab__findings') }} as numbers
    on
        shares.report_year = numbers.report_year
        and shares.country = numbers.country
        and shares.section = numbers.section
        and shares.block = numbers.block
where
    shares.section = 'Children_Work_Statistics'
    and shares.measure = 'Total_Percentage_of_Working_Children'
    and numbers.measure = 'Total_Working_Population'
    and shares.value_pct > 0
    and numbers.value_n <= 0
    -- looked at: the report of 2014 prints 0 beside 56.2 % for Cameroon
    and not (shares.report_year = 2014 and shares.country = 'Cameroon')
