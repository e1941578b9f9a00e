{{ config(severity='warn') }}
-- A figure in a unit that the seed does not hold is in no mart: say which unit, of whom, and how many figures.
with figures as (

    {% for partner, unit_code, relation, condition in [
        ('fao', 'unit_measure', 'stg_fao__qcl', "element_code in ('5312', '5412', '5510')"),
        ('fao', 'unit_measure', 'stg_fao__tcl', "element_code in ('5610', '5622', '5910', '5922')"),
        ('fao', 'unit_measure', 'stg_fao__tm', "element_code in ('5610', '5622', '5910', '5922')"),
        ('fao', 'unit_measure', 'stg_fao__pp', "element_code in ('5530', '5531', '5532')"),
        ('fao', 'unit_measure', 'stg_fao__oea', 'true'),
        ('eurostat', 'indicator_id', 'stg_eurostat__ds_045409', 'true'),
    ] %}
        select
            '{{ partner }}' as partner,
            '{{ relation }}' as relation,
            {{ unit_code }} as unit_code,
            count(*) as figures_n
        from {{ ref(relation) }}
        where obs_value is not null and {{ condition }}
        group by {{ unit_code }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    figures.partner,
    figures.relation,
    figures.unit_code,
    figures.figures_n
from figures
left join {{ ref('unit') }} as units
    on figures.partner = units.partner and figures.unit_code = units.unit_code
where units.unit_code is null
