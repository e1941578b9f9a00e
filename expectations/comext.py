"""What only Comext's monthly files need: a month is the file's, whole, and adds up to its own totals."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.model import Check, listed, registry_file, rows, shown
from ingest import storage
from ingest.registry import Dataset
from ingest.storage import sql_text

TOTAL = "TOTAL"
VISIBLE = "[0-9]" * 8  # a CN8 code; masked ones carry letters. GX takes no braces in a query
MEASURES = ("value_nac", "quantity_kg", "quantity_suppl_unit")  # figures that the lake keeps as text
SPLIT_SINCE = "202101"  # from this month on XI and XU are the parts of GB
CLASSIFICATIONS = ("product_sitc", "product_cpa21", "product_cpa22", "product_bec", "product_bec5", "product_section")


def checks(dataset: Dataset) -> Iterator[Check]:
    """Of a monthly dataset only; other tables of Eurostat have no such columns."""
    if dataset.months is None:
        return
    yield period_of_the_file(dataset)
    yield reporters_complete(dataset)
    yield visible_product_once(dataset)
    yield measures_are_numbers(dataset)
    yield united_kingdom_once(dataset)
    yield totals_equal_parts(dataset)


def period_of_the_file(dataset: Dataset) -> Check:
    """Annual files lie beside the monthly ones, and a future month is a slip."""
    now = f"{storage.utcnow():%Y%m}"
    other = f"period is distinct from {sql_text(dataset.period or '')} or period > {sql_text(now)}"
    failing = f"select {shown(dataset)} from {{batch}} where {other}"
    return Check(
        name="period_of_the_file",
        description="every row is of the month in the file's name, and that month has come",
        expectations=(rows(failing),),
        failing=failing,
        observe="select min(period) as low, max(period) as high from {batch}",
        observed="{low} to {high}",
        finding=f"{{n}} rows are not of {dataset.period} or of a month to come ({{observed}})",
        advice="the file holds another period than its name says: tell Eurostat; the month before keeps serving",
    )


def reporters_complete(dataset: Dataset) -> Check:
    may_lack = dataset.tolerances.may_lack
    expected = sorted(set(dataset.known["reporter"]) - set(may_lack))
    values = ", ".join(f"({sql_text(code)})" for code in expected)
    failing = (
        f"select expected.reporter from (values {values}) as expected(reporter) "
        "where expected.reporter not in (select reporter from {batch} where reporter is not null)"
    )
    return Check(
        name="reporters_complete",
        description=f"{len(expected)} members report",
        expectations=(rows(failing),),
        failing=failing,
        observe=f"select array_to_string(list_sort(list(reporter)), ', ') as names from ({failing})",
        observed="missing: {names}",
        finding="{n} members have not reported ({observed})",
        advice="the newest months come in bit by bit: the next revision is judged again; one that will not report is "
        f"let through by `may_lack` with a reason in {registry_file(dataset)}",
    )


def visible_product_once(dataset: Dataset) -> Check:
    """The classifications follow from a CN8 code, so only masked products may repeat with other ones.

    Grouped by a hash first, as `key_unique` is.
    """
    key = listed(name for name in dataset.key if name not in CLASSIFICATIONS)
    visible = f"from {{batch}} where regexp_full_match(product_nc, '{VISIBLE}')"
    twice = f"""
        select {key}, count(*) as copies {visible}
        and hash({key}) in (select hash({key}) {visible} group by all having count(*) > 1)
        group by all having count(*) > 1"""
    return Check(
        name="visible_product_once",
        description="a product that is not masked stands once per partner, flow and procedure",
        prepare={"repeated_product": twice},
        expectations=(rows("select * from repeated_product"),),
        failing="select * from repeated_product",
        finding="{n} products stand more than once",
        advice="rows came twice, or a classification is no longer unique: adding them up would double money",
    )


def measures_are_numbers(dataset: Dataset) -> Check:
    number = "'[0-9]+([.][0-9]+)?'"
    bad = " or ".join(f"(trim({name}) <> '' and not regexp_full_match(trim({name}), {number}))" for name in MEASURES)
    failing = f"select {shown(dataset, *MEASURES)} from {{batch}} where {bad}"
    return Check(
        name="measures_are_numbers",
        description=f"{', '.join(MEASURES)} are numbers of zero or more, or blank",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} rows have a text or a negative number for a quantity",
        advice="columns may have moved: look at the rows in the raw snapshot",
    )


def united_kingdom_once(dataset: Dataset) -> Check:
    """GB is the whole of XI and XU: a file that holds both counts the United Kingdom twice."""
    failing = (
        "select reporter, flow, string_agg(distinct partner, ', ' order by partner) as partners from {batch} "
        f"where partner in ('GB', 'XI', 'XU') and period >= '{SPLIT_SINCE}' group by reporter, flow "
        "having count(distinct partner) filter (partner = 'GB') > 0 "
        "and count(distinct partner) filter (partner <> 'GB') > 0"
    )
    return Check(
        name="united_kingdom_once",
        description="from 2021 on the United Kingdom is GB or its parts XI and XU, never both",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} members report GB beside its parts",
        advice="compare GB with XI + XU: if it is their sum, staging must leave one of them out before this is allowed",
    )


def totals_equal_parts(dataset: Dataset) -> Check:
    """Where Eurostat sends a TOTAL it is the sum of the products, the masked ones among them."""
    cell = "reporter, partner, flow"
    failing = f"""
        select {cell}, sum(obs_value) filter (product_nc = '{TOTAL}') as total,
            sum(obs_value) filter (product_nc <> '{TOTAL}') as all_products,
            sum(obs_value) filter (regexp_full_match(product_nc, '{VISIBLE}')) as visible_products
        from {{batch}} group by {cell}
        having count(*) filter (product_nc = '{TOTAL}') > 0
            and abs(sum(obs_value) filter (product_nc = '{TOTAL}')
                - coalesce(sum(obs_value) filter (product_nc <> '{TOTAL}'), 0)) > 0.5"""
    return Check(
        name="totals_equal_parts",
        description="the totals per reporter, partner and flow are the sums of the products",
        prepare={"wrong_total": failing},
        expectations=(rows("select * from wrong_total"),),
        failing="select * from wrong_total",
        observe=f"select count(*) filter (product_nc = '{TOTAL}') as n from {{batch}}",
        observed="{n} rows of totals",
        finding="{n} totals are not the sum of their products",
        advice="if they equal the visible products alone, masked rows are subtotals and staging must leave them out; "
        "else rows are missing or doubled: refresh again, then tell Eurostat",
    )
