"""What only one partner's tables need. A new dataset of a known dialect gets these by its columns, without Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from expectations.model import Check, in_list, listed, quoted, rows, shown
from ingest.registry import Dataset
from ingest.storage import sql_text

# Findings report: shares of children are printed as 0-100 up to report year 2014 and as 0-1 from 2016 on. Completion
# rates are no shares (late entry takes them above 100 %).
SHARES = ("Total_Percentage_of_Working_Children", "Agriculture", "Industry", "Services", "Percentage", "Total")
SHARE_LIMIT = "case when try_cast(report_year as integer) < 2016 then 100 else 1.05 end"

WORLD = "5000"
WORLD_MOVES_PCT = 20  # a world total that a release moves by more may mean another commodity (fao quirk 24)
UNITLESS = ("5539",)  # FAO's index elements
SUCCESSORS = {  # dissolved area -> the areas that came after it
    "15": ("255", "256"),  # Belgium-Luxembourg
    "51": ("167", "199"),  # Czechoslovakia
    "62": ("178", "238"),  # Ethiopia PDR
    "77": ("79",),  # German Democratic Republic
    "78": ("79",),  # Federal Republic of Germany before 1990
    "151": ("278", "279", "280"),  # Netherlands Antilles
    "164": ("127", "145", "163", "180"),  # Pacific Islands Trust Territory
    "186": ("272", "273"),  # Serbia and Montenegro
    "206": ("276", "277"),  # Sudan (former)
    "228": ("1", "52", "57", "63", "73", "108", "113", "119", "126", "146", "185", "208", "213", "230", "235"),  # USSR
    "246": ("249",),  # Yemen Arab Republic
    "247": ("249",),  # Democratic Yemen
    "248": ("80", "98", "154", "186", "198"),  # Yugoslav SFR
}
MIN_SERIES = 5  # years that make a median


def fao(dataset: Dataset) -> Iterator[Check]:
    if "element" not in dataset.lake_columns:
        return
    if any(column.name == "unit_measure" and not column.required for column in dataset.columns):
        yield unit_given(dataset)
    if dataset.area_column:
        yield world_totals_kept(dataset, dataset.area_column)
        yield no_overlap_with_successors(dataset, dataset.area_column)
    if dataset.tolerances.max_times_own_median:
        yield near_own_median(dataset, dataset.tolerances.max_times_own_median)


def ilo(dataset: Dataset) -> Iterator[Check]:
    if "indicator" in dataset.lake_columns:
        yield asked_indicator_only(dataset)
    if "source" in dataset.key and dataset.period_column in dataset.key:
        yield one_source_per_series(dataset)


def ilab(dataset: Dataset) -> Iterator[Check]:
    columns = dataset.lake_columns
    if {"report_year", "measure", "value_text"} <= columns.keys():
        yield percent_unit(dataset)
        yield percent_outliers(dataset)
    if {"child_labor", "forced_labor", "forced_child_labor"} <= columns.keys():
        yield forced_child_labour_consistent(dataset)


FAMILIES: dict[str, Callable[[Dataset], Iterator[Check]]] = {"fao": fao, "ilo": ilo, "ilab": ilab}


def unit_given(dataset: Dataset) -> Check:
    failing = (
        f"select {shown(dataset)} from {{batch}} "
        f"where coalesce(trim(unit_measure), '') = '' and element not in ({in_list(UNITLESS)})"
    )
    return Check(
        name="unit_given",
        description=f"a unit in every row but those of the index elements {', '.join(UNITLESS)}",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} figures have no unit",
        advice="look at the element in the raw file: an index is added to UNITLESS in expectations/families.py",
    )


def _same(dataset: Dataset, one: str, other: str, *aside: str) -> str:
    """Condition that two rows agree in the key, some columns left aside."""
    key = [quoted(name) for name in dataset.key if name not in aside]
    return " and ".join(f"{one}.{name} is not distinct from {other}.{name}" for name in key)


def world_totals_kept(dataset: Dataset, area: str) -> Check:
    key = ", ".join(f"n.{quoted(name)}" for name in dataset.key)
    failing = f"""
        select {key}, b.obs_value as value_before, n.obs_value as value_now
        from (select * from {{batch}} where {quoted(area)} = '{WORLD}') as n
        join (select * from previous where {quoted(area)} = '{WORLD}') as b on {_same(dataset, "n", "b")}
        where abs(n.obs_value - b.obs_value) * 100 > {WORLD_MOVES_PCT} * abs(b.obs_value)"""
    return Check(
        name="world_totals_kept",
        description=f"no total of the World moves by more than {WORLD_MOVES_PCT} %",
        severity="WARN",
        needs="previous",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} totals of the World moved by more than that",
        advice="an item may have another meaning now (made tea became green leaf): read the release notes, and draw no "
        "series over the two vintages",
    )


def no_overlap_with_successors(dataset: Dataset, area: str) -> Check:
    """FAO ends dissolved areas in other years than its definitions say, by dataset: what counts is what is there."""
    pairs = ", ".join(f"('{old}', '{new}')" for old, successors in SUCCESSORS.items() for new in successors)
    a = quoted(area)
    failing = f"""
        select distinct d.{a} as dissolved, s.{a} as successor, d.{quoted(dataset.period_column or "")}
        from {{batch}} as d
        join (values {pairs}) as pairs(dissolved, successor) on d.{a} = pairs.dissolved
        join {{batch}} as s on s.{a} = pairs.successor and {_same(dataset, "d", "s", area)}
        where d.obs_value <> 0 and s.obs_value <> 0"""
    return Check(
        name="no_overlap_with_successors",
        description="no dissolved area has a figure beside one of its successors",
        severity="WARN",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} times a dissolved area and a successor have figures of the same year",
        advice="a sum over areas counts them twice: take one of the two in these years",
    )


def near_own_median(dataset: Dataset, times: float) -> Check:
    series = [name for name in dataset.key if not name.startswith("time_period")]
    failing = f"""
        select {shown(dataset)}, own_median
        from {{batch}} join (
            select {listed(series)}, median(obs_value) as own_median from {{batch}}
            group by all having count(obs_value) >= {MIN_SERIES} and own_median > 0
        ) using ({listed(series)})
        where obs_value < 0 or obs_value > {times!r} * own_median
            or (obs_value > 0 and obs_value * {times!r} < own_median)"""
    return Check(
        name="near_own_median",
        description=f"no value {times:g} times above or below the median of its own series",
        severity="WARN",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} values are far from their own series",
        advice="they stay; compare single ones with the partner's site before they are shown",
    )


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
