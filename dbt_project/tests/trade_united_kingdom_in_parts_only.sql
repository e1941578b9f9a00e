{{ config(severity='warn') }}
-- XI and XU are left out of the fact because GB holds them; where they come without GB the United Kingdom is missing.
select
    reporter,
    product,
    flow,
    year
from {{ ref('int_trade') }}
where partner in ('GB', 'XI', 'XU')
group by reporter, product, flow, year
having count(case when partner = 'GB' then 1 end) = 0
