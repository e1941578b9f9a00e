with headings as (

    select
        sector_id,
        {{ text_list('substr(hs2022_code, 1, 4)') }} as hs_headings
    from {{ ref('sector_product') }}
    where weight > 0
    group by sector_id

),

items as (

    select
        sector_id,
        item_code,
        item_label
    from {{ ref('sector_fao_item') }}
    where is_production_measure

),

goods as (

    select
        sector_id,
        {{ text_list('good_id') }} as good_ids
    from {{ ref('sector_good') }}
    group by sector_id

)

select
    sectors.sector_id,
    sectors.name,
    headings.hs_headings,
    items.item_code as production_item_code,
    items.item_label as production_item,
    goods.good_ids,
    sectors.isic4_note,
    sectors.stage_note
from {{ ref('sector') }} as sectors
left join headings on sectors.sector_id = headings.sector_id
left join items on sectors.sector_id = items.sector_id
left join goods on sectors.sector_id = goods.sector_id
