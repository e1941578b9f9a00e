with listed as (

    select
        goods.edition,
        spellings.good_id,
        max(goods.good) as good_name,
        areas.iso3,
        {{ any_true('goods.is_child_labour_listed') }} as is_child_labour_listed,
        {{ any_true('goods.is_forced_labour_listed') }} as is_forced_labour_listed,
        {{ any_true('goods.is_forced_child_labour_listed') }} as is_forced_child_labour_listed,
        {{ any_true('goods.is_derived') }} as is_derived,
        {{ text_list('goods.derived_country') }} as derived_country,
        {{ any_true('goods.is_synthetic') }} as is_synthetic,
        max(goods.snapshot_id) as snapshot_id
    from {{ ref('stg_ilab__goods') }} as goods
    left join {{ ref('good') }} as spellings on goods.good = spellings.good_as_written
    left join {{ ref('int_areas') }} as areas on areas.scheme = 'ilab' and goods.country = areas.code
    where goods.edition is not null
    group by goods.edition, spellings.good_id, areas.iso3

),

editions as (

    select
        edition,
        lead(edition) over (order by edition) - 1 as valid_to_year
    from (select distinct listed.edition from listed) as found

)

select
    listed.*,
    listed.edition as valid_from_year,
    editions.valid_to_year,
    files.file_date
from listed
inner join editions on listed.edition = editions.edition
left join {{ ref('ilab_goods_edition') }} as files on listed.edition = files.edition
