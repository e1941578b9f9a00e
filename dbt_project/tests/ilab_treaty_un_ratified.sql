{{ config(severity='warn') }}
-- Treaties are not un-ratified: an answer that falls back to No is a slip in one of the reports.
select
    iso3,
    convention_id,
    report_year
from {{ ref('fct_ratification') }}
where
    is_step_back
    -- looked at: Yes in the report of 2014 and No in all later ones
    and (iso3, convention_id) not in (('COG', 'PALERMO_TIP'), ('MSR', 'CRC'))
