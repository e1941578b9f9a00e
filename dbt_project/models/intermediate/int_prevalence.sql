-- Share of a branch's labour that is children in child labour. Not the share of children who are in child labour.
{% set branch_breakdowns = {'agriculture': 'ECO_SECTOR_AGR', 'industry': 'ECO_SECTOR_IND'} %}
{% set branch_shares = {'agriculture': 'SL.AGR.EMPL.ZS', 'industry': 'SL.IND.EMPL.ZS'} %}

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

employed as (

    select
        iso3,
        year,
        -- one source prints its total once a revision of the ISIC; two sources in one year give no figure
        case when count(distinct source_code) = 1 then max(obs_value) end as employed_thousand,
        {{ any_true('is_synthetic') }} as is_synthetic
    from figures
    where indicator_id = 'EMP_TEMP_SEX_EC2_NB' and breakdown like '%TOTAL' and doubt is null and obs_status <> 'U'
    group by iso3, year

),

shares as (

    select
        iso3,
        year,
        indicator_id,
        obs_value as share_pct,
        is_synthetic
    from {{ ref('int_observations') }}
    where
        indicator_id in ({{ text_literals(branch_shares.values() | list) }})
        and obs_value is not null
        and doubt is null

),

employed_by_branch as (

    select
        iso3,
        year,
        'all' as branch,
        employed_thousand,
        is_synthetic
    from employed
    {% for branch, series in branch_shares.items() %}
        union all
        select
            employed.iso3,
            employed.year,
            '{{ branch }}' as branch,
            employed.employed_thousand * shares.share_pct / 100 as employed_thousand,
            employed.is_synthetic or shares.is_synthetic as is_synthetic
        from employed
        inner join shares
            on employed.iso3 = shares.iso3 and employed.year = shares.year and shares.indicator_id = '{{ series }}'
    {% endfor %}

),

paired as (

    select
        children.*,
        employed_by_branch.year as employment_year,
        employed_by_branch.employed_thousand,
        children.is_synthetic or coalesce(employed_by_branch.is_synthetic, false) as pair_is_synthetic,
        row_number() over (
            partition by children.iso3, children.branch, children.year, children.source_code
            order by employed_by_branch.year desc
        ) as latest_first
    from children
    left join employed_by_branch
        on
            children.iso3 = employed_by_branch.iso3
            and children.branch = employed_by_branch.branch
            and employed_by_branch.employed_thousand > 0
            -- never a later year: a figure must not change with what came after it
            and employed_by_branch.year between children.year - {{ var('employment_years_before') }} and children.year

),

judged as (

    select
        *,
        case
            when is_doubtful then 'the child labour figure is doubtful or unreliable'
            when children_5_17 is null then 'no count of child labour at ages 5 to 17'
            when children_5_14 is null then 'child labour below 15 is not counted apart'
            when children_5_14 > 1.005 * children_5_17 then 'ages 5 to 14 exceed ages 5 to 17'
            when employed_thousand is null
                then 'no employment figure to divide by'
            -- ages 15 to 17 are part of the employed
            when children_5_17 - children_5_14 > employed_thousand then 'more children of 15 to 17 than employed people'
        end as unusable_reason
    from paired
    where latest_first = 1

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
            then 100 * followed.children_5_17 / (followed.employed_thousand + followed.children_5_14)
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
    followed.pair_is_synthetic as is_synthetic,
    followed.snapshot_id
from followed
inner join {{ ref('uncertainty_rule') }} as rules on followed.branch = rules.branch
