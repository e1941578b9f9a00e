"""Every dataset of the registry under every fault: what serves stays the last good vintage, byte for byte.

A new dataset joins by itself. A new kind of fault, or a dialect that a fault does not touch, is a line in the tables
here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ingest import http, lake
from ingest.refresh import Outcome
from ingest.registry import Column, Dataset, datasets
from ingest.sandbox import Fault, Sandbox
from ingest.sandbox.dialects import Reply, Request
from tests.faults.conftest import Prepared, Served, exactly

# The ways a refresh may end: the word that its message has after the dataset's id, or that nothing new serves.
UNAVAILABLE, REFUSED, RETIRED = "partner unavailable", "request refused", "dataset retired"
CUT, INVALID, DRIFT = "payload incomplete", "payload invalid", "schema drift"
HELD, SAME = "quarantined", "unchanged"
WARNED = "accepted"  # with the very same rows, and the warning that a column is new

# Kind of fault -> ways it may end. COLUMN is a column that cannot be missed, AREA the area with the most rows.
CATALOGUE = {
    "status:503": {UNAVAILABLE},
    "status:404": {REFUSED, RETIRED},
    "html": {UNAVAILABLE},
    "empty": {UNAVAILABLE},
    "garbage": {UNAVAILABLE, INVALID},
    "cut": {CUT, INVALID},
    "short": {CUT},
    "stall:2": {UNAVAILABLE},
    "encoding": {INVALID},
}
DATA = {
    **CATALOGUE,
    "cut": {CUT, INVALID, DRIFT},
    "garbage": {UNAVAILABLE, CUT, INVALID},
    "status:429": {UNAVAILABLE},
    "retired": {RETIRED, REFUSED},
    "recode": {SAME, UNAVAILABLE, CUT, INVALID, DRIFT},
    "header_only": {HELD, CUT, INVALID, DRIFT},
    "half": {HELD, CUT, INVALID},
    "repeat": {HELD, CUT, INVALID},
    "shift": {HELD, INVALID, DRIFT},
    "later:30": {HELD},
    "rename:COLUMN>RENAMED": {DRIFT, HELD},
    "lack:COLUMN": {DRIFT, HELD},
    "extra": {SAME, WARNED},
    "scale:10": {HELD},
    "scale:-1": {HELD},
    "drop:AREA": {HELD},
}
# The last of several requests for one delivery: a part of it is bad, the rest is as before.
PART = {kind: DATA[kind] for kind in ("status:503", "cut", "header_only", "half", "lack:COLUMN", "scale:10")}

JUDGED_BY_GX = "repeat"  # the others by the suite's own SQL, which takes a fifth of the time

# Other ends, by dialect, with the reason.
OTHERWISE: list[tuple[str, str, set[str], str]] = [
    ("fao", "short", {SAME}, "FAO offers ranges: the rest is asked for, and the delivery is whole"),
    ("fao", "repeat", {SAME}, "rows that come twice, cell for cell, are dropped and counted"),
]


def is_xml(dataset: Dataset) -> bool:
    return dataset.partner == "ilab"


def is_json(dataset: Dataset) -> bool:
    return dataset.partner == "world_bank" or "dictionary" in dataset.request


def is_tabbed(dataset: Dataset) -> bool:
    return dataset.request.get("kind") in ("sdmx_tsv", "cn8_links")


def comes_whole(dataset: Dataset) -> bool:
    """One request brings the whole delivery, but for its lists of codes."""
    one_list = dataset.request.get("pages") == "country"
    return dataset.partner in ("fao", "ilo") or is_tabbed(dataset) or bool(dataset.period) or one_list


# The table of contents is its own catalogue, and its dates move with each touch: tests/quirks/test_eurostat.py, 19.
OWN_CATALOGUE = {"eurostat_toc"}

# Cells without a meaning: the fault has nothing to change in such replies.
IN_TEXT = {kind for kind in DATA if kind not in CATALOGUE} - {"status:429", "retired"}
MEANINGLESS: dict[str, Callable[[Dataset], bool]] = {
    "shift": lambda d: is_json(d) or is_xml(d),  # values stand beside their names
    "extra": lambda d: is_xml(d) or is_tabbed(d),  # elements that nobody asks for are there every day
    "scale": lambda d: not d.has_obs or is_tabbed(d),  # the fault edits cells between commas
    "later": lambda d: not d.period_column or is_xml(d) or is_tabbed(d),  # the year is in the name of the file
    "drop": lambda d: not d.area_column or is_xml(d) or is_tabbed(d),
    "rename": is_tabbed,
    "lack": is_tabbed,
}


@dataclass(frozen=True)
class Cell:
    dataset: Dataset
    where: str  # catalogue, data, part
    kind: str

    @property
    def name(self) -> str:
        return f"{self.dataset.id}-{self.where}-{self.kind}"

    @property
    def ends(self) -> set[str]:
        for partner, kind, ends, _reason in OTHERWISE:
            if (partner, kind) == (self.dataset.partner, self.kind) and self.where != "catalogue":
                return ends
        return {"catalogue": CATALOGUE, "data": DATA, "part": PART}[self.where][self.kind]


SERIES = 4  # asked for of each dataset in series: a request each


def standing_for(dataset: Dataset) -> Dataset:
    """A dataset in months by one of them, one of many series by some of them."""
    part = dataset.for_period("202402") if dataset.months else dataset
    if len(part.series) <= SERIES:
        return part
    fewer = part.tolerances.model_copy(update={"min_rows": 1})
    return part.model_copy(update={"series": part.series[:SERIES], "tolerances": fewer})


REGISTERED = [standing_for(dataset) for dataset in datasets().values()]


def cells() -> list[Cell]:
    return [
        Cell(dataset, where, kind)
        for dataset in REGISTERED
        if dataset.id not in OWN_CATALOGUE
        for where, kinds in (("catalogue", CATALOGUE), ("data", DATA), ("part", PART))
        for kind in kinds
        if not (where == "part" and comes_whole(dataset))
        if not (dataset.months and kind in IN_TEXT)  # a 7z is not repacked by the sandbox: `tests/unit/test_months.py`
        if not MEANINGLESS.get(kind.partition(":")[0], lambda _d: False)(dataset)
    ]


class Counted(Fault):
    """A fault that knows how often it changed a reply."""

    changed = 0

    def spoil(self, request: Request, reply: Reply) -> Reply:
        spoilt = super().spoil(request, reply)
        Counted.changed += spoilt != reply
        return spoilt


def fault_of(cell: Cell, served: Served) -> Fault:
    kind, _, argument = cell.kind.partition(":")
    if "COLUMN" in argument:
        argument = argument.replace("COLUMN", needed(cell.dataset).source)
    if argument == "AREA":
        argument = widest_area(served)
    match = {
        "catalogue": exactly(served.catalogue),
        "data": Fault.parse(f"{cell.dataset.base_id}={kind}:{argument}").match,
        "part": exactly(served.data[-1:]),
    }[cell.where]
    Counted.changed = 0
    return Counted(match, kind, argument)


def needed(dataset: Dataset) -> Column:
    """The figures' column, or the last one that is required and comes with the rows."""
    figures = [c for c in dataset.columns if c.type == "obs"]
    return (figures or [c for c in dataset.columns if c.required and c.source[0].isupper()] or list(dataset.columns))[
        -1
    ]


