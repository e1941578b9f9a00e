-- Shares read on the wrong scale have a largest value below 1.5 or above 100: see ilab_percent_report_years.
select
    report_year,
    max(value_pct) as largest_pct
from {{ ref('stg_ilab__findings') }}
where section = 'Children_Work_Statistics' and measure = 'Total_Percentage_of_Working_Children'
group by report_year
having max(value_pct) < 1.5 or max(value_pct) > 100
