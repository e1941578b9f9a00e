{{ config(severity='warn') }}
-- Headings add up to no more than their chapter, subheadings to no more than their heading; less where some are secret.
with levels as (

    select
        reporter,
        partner,
        flow,
        year,
        product as hs_code,
        value_eur
    from {{ ref('int_trade') }}
    where
        reporter_kind = 'country'
        and partner_kind not in ('aggregate', 'part', 'unclassified')
        and hs_level in ('HS2', 'HS4', 'HS6')

),

parts as (

    select
        reporter,
        partner,
        flow,
        year,
        substr(hs_code, 1, length(hs_code) - 2) as hs_code,
        sum(value_eur) as value_eur
    from levels
    where length(hs_code) > 2
    group by reporter, partner, flow, year, substr(hs_code, 1, length(hs_code) - 2)

)

select
    parts.*,
    wholes.value_eur as whole_value_eur
from parts
inner join levels as wholes
    on
        parts.reporter = wholes.reporter
        and parts.partner = wholes.partner
        and parts.flow = wholes.flow
        and parts.year = wholes.year
        and parts.hs_code = wholes.hs_code
-- values are rounded to the euro
where parts.value_eur > 1.001 * wholes.value_eur + 100
