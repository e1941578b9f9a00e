"""What only FAOSTAT's figures need: areas that contain others, and figures that are odd beside their own kind."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.model import Check, in_list, listed, rows, shown
from ingest.registry import Dataset
from ingest.storage import sql_name, sql_text

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


def checks(dataset: Dataset) -> Iterator[Check]:
    """Of FAO's sets of figures, which all have elements."""
    if "element" not in dataset.lake_columns:
        return
    if any(column.name == "unit_measure" and not column.required for column in dataset.columns):
        yield unit_given(dataset)
    if dataset.area_column:
        yield world_totals_kept(dataset, dataset.area_column)
        yield no_overlap_with_successors(dataset, dataset.area_column)
    if dataset.tolerances.max_times_own_median:
        yield near_own_median(dataset, dataset.tolerances.max_times_own_median)


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
        advice="look at the element in the raw file: an index is added to UNITLESS in expectations/fao.py",
    )


def _same(dataset: Dataset, one: str, other: str, *aside: str) -> str:
    """Condition that two rows agree in the key, some columns left aside."""
    key = [sql_name(name) for name in dataset.key if name not in aside]
    return " and ".join(f"{one}.{name} is not distinct from {other}.{name}" for name in key)


def world_totals_kept(dataset: Dataset, area: str) -> Check:
    key = ", ".join(f"n.{sql_name(name)}" for name in dataset.key)
    failing = f"""
        select {key}, b.obs_value as value_before, n.obs_value as value_now
        from (select * from {{batch}} where {sql_name(area)} = '{WORLD}') as n
        join (select * from previous where {sql_name(area)} = '{WORLD}') as b on {_same(dataset, "n", "b")}
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
    pairs = ", ".join(
        f"({sql_text(old)}, {sql_text(new)})" for old, successors in SUCCESSORS.items() for new in successors
    )
    a = sql_name(area)
    failing = f"""
        select distinct d.{a} as dissolved, s.{a} as successor, d.{sql_name(dataset.period_column or "")}
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
            select hash({listed(series)}) as own_series, median(obs_value) as own_median from {{batch}}
            group by all having count(obs_value) >= {MIN_SERIES} and own_median > 0
        ) on own_series = hash({listed(series)})
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
