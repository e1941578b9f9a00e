-- Product TOTAL is a check figure of its own (expectation totals_equal_parts) and never among the rows.
-- Visible products pass one by one, since 24 months have more than a hundred million of them; only masked ones are
-- added up, because they repeat under one code and differ in classifications alone.
{% set key = [
    'reporter', 'partner', 'trade_type', 'product_nc', 'flow', 'stat_procedure', 'suppl_unit', 'period', 'is_synthetic',
    'snapshot_id'
] %}
{% set classes = [
    'product_sitc', 'product_cpa21', 'product_cpa22', 'product_bec', 'product_bec5', 'product_section'
] %}
{% set quantities = ['value_nac', 'quantity_kg', 'quantity_suppl_unit'] %}

with cells as (

    select
        {{ key | join(', ') }},
        -- dots stand for an unknown class
        {%- for name in classes %}
            nullif(replace(trim({{ name }}), '.', ''), '') as {{ name }},
        {%- endfor %}
        obs_value as value_eur,
        {%- for name in quantities %}
            {{ number_or_null(name) }} as {{ name }},
        {%- endfor %}
        not {{ text_matches('product_nc', '[0-9]{8}') }} as is_masked
    from {{ source('eurostat', 'eurostat_comext_full_v2') }}
    where product_nc <> 'TOTAL'

),

products as (

    select
        {{ key | join(', ') }},
        {{ classes | join(', ') }},
        is_masked,
        {{ quantities | join(', ') }},
        value_eur
    from cells
    where not is_masked

    union all

    select
        {{ key | join(', ') }},
        {%- for name in classes %}
            cast(null as varchar) as {{ name }},
        {%- endfor %}
        is_masked,
        {%- for name in quantities %}
            case when count(*) = count({{ name }}) then sum({{ name }}) end as {{ name }},
        {%- endfor %}
        sum(value_eur) as value_eur
    from cells
    where is_masked
    group by
        {{ key | join(', ') }},
        is_masked

)

select
    reporter,
    partner,
    trade_type,
    product_nc,
    case when not is_masked then substr(product_nc, 1, 6) end as hs6,
    is_masked,
    {{ classes | join(', ') }},
    flow,
    stat_procedure,
    -- inward processing was 5 and 6 before 2010, the arrangements for textiles were 7
    case
        when stat_procedure in ('5', '6') then '2'
        when stat_procedure = '7' then '3'
        else stat_procedure
    end as stat_procedure_current,
    suppl_unit,
    substr(period, 1, 4) || '-' || substr(period, 5, 2) as time_period,
    {{ year_or_null('substr(period, 1, 4)') }} as year,
    value_eur,
    {{ quantities | join(', ') }},
    -- zero mass is a mass that was not reported or rounded away
    case when quantity_kg > 0 then value_eur / quantity_kg end as unit_value_eur_per_kg,
    -- Final from October of the year after. The newest delivery says what day it is: a rebuild makes the same table.
    (
        select max(substr(vintages.retrieved_at, 1, 10))
        from {{ source('reference', 'vintage') }} as vintages
        where vintages.dataset_id like 'eurostat_comext_full_v2%'
    ) < ({{ year_or_null('substr(period, 1, 4)') }} + 1) || '-10-01' as is_provisional,
    is_synthetic,
    snapshot_id
from products
