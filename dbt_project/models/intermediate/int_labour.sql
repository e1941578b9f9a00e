{% set branch_shares = {'agriculture': 'SL.AGR.EMPL.ZS', 'industry': 'SL.IND.EMPL.ZS'} %}

with figures as (

    select
        *,
        indicator_id = 'EMP_TEMP_SEX_EC2_NB' and breakdown like '%TOTAL' and sex = 'SEX_T' as is_employment
    from {{ ref('int_observations') }}
    where
        obs_value is not null
        and area_kind in ('country', 'territory')
        and basis <> 'projection'
        and doubt is null
        and obs_status <> 'U'

),

countries as (

    select
        iso3,
        year,
        -- one source prints its total once a revision of the ISIC; two sources in one year give no figure
        case
            when count(distinct case when is_employment then source_code end) = 1
                then max(case when is_employment then obs_value end)
        end as all_thousand,
        {% for branch, series in branch_shares.items() %}
            max(case when indicator_id = '{{ series }}' then obs_value end) as {{ branch }}_pct,
        {% endfor %}
        {{ any_true('is_synthetic') }} as is_synthetic
    from figures
    where is_employment or indicator_id in ({{ text_literals(branch_shares.values() | list) }})
    group by iso3, year

)

select
    iso3,
    year,
    all_thousand,
    {% for branch in branch_shares %}
        {{ part_by_pct('all_thousand', branch ~ '_pct') }} as {{ branch }}_thousand,
    {% endfor %}
    is_synthetic
from countries
