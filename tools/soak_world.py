"""The partners of the soak: a sandbox in a process of its own, and the model of what the platform must make of it.

    python -m tools.soak_world FOLDER    plays the sample edition in FOLDER, told what to do by lines of JSON on stdin

The model knows nothing of how the platform works: which figure each partner tells, who is broken, what analysts must
read after the night, and which faults must have been reported or taken back.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from ingest.registry import datasets, partners
from ingest.sandbox import Fault, SampleEdition, Sandbox
from ingest.sandbox.sample_edition import BUNDLED

REVISIONS = 40  # a figure takes so many values before it comes back to one it had
NEW_REVISION, NEW_FAULT = 0.1, 0.2  # chance a night; each fault of a dataset is a broken revision
LONGEST_FAULT = 3  # nights on which the partner is asked


@dataclass(frozen=True)
class Figure:
    """A figure that its partner revises: where it stands in the sample's table, and where analysts read it."""

    dataset: str
    code: str  # as the catalogue has it; of the World Bank the source
    table: str
    row: dict[str, str]
    column: str
    step: str  # between one revision and the next
    query: str

    def told(self, revision: int) -> str:
        """What the partner tells after so many revisions."""
        with (BUNDLED / f"{self.table}.csv").open(encoding="utf-8", newline="") as stream:
            first = next(row[self.column] for row in csv.DictReader(stream) if self.row.items() <= row.items())
        return str(Decimal(first) + Decimal(self.step) * (revision % REVISIONS))


OBSERVATION = "select obs_value from country_progress.fct_observation where"
FIGURES = [
    Figure(
        "fao_qcl", "QCL", "fao_qcl",
        {"area_code": "107", "item_code": "661", "element_code": "5510", "year": "2020"}, "value", "1000",
        "select production_t from supply_chain.fct_production "
        "where ref_area = '107' and item_code = '661' and year = 2020",
    ),
    Figure(
        "fao_pp", "PP", "fao_pp",
        {"area_code": "100", "item_code": "656", "element_code": "5532", "year": "2020", "month_code": "7021"},
        "value", "1.5",
        "select price_usd_per_t from supply_chain.fct_producer_price "
        "where ref_area = '100' and item_code = '656' and year = 2020",
    ),
    Figure(
        "ilo_sdg_a871_sex_age_rt", "SDG_A871_SEX_AGE_RT", "ilo",
        {"indicator": "SDG_A871_SEX_AGE_RT", "ref_area": "BGD", "time": "2022", "sex": "SEX_T",
         "classif1": "AGE_CLDVERSION_Y12-14"},
        "obs_value", "0.01",
        f"{OBSERVATION} indicator_id = 'SDG_A871_SEX_AGE_RT' and iso3 = 'BGD' and year = 2022 and sex = 'SEX_T' "
        "and age = '12-14'",
    ),
    Figure(
        "ilo_sdg_0861_sex_rt", "SDG_0861_SEX_RT", "ilo",
        {"indicator": "SDG_0861_SEX_RT", "ref_area": "BGD", "time": "2017", "sex": "SEX_T"}, "obs_value", "0.01",
        f"{OBSERVATION} indicator_id = 'SDG_0861_SEX_RT' and iso3 = 'BGD' and year = 2017 and sex = 'SEX_T'",
    ),
    Figure(
        "world_bank_wgi", "3", "world_bank", {"indicator": "GOV_WGI_RL.EST", "ref_area": "BGD", "year": "2016"},
        "value", "0.001",
        f"{OBSERVATION} indicator_id = 'GOV_WGI_RL.EST' and iso3 = 'BGD' and year = 2016",
    ),
    Figure(
        "eurostat_crim_thb_vexp", "CRIM_THB_VEXP", "eurostat_main",
        {"dataset": "CRIM_THB_VEXP", "dimensions": "freq=A,expl=TOTAL,unit=NR,geo=AT", "time_period": "2018"},
        "cell", "1",
        "select obs_value from country_progress.fct_trafficking_victim where ref_area = 'AT' and year = 2018 "
        "and breakdown = 'exploitation' and dimensions = 'expl=TOTAL,unit=NR'",
    ),
]  # fmt: skip
CONTENTS = "eurostat_toc"  # the table of contents tells the days of the others, so it moves with each of them
# Kind of fault -> kinds of incident that may tell of it; the first two also befall whole partners.
BROKEN = {"payload-incomplete", "payload-invalid", "schema-drift", "partner-unavailable"}
FAULTS = {
    "status:503": {"partner-unavailable"},
    "html": {"partner-unavailable"},
    "cut": BROKEN,
    "garbage": BROKEN,
    "encoding": {"payload-invalid"},
    "header_only": BROKEN | {"quarantined"},
    "half": BROKEN | {"quarantined"},
    "retired": {"dataset-retired", "request-refused"},
    "scale:10": {"quarantined"},
}
OF_PARTNERS = ("status:503", "html")
NOT_FOR_TABS = {"scale:10"}  # the sandbox edits cells between commas


class Played:
    """The sandbox in a process of its own, so that its memory is not the platform's."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.soak_world", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.pid = self._process.pid
        self.url = self._line()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)

    def tell(self, command: str, **arguments: Any) -> None:
        """Do something in the sandbox (see `play`), and wait until it is done."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([command, arguments]) + "\n")
        self._process.stdin.flush()
        self._line()

    def _line(self) -> str:
        assert self._process.stdout
        said = self._process.stdout.readline().strip()
        if not said:
            raise RuntimeError("the sandbox of the soak has ended")
        return said


