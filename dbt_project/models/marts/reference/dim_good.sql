with newest as (

    select
        good_id,
        max(case when newest_first = 1 then good end) as good_name,
        max(case when newest_first = 1 then good_sector end) as good_sector,
        min(edition) as first_edition,
        max(edition) as latest_edition
    from {{ ref('int_good') }}
    group by good_id

),

spellings as (

    select
        good_id,
        min(good_as_written) as first_spelling,
        {{ text_list('good_as_written') }} as spellings
    from {{ ref('good') }}
    group by good_id

)

select
    spellings.good_id,
    coalesce(newest.good_name, spellings.first_spelling) as good_name,
    spellings.spellings,
    newest.good_sector,
    newest.first_edition,
    newest.latest_edition
from spellings
left join newest on spellings.good_id = newest.good_id
