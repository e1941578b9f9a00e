-- Products of a sector and stage without an activity would be goods that nobody made.
select distinct
    products.sector_id,
    products.stage
from {{ ref('bridge_product_sector') }} as products
left join {{ ref('bridge_sector_activity') }} as activities
    on products.sector_id = activities.sector_id and products.stage = activities.stage
where products.sector_id <> 'other' and activities.sector_id is null
