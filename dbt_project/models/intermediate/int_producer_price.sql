-- Annual values alone: months stand beside them under the same element and are never added or averaged.
with wide as (

    select
        ref_area,
        item_code,
        max(item_label) as item_label,
        year,
        max(case when element_code = '5532' and unit_measure = 'USD' then obs_value end) as price_usd_per_t,
        max(case when element_code = '5530' and unit_measure = 'LCU' then obs_value end) as price_lcu_per_t,
        max(case when element_code = '5531' and unit_measure = 'SLC' then obs_value end) as price_slc_per_t,
        max(case when element_code = '5539' then obs_value end) as price_index,
        max(case when element_code = '5532' then obs_flag end) as price_usd_flag,
        max(case when element_code = '5532' then obs_status end) as price_usd_status,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from {{ ref('stg_fao__pp') }}
    where freq = 'A' and year is not null and not is_projection
    group by ref_area, item_code, year

)

select
    areas.iso3,
    wide.*
from wide
inner join {{ ref('int_areas') }} as areas
    on
        areas.scheme = 'fao'
        and wide.ref_area = areas.code
        and wide.year between areas.valid_from_year and areas.valid_to_year
where areas.kind in ('country', 'territory', 'former')