def widest_area(served: Served) -> str:
    vintage = served.data_file
    ((area,),) = duckdb.sql(
        f"select {served.dataset.area_column} from '{vintage}/*.parquet' group by 1 order by count(*) desc, 1 limit 1"
    ).fetchall()
    return str(area)


def end_of(outcome: Outcome) -> str:
    return outcome.message.split(": ")[1] if outcome.status == "failed" else outcome.status


@pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.name) for cell in cells()])
def test_what_serves_stays_what_it_was(
    cell: Cell, prepared: Prepared, playing: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = prepared.copy(cell.dataset, tmp_path)
    assert cell.where != "part" or len(served.data) > 1, "one request brings it: see comes_whole"
    before, rows, fault = served.serving(), served.data_file, fault_of(cell, served)

    playing.faults = [fault]
    playing.touch()
    with monkeypatch.context() as patch:
        if fault.kind == "stall":
            patch.setattr(http, "STALL_SECONDS", 0.05)
            patch.setattr(http, "ATTEMPTS", 2)
        outcome = served.refresh(playing, with_gx=cell.kind == JUDGED_BY_GX)
    playing.faults = []

    assert end_of(outcome) in cell.ends, outcome.message
    if end_of(outcome) == WARNED:
        assert lake.same_content(cell.dataset, rows, served.data_file)
        assert [c["passed"] for c in outcome.checks if c["check_name"] == "undeclared_columns"] == [False]
        return
    assert served.serving() == before
    assert outcome.snapshot_id == before[0]
    assert Counted.changed or not outcome.is_good, "the fault changed nothing in the replies"
    if not outcome.is_good:
        assert cell.dataset.id in outcome.message
        assert "; what to do: " in outcome.message
    if outcome.status == "failed":
        assert "; URL http" in outcome.message or cell.where == "catalogue"
    else:  # a quarantined delivery is held until the partner's stamp moves again
        playing.touch()
    recovered = served.refresh(playing)
    assert recovered.status == "unchanged", recovered.message
    # After a failure the catalogue says the same as before: a delivery that was not taken is asked for again.
    assert recovered.message != "nothing moved at the partner: no payload was asked for"
    assert served.serving() == before
    shutil.rmtree(tmp_path)
