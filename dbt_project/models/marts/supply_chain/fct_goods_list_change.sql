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
        on listed.edition = editions.edition or listed.edition = editions.edition_before
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
            when before.edition is null then 'added'
            when now.edition is null then 'removed'
            when
                before.is_child_labour_listed <> now.is_child_labour_listed
                or before.is_forced_labour_listed <> now.is_forced_labour_listed
                or before.is_forced_child_labour_listed <> now.is_forced_child_labour_listed
                then 'flags changed'
            when lower(before.good_name) <> lower(now.good_name) then 'renamed'
        end as change,
        before.good_name as good_name_before,
        now.good_name,
        before.is_child_labour_listed as was_child_labour_listed,
        now.is_child_labour_listed,
        before.is_forced_labour_listed as was_forced_labour_listed,
        now.is_forced_labour_listed,
        before.is_forced_child_labour_listed as was_forced_child_labour_listed,
        now.is_forced_child_labour_listed,
        coalesce(before.is_synthetic, false) or coalesce(now.is_synthetic, false) as is_synthetic,
        coalesce(now.snapshot_id, before.snapshot_id) as snapshot_id
    from listed_in_either as pairs
    left join {{ ref('int_goods_list') }} as before
        on
            pairs.edition_before = before.edition
            and pairs.good_id = before.good_id
            and pairs.iso3 = before.iso3
    left join {{ ref('int_goods_list') }} as now
        on
            pairs.edition = now.edition
            and pairs.good_id = now.good_id
            and pairs.iso3 = now.iso3

)

select *
from compared
where change is not null
