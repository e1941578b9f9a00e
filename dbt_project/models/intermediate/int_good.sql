-- Goods by edition under their stable id, whatever the spelling.
select
    spellings.good_id,
    goods.good,
    goods.good_sector,
    goods.edition,
    row_number() over (partition by spellings.good_id order by goods.edition desc, goods.good asc) as newest_first
from {{ ref('stg_ilab__goods') }} as goods
inner join {{ ref('good') }} as spellings on goods.good = spellings.good_as_written
