{{ config(severity='warn') }}
-- Agriculture, industry and services are the branches of all working children.
select
    report_year,
    country,
    block,
    sum(value_pct) as total_pct
from {{ ref('stg_ilab__findings') }}
where
    section = 'Children_Work_Statistics'
    and measure in ('Agriculture', 'Industry', 'Services')
    -- looked at: the report of 2022 prints 92.5 for the Philippines
    and not (report_year = 2022 and country = 'Philippines')
group by report_year, country, block
having count(value_pct) = 3 and abs(sum(value_pct) - 100) > 1.5
