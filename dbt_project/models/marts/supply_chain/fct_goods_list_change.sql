-- What changed from one edition to the next. A good is followed by its id, so that a new name is no removal.
with editions as (

    select
        edition,
        lag(edition) over (order by edition) as edition_before
    from (select distinct listed.edition from {{ ref('int_goods_list') }} as listed) as found

),

listed_in_either as (

    select
        editions.edition_before,
        editions.edition,
        listed.good_id,
        listed.iso3
    from editions
    inner join {{ ref('int_goods_list') }} as listed
        on editions.edition = listed.edition or editions.edition_before = listed.edition
    where editions.edition_before is not null
    group by editions.edition_before, editions.edition, listed.good_id, listed.iso3

),

compared as (

    select
        pairs.good_id,
        pairs.iso3,
        pairs.edition_before,
        pairs.edition,
        case
            when earlier.edition is null then 'added'
            when later.edition is null then 'removed'
            when
                earlier.is_child_labour_listed <> later.is_child_labour_listed
                or earlier.is_forced_labour_listed <> later.is_forced_labour_listed
                or earlier.is_forced_child_labour_listed <> later.is_forced_child_labour_listed
                then 'flags changed'
            when lower(earlier.good_name) <> lower(later.good_name) then 'renamed'
        end as change_kind,
        earlier.good_name as good_name_before,
        later.good_name,
        earlier.is_child_labour_listed as was_child_labour_listed,
        later.is_child_labour_listed,
        earlier.is_forced_labour_listed as was_forced_labour_listed,
        later.is_forced_labour_listed,
        earlier.is_forced_child_labour_listed as was_forced_child_labour_listed,
        later.is_forced_child_labour_listed,
        coalesce(earlier.is_synthetic, false) or coalesce(later.is_synthetic, false) as is_synthetic,
        coalesce(later.snapshot_id, earlier.snapshot_id) as snapshot_id
    from listed_in_either as pairs
    left join {{ ref('int_goods_list') }} as earlier
        on
            pairs.edition_before = earlier.edition
            and pairs.good_id = earlier.good_id
            and pairs.iso3 = earlier.iso3
    left join {{ ref('int_goods_list') }} as later
        on
            pairs.edition = later.edition
            and pairs.good_id = later.good_id
            and pairs.iso3 = later.iso3

)

select *
from compared
where change_kind is not null
