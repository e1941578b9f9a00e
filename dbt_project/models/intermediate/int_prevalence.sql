-- Share of a branch's labour that is children in child labour. Not the share of children who are in child labour.
{% set branch_breakdowns = {'agriculture': 'ECO_SECTOR_AGR', 'industry': 'ECO_SECTOR_IND'} %}

with figures as (

    select
        *,
        case
            when indicator_id = 'CLD_XCHL_SEX_AGE_NB' then 'all'
            {% for branch, breakdown_code in branch_breakdowns.items() %}
                when indicator_id = 'CLD_XCHL_SEX_AGE_ECO_NB' and breakdown like '%| {{ breakdown_code }}'
                    then '{{ branch }}'
            {% endfor %}
        end as branch
    from {{ ref('int_observations') }}
    where
        obs_value is not null
        and sex = 'SEX_T'
        and area_kind in ('country', 'territory')
        and basis <> 'projection'

),

children as (

    select
        iso3,
        branch,
        year,
        source_code,
        coalesce(source_label, source_code) as source_label,
        -- thousand persons, as the ILO counts
        max(case when definition_id = 'ilo_cld_xchl_5_17' then obs_value end) as children_5_17,
        max(case when definition_id = 'ilo_cld_xchl_5_11' then obs_value end)
        + max(case when definition_id = 'ilo_cld_xchl_12_14' then obs_value end) as children_5_14,
        {{ any_true("doubt is not null or obs_status = 'U'") }} as is_doubtful,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from figures
    where branch is not null
    group by iso3, branch, year, source_code, source_label

),

paired as (

    select
        children.*,
        labour.year as employment_year,
        case children.branch
            when 'all' then labour.all_thousand
            {% for branch in branch_breakdowns %}
                when '{{ branch }}' then labour.{{ branch }}_thousand
            {% endfor %}
        end as employed_thousand,
        coalesce(labour.is_synthetic, false) as labour_is_synthetic
    from children
    left join {{ ref('int_labour') }} as labour
        on
            children.iso3 = labour.iso3
            -- never a later year: a figure must not change with what came after it
            and labour.year between children.year - {{ var('employment_years_before') }} and children.year

),

nearest as (

    select
        *,
        row_number() over (
            partition by iso3, branch, year, source_code
            order by case when employed_thousand > 0 then 0 else 1 end, employment_year desc
        ) as nearest_first
    from paired

),

judged as (

    select
        *,
        case
            when is_doubtful then 'the child labour figure is doubtful or unreliable'
            when children_5_17 is null then 'no count of child labour at ages 5 to 17'
            when children_5_14 is null then 'child labour below 15 is not counted apart'
            when children_5_14 > 1.005 * children_5_17 then 'ages 5 to 14 exceed ages 5 to 17'
            when coalesce(employed_thousand, 0) <= 0
                then 'no employment figure to divide by'
            -- ages 15 to 17 are part of the employed
            when children_5_17 - children_5_14 > employed_thousand then 'more children of 15 to 17 than employed people'
        end as unusable_reason
    from nearest
    where nearest_first = 1

),

followed as (

    select
        *,
        lead(year) over (
            partition by iso3, branch, unusable_reason is null order by year, source_code
        ) as next_year
    from judged

)

select
    followed.iso3,
    followed.branch,
    followed.year,
    'ilo_cld_xchl_5_17' as definition_id,
    followed.source_code,
    followed.source_label,
    followed.children_5_17 as children_5_17_thousand,
    followed.children_5_14 as children_5_14_thousand,
    followed.employed_thousand,
    followed.employment_year,
    case
        when followed.unusable_reason is null
            then round(100 * followed.children_5_17 / (followed.employed_thousand + followed.children_5_14), 4)
    end as prevalence_pct,
    followed.unusable_reason,
    case
        when followed.unusable_reason is null
            then least(
                coalesce(followed.next_year - 1, followed.year + {{ var('prevalence_years_after') }}),
                followed.year + {{ var('prevalence_years_after') }}
            )
    end as valid_to_year,
    rules.rule_id,
    rules.nominal_sample,
    rules.error_factor,
    rules.normal_quantile,
    rules.drift_per_root_year,
    'child labour of ages 5 to 17 over the employed (counted from 15) and child labourers of 5 to 14'
    || case
        when followed.employment_year < followed.year then '; employment of ' || followed.employment_year
        else ''
    end
    || case
        when followed.branch <> 'all' then '; employment of the branch by the modelled share in WDI'
        else ''
    end
    || '; no sampling error is published: interval by rule ' || rules.rule_id as basis,
    followed.is_synthetic or followed.labour_is_synthetic as is_synthetic,
    followed.snapshot_id
from followed
inner join {{ ref('uncertainty_rule') }} as rules on followed.branch = rules.branch
