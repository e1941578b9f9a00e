-- Six-digit codes, and what a chapter (or a heading, where no more than headings are asked for) holds beyond them: the
-- rows of one chapter add up to the published chapter, and nothing stands in two of them.
with flows as (

    select *
    from {{ ref('int_trade') }}
    where
        reporter_kind = 'country'
        -- aggregates hold their members, GB holds its parts, and a code nobody has classified yet could be either
        and partner_kind not in ('aggregate', 'part', 'unclassified')

),

chapters as (

    select distinct product as hs_chapter
    from flows
    where hs_level = 'HS2'

),

-- the widest published code that a code is in
placed as (

    select
        flows.*,
        coalesce(chapters.hs_chapter, left(flows.product, 4)) as widest
    from flows
    left join chapters on left(flows.product, 2) = chapters.hs_chapter

),

subheadings as (

    select
        reporter,
        partner,
        flow,
        year,
        widest,
        sum(value_eur) as value_eur,
        sum(quantity_kg) as quantity_kg,
        count(*) > count(quantity_kg) as lacks_quantity
    from placed
    where hs_level = 'HS6'
    group by reporter, partner, flow, year, widest

),

detailed_years as (

    select distinct
        widest,
        year
    from subheadings

),

rest as (

    select
        wholes.*,
        wholes.value_eur - coalesce(subheadings.value_eur, 0) as rest_eur,
        subheadings.widest is null as is_whole,
        case
            when subheadings.lacks_quantity then null
            -- 100 kg are the unit: parts may exceed their whole by rounding
            when wholes.quantity_kg < coalesce(subheadings.quantity_kg, 0) then 0
            else wholes.quantity_kg - coalesce(subheadings.quantity_kg, 0)
        end as rest_kg,
        case
            when detailed_years.widest is null then 'no six-digit codes are on file for this year'
            when subheadings.widest is null then 'published for the whole only'
            else 'more than the published six-digit codes: confidential or suppressed there'
        end as residual_reason
    from placed as wholes
    left join subheadings
        on
            wholes.reporter = subheadings.reporter
            and wholes.partner = subheadings.partner
            and wholes.flow = subheadings.flow
            and wholes.year = subheadings.year
            and wholes.product = subheadings.widest
    left join detailed_years on wholes.product = detailed_years.widest and wholes.year = detailed_years.year
    where wholes.product = wholes.widest

)

select
    reporter,
    reporter_iso3,
    partner,
    partner_iso3,
    partner_kind,
    product as product_code,
    false as is_residual,
    cast(null as varchar) as residual_reason,
    flow,
    year,
    value_eur,
    quantity_kg,
    value_flag,
    value_status,
    quantity_flag,
    quantity_status,
    conf_status,
    is_confidential,
    is_synthetic,
    snapshot_id
from placed
where hs_level = 'HS6'
union all
select
    reporter,
    reporter_iso3,
    partner,
    partner_iso3,
    partner_kind,
    rpad(product, 6, 'X') as product_code,
    true as is_residual,
    residual_reason,
    flow,
    year,
    rest_eur as value_eur,
    rest_kg as quantity_kg,
    value_flag,
    value_status,
    quantity_flag,
    quantity_status,
    conf_status,
    is_confidential,
    is_synthetic,
    snapshot_id
from rest
-- values are whole euro; parts that exceed their whole are for trade_parts_exceed_their_whole to report
where is_whole or rest_eur >= 1 or value_eur is null
