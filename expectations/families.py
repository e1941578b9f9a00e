"""What only one partner's tables need. A new dataset of a known dialect gets these by its columns, without Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from expectations import comext, fao
from expectations.model import Check, listed, rows, shown
from ingest.registry import Dataset
from ingest.storage import sql_text

# Findings report: shares of children are printed as 0-100 up to report year 2014 and as 0-1 from 2016 on. Completion
# rates are no shares (late entry takes them above 100 %).
SHARES = ("Total_Percentage_of_Working_Children", "Agriculture", "Industry", "Services", "Percentage", "Total")
NUMBER = "[$]?[0-9][0-9,.]*( million)?[*†‡]*"  # as USDOL writes it
ENOUGH_CELLS = 20  # fewer cells prove nothing about a report
SHARE_LIMIT = "case when try_cast(report_year as integer) < 2016 then 100 else 1.05 end"


def ilo(dataset: Dataset) -> Iterator[Check]:
    if "indicator" in dataset.lake_columns:
        yield asked_indicator_only(dataset)
        yield years_only(dataset)
    if "source" in dataset.key and dataset.period_column in dataset.key:
        yield one_source_per_series(dataset)


def ilab(dataset: Dataset) -> Iterator[Check]:
    columns = dataset.lake_columns
    if {"report_year", "measure", "value_text"} <= columns.keys():
        yield percent_unit(dataset)
        yield percent_outliers(dataset)
    if {"child_labor", "forced_labor", "forced_child_labor"} <= columns.keys():
        yield forced_child_labour_consistent(dataset)
    if {"report_year", "measure", "territory", "value_text"} <= columns.keys():
        yield reports_differ(dataset)
        yield one_kind_of_answer(dataset)
    if "copies" in columns:
        yield printed_once(dataset)


FAMILIES: dict[str, Callable[[Dataset], Iterator[Check]]] = {
    "fao": fao.checks,
    "ilo": ilo,
    "ilab": ilab,
    "eurostat": comext.checks,
}


def asked_indicator_only(dataset: Dataset) -> Check:
    failing = (
        f"select {shown(dataset, 'indicator')} from {{batch}} where indicator is distinct from {sql_text(dataset.code)}"
    )
    return Check(
        name="asked_indicator_only",
        description=f"every row is of {dataset.code}",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} rows are of another indicator",
        advice="the reply belongs to another request: look at the raw snapshot, then refresh again",
    )


def years_only(dataset: Dataset) -> Check:
    """Only annual datasets are taken: a quarter or month has no year in staging, and would be lost without a word."""
    failing = (
        f"select {shown(dataset, 'time_period')} from {{batch}} "
        "where not regexp_full_match(time_period, '[0-9][0-9][0-9][0-9]')"
    )
    return Check(
        name="years_only",
        description="every period is a calendar year",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} periods are no year",
        advice="the reply holds another frequency: compare the request (id ending in _A) with the raw file",
    )


def one_source_per_series(dataset: Dataset) -> Check:
    """ILO is asked for the best source only; a second one would count an area twice."""
    cell = [name for name in dataset.key if name != "source"]
    failing = (
        f"select {listed(cell)}, string_agg(distinct source, ', ' order by source) as sources "
        f"from {{batch}} group by {listed(cell)} having count(distinct source) > 1"
    )
    return Check(
        name="one_source_per_series",
        description=f"one source per {', '.join(cell)}",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} cells come from more than one source",
        advice="the reply holds more than the best source: compare the request (best_source=yes) with the raw file",
    )


def percent_unit(dataset: Dataset) -> Check:
    """Whole measures in another unit: more than a few values above the limit, or a median below a hundredth of it."""
    failing = f"""
        select {shown(dataset, "value_text")} from (
            select *, {SHARE_LIMIT} as upper_limit, try_cast(value_text as double) as value from {{batch}}
            where measure in ({", ".join(map(sql_text, SHARES))})
        ) where value is not null
        window year_measure as (partition by report_year, measure)
        qualify median(value) over year_measure * 100 <= upper_limit
            or sum(cast(value > upper_limit as integer)) over year_measure
                > greatest(2, 0.05 * count(*) over year_measure)"""
    return Check(
        name="percent_unit",
        description="shares of children are 0-100 up to report year 2014 and 0-1 from 2016 on",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} values belong to a report year and measure that is in another unit",
        advice="0-1 became 0-100 or the reverse: read the report, then declare the unit of that year's file",
    )


def percent_outliers(dataset: Dataset) -> Check:
    failing = (
        f"select {shown(dataset, 'value_text')} from {{batch}} "
        f"where measure in ({', '.join(map(sql_text, SHARES))}) and "
        f"(try_cast(value_text as double) > {SHARE_LIMIT} or try_cast(value_text as double) < 0)"
    )
    return Check(
        name="percent_outliers",
        description="no single share of children above 100 % or below zero",
        severity="WARN",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} shares are impossible",
        advice="known: Malawi 2022, working and studying, 2.84; compare any other with the printed report",
    )


def forced_child_labour_consistent(dataset: Dataset) -> Check:
    flags = ("child_labor", "forced_labor", "forced_child_labor")
    failing = (
        f"select {shown(dataset, *flags)} from {{batch}} where forced_child_labor = 'Yes' "
        "and (child_labor is distinct from 'Yes' or forced_labor is distinct from 'Yes')"
    )
    return Check(
        name="forced_child_labour_consistent",
        description="a good with forced child labour is flagged for child labour and for forced labour",
        severity="WARN",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} goods contradict themselves",
        advice="known: cotton of Uzbekistan, edition 2018; tell USDOL about any other",
    )


def reports_differ(dataset: Dataset) -> Check:
    """Two reports share 4 to 6 % of their enforcement figures above 3 (trap 17): a file put together out of two
    reports, or one report under two names, shares most of them."""
    place = "report_year, dense_rank() over (order by report_year) as report, country, measure, territory, value_text"
    cells = (
        f"(select {place} from {{batch}} where regexp_full_match(value_text, {sql_text(NUMBER)}) "
        "and try_cast(regexp_replace(value_text, '[^0-9.]', '', 'g') as double) > 3)"
    )
    failing = f"""
        select report_year, next_report, country, measure, territory, value_text from (
            select a.*, b.report_year as next_report, a.value_text = b.value_text as is_same
            from {cells} as a join {cells} as b
                on b.report = a.report + 1 and a.country = b.country and a.measure = b.measure
                and a.territory is not distinct from b.territory
        )
        window pair as (partition by report)
        qualify is_same and count(*) over pair >= {ENOUGH_CELLS}
            and 2 * sum(cast(is_same as integer)) over pair > count(*) over pair"""
    return Check(
        name="reports_differ",
        description="consecutive reports share at most half of their enforcement figures above 3",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} figures stand unchanged in the next report, more than half of those that could differ",
        advice="the file of one report year holds the figures of another: find the commit of the report in the "
        "agency's repositories and change `files` in ingest/registry/layouts.yaml",
    )


def one_kind_of_answer(dataset: Dataset) -> Check:
    kind = (
        "case when lower(value_text) in ('yes', 'no') then 'yes or no' "
        f"when regexp_full_match(value_text, {sql_text(NUMBER)}) then 'number' end"
    )
    failing = (
        f"select {shown(dataset, 'value_text')}, kind from (select *, {kind} as kind from {{batch}}) "
        "where kind is not null qualify 2 * count(*) over (partition by report_year, measure, kind) "
        "< count(*) over (partition by report_year, measure)"
    )
    return Check(
        name="one_kind_of_answer",
        description="a fact is answered by yes and no, or by numbers, in all countries of a report",
        severity="WARN",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} cells are a number among yes and no, or the reverse",
        advice="each cell keeps its own kind in staging; known: Criminal_Penalties_for_WFCL of 2018 and 2022, "
        "single cells of Cote d'Ivoire, Ghana, Guinea, Mauritania and Somalia",
    )


def printed_once(dataset: Dataset) -> Check:
    failing = f"select {shown(dataset, 'copies')} from {{batch}} where copies <> '1'"
    return Check(
        name="printed_once",
        description="no row stands in its file more than once",
        severity="WARN",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} rows stand in their file more than once and were taken once",
        advice="known: treaties of Zimbabwe 2022, inspections of Somalia 2020, five projects of 2020 and 2022; tell "
        "USDOL about any other",
    )
