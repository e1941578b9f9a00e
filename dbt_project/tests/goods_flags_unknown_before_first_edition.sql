-- Before the first edition nothing had been assessed: a flag there, even false, would be invented.
select
    origin_iso3,
    destination_iso3,
    sector_id,
    stage,
    year,
    goods_list_edition,
    is_child_labour_listed
from {{ ref('mart_exposure') }}
where
    year < (select min(goods_list.edition) from {{ ref('fct_goods_list') }} as goods_list)
    and (
        goods_list_edition is not null
        or is_child_labour_listed is not null
        or is_forced_labour_listed is not null
        or is_forced_child_labour_listed is not null
        or child_labour_flagged_value_eur is not null
        or forced_labour_flagged_value_eur is not null
    )
