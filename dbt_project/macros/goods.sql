{# The editions of USDOL's list of goods, with the years in which each was in force. #}
{% macro goods_list_editions() %}
    select
        edition,
        valid_from_year,
        valid_to_year,
        {{ any_true('is_synthetic') }} as is_synthetic,
        max(snapshot_id) as snapshot_id
    from {{ ref('fct_goods_list') }}
    group by edition, valid_from_year, valid_to_year
{% endmacro %}