def play(folder: Path) -> None:
    """Serve the sample edition in `folder`, which becomes a copy of the bundled one, until stdin ends."""
    shutil.copytree(BUNDLED, folder, dirs_exist_ok=True)
    with Sandbox(SampleEdition(folder)) as sandbox:
        print(sandbox.url, flush=True)
        for line in sys.stdin:
            command, arguments = json.loads(line)
            sandbox.reset_requests()
            if command == "break":
                sandbox.faults = [Fault.parse(text) for text in arguments["faults"]]
            else:
                _revise(folder, **arguments["cell"])
                sandbox.edition = SampleEdition(folder)
                sandbox.update(arguments["code"], datetime.fromisoformat(arguments["moment"]))
            print("done", flush=True)


def _revise(folder: Path, table: str, row: dict[str, str], column: str, value: str) -> None:
    """Another figure in one row of the sample's table."""
    file = folder / f"{table}.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    next(found for found in rows if row.items() <= found.items())[column] = value
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, reader.fieldnames or [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@dataclass
class Trouble:
    """A fault that is there; `dataset` is empty for a whole partner. `nights` are those on which it will be met."""

    partner: str
    dataset: str
    kind: str
    nights: int
    met: bool = False

    @property
    def text(self) -> str:
        return f"{self.dataset or self.partner}={self.kind}"

    def is_told_by(self, message: str) -> bool:
        """Whether an incident, as `<kind> <key>`, is this one. A partner is named where it does not answer."""
        kind, key = message.split()
        return kind in FAULTS[self.kind] and key in (self.partner, self.dataset)


@dataclass
class Expected:
    """What must be true after the night."""

    asked: set[str]  # partners
    opened: list[Trouble] = field(default_factory=list)  # reported this night, and not before
    ended: list[Trouble] = field(default_factory=list)  # taken back this night
    moves: bool = False  # a new edition is published; otherwise the file is untouched


class World:
    """The partners as they are, and what analysts read of them. One trouble a partner at a time."""

    def __init__(self, played: Played, seed: int) -> None:
        self._played, self._chance = played, random.Random(seed)
        self.told = dict.fromkeys((figure.dataset for figure in FIGURES), 0)  # revisions that the partner tells
        self.published = dict(self.told)  # revisions that analysts must read
        self.troubles: list[Trouble] = []
        self.revised = 0
        self.begun: list[str] = []  # every fault so far, as text
        self._contents_moved = False

    def night(self, asked: Collection[str], moment: datetime) -> Expected:
        """Let partners revise, break and mend; say what must follow when these partners are asked."""
        gone = [t for t in self.troubles if t.nights == 0 and t.partner in asked]
        if self._chance.random() < NEW_FAULT:  # a partner that mends this night does not break in the same one
            self._break(moment)
        self.troubles = [t for t in self.troubles if t not in gone]
        for trouble in gone:
            if trouble.dataset:  # what was broken is delivered anew, under a new stamp
                self._revise(trouble.dataset, moment)
        if self._chance.random() < NEW_REVISION:
            self._revise(self._chance.choice(FIGURES).dataset, moment)
        self._played.tell("break", faults=[trouble.text for trouble in self.troubles])
        return self._expect(set(asked), gone)

    def _revise(self, dataset: str, moment: datetime) -> None:
        figure = next(figure for figure in FIGURES if figure.dataset == dataset)
        self.told[dataset] += 1
        self.revised += 1
        self._contents_moved |= datasets()[dataset].partner == "eurostat"
        cell = {"table": figure.table, "row": figure.row, "column": figure.column}
        cell["value"] = figure.told(self.told[dataset])
        self._played.tell("revise", cell=cell, code=figure.code, moment=moment.isoformat())

    def _break(self, moment: datetime) -> None:
        free = sorted(set(partners()) - {trouble.partner for trouble in self.troubles})
        if not free:
            return
        partner = self._chance.choice(free)
        names = [figure.dataset for figure in FIGURES if datasets()[figure.dataset].partner == partner]
        dataset = self._chance.choice(["", *names, *names])
        kinds = set(FAULTS if dataset else OF_PARTNERS) - (NOT_FOR_TABS if partner == "eurostat" else set())
        kind, nights = self._chance.choice(sorted(kinds)), self._chance.randint(1, LONGEST_FAULT)
        self.add(Trouble(partner, dataset, kind, nights), moment)

    def add(self, trouble: Trouble, moment: datetime) -> None:
        """From now on; a dataset's fault is a release that is broken."""
        self.troubles.append(trouble)
        self.begun.append(trouble.text)
        if trouble.dataset:
            self._revise(trouble.dataset, moment)

    def _expect(self, asked: set[str], gone: list[Trouble]) -> Expected:
        expected = Expected(asked, ended=[trouble for trouble in gone if trouble.met])
        for trouble in self.troubles:
            if trouble.partner in asked:
                expected.opened += [] if trouble.met else [trouble]
                trouble.met, trouble.nights = True, trouble.nights - 1
        out = {trouble.partner for trouble in self.troubles if not trouble.dataset}
        broken = {trouble.dataset for trouble in self.troubles}
        for name in self.told:
            if datasets()[name].partner in asked - out and name not in broken:
                expected.moves |= self.published[name] != self.told[name]
                self.published[name] = self.told[name]
        if self._contents_moved and "eurostat" in asked - out:
            expected.moves, self._contents_moved = True, False
        return expected


if __name__ == "__main__":
    play(Path(sys.argv[1]))
