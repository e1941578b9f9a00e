-- Six-digit rows and residuals of a chapter are the chapter as Comext publishes it: nothing lost, nothing twice.
with rows_of_chapters as (

    select
        reporter,
        partner,
        left(product_code, 2) as hs_chapter,
        flow,
        year,
        sum(value_eur) as value_eur
    from {{ ref('fct_trade_flow') }}
    where source = 'comext'
    group by reporter, partner, left(product_code, 2), flow, year

)

select
    chapters.reporter,
    chapters.partner,
    chapters.product,
    chapters.flow,
    chapters.year,
    chapters.value_eur,
    summed.value_eur as sum_of_rows_eur
from {{ ref('int_trade') }} as chapters
left join rows_of_chapters as summed
    on
        chapters.reporter = summed.reporter
        and chapters.partner = summed.partner
        and chapters.product = summed.hs_chapter
        and {{ flow_name('chapters.flow') }} = summed.flow
        and chapters.year = summed.year
where
    chapters.hs_level = 'HS2'
    and chapters.reporter_kind = 'country'
    and chapters.partner_kind not in ('aggregate', 'part', 'unclassified')
    -- whole euro; parts may exceed their whole by their rounding, which trade_parts_exceed_their_whole watches
    and abs(chapters.value_eur - coalesce(summed.value_eur, 0)) > 100 + 0.001 * chapters.value_eur
