"""A data root in which each dataset serves a good vintage, and what the partners are asked for it."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from expectations import suite
from expectations.model import Check
from ingest import lake
from ingest.http import Endpoints
from ingest.refresh import Candidate, CheckRow, Outcome, refresh
from ingest.registry import Dataset
from ingest.sandbox import SampleEdition, Sandbox
from ingest.sandbox.sample_edition import BUNDLED
from ingest.storage import Home, sql_text
from orchestration.lake_assets import run_expectations
from tests.e2e.conftest import demo as demo
from tests.quirks.warehouse import prepare

# The rows that are served of long tables. Bangladesh has figures of every series of the World Bank.
KEPT: dict[str, Callable[[dict[str, str]], bool]] = {
    "eurostat.csv": lambda row: row["year"] >= "2023",
    "world_bank.csv": lambda row: row["ref_area"] < "BH",
    "fao_qcl.csv": lambda row: row["year"] >= "2020",
}


@dataclass(frozen=True)
class Served:
    """A dataset with a good vintage. `catalogue` and `data` are the requests that a refresh makes, in order."""

    home: Home
    dataset: Dataset
    catalogue: list[str]
    data: list[str]

    @property
    def data_file(self) -> Path:
        vintage = lake.current(self.home, self.dataset.id)
        assert vintage is not None
        return vintage.data

    def refresh(self, sandbox: Sandbox, *, with_gx: bool = False) -> Outcome:
        """One refresh with all checks, and without pauses between tries."""
        endpoints = Endpoints(sandbox_url=sandbox.url, backoff_seconds=0.0)
        check = run_expectations if with_gx else judged_by_sql
        return refresh(self.home, self.dataset, edition="sample", endpoints=endpoints, check=check)

    def serving(self) -> tuple[str, str]:
        """What everything downstream reads: the vintage's name and a hash over its files, names included."""
        vintage = lake.current(self.home, self.dataset.id)
        assert vintage is not None
        digest = hashlib.sha256()
        for file in sorted(f for f in vintage.folder.rglob("*") if f.is_file()):
            digest.update(str(file.relative_to(vintage.folder)).encode() + file.read_bytes())
        return vintage.snapshot_id, digest.hexdigest()


def judged_by_sql(dataset: Dataset, candidate: Candidate) -> list[CheckRow]:
    """The verdicts of the suite's own SQL, without the 0.2 s that Great Expectations takes for the same."""
    files = {"candidate": candidate.vintage.data, "revision": candidate.revision}
    files["previous"] = candidate.previous.data if candidate.previous else None
    with duckdb.connect() as con:
        for name, file in files.items():
            if file:
                con.execute(f"create view {name} as select * from read_parquet({sql_text(file)})")
        before = con.execute("select count(*) from previous").fetchall()[0][0] if candidate.previous else 0
        return [
            {"check_name": c.name, "severity": c.severity, "passed": _passes(con, c), "message": c.advice}
            for c in suite.checks(dataset, before, candidate.vintage.meta["undeclared_columns"])
            if c.needs == "load" or candidate.previous
        ]


def _passes(con: duckdb.DuckDBPyConnection, check: Check) -> bool:
    """Queries for unexpected rows as they are; what else GX is asked is what `count` or `failing` counts."""
    prepare(con, [check])
    queries = [e.arguments["unexpected_rows_query"] for e in check.expectations if "Rows" in e.expectation]
    if len(queries) < len(check.expectations):
        counting = check.count or f"select count(*) from ({check.failing})"
        queries.append(f"select n from ({counting}) as counted(n) where n > 0")
    return not any(con.execute(query.replace("{batch}", "candidate")).fetchone() for query in queries)


class Prepared:
    """Good vintages, each loaded when first asked for."""

    def __init__(self, home: Home, sandbox: Sandbox) -> None:
        self.home, self.sandbox, self.known = home, sandbox, dict[str, Served]()

    def copy(self, dataset: Dataset, root: Path) -> Served:
        """The dataset's rooms below a root of the test's own."""
        known = self.known.get(dataset.id) or self._load(dataset)
        for room in ("raw", "lake"):
            shutil.copytree(self.home.root / room / dataset.id, root / room / dataset.id)
        return Served(Home(root), dataset, known.catalogue, known.data)

    def _load(self, dataset: Dataset) -> Served:
        served = Served(self.home, dataset, [], [])
        self.sandbox.faults = []
        assert served.refresh(self.sandbox, with_gx=True).status == "accepted"
        served.catalogue.extend(self._asked(served))
        self.sandbox.touch()
        served.data.extend(request for request in self._asked(served) if request not in served.catalogue)
        self.known[dataset.id] = served
        return served

    def _asked(self, served: Served) -> list[str]:
        """The requests of a refresh that brings nothing new."""
        self.sandbox.reset_requests()
        assert served.refresh(self.sandbox).status == "unchanged"
        return list(dict.fromkeys(self.sandbox.requests))


@pytest.fixture(scope="session")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The bundled sample, less of what is long."""
    folder = tmp_path_factory.mktemp("short") / "sample"
    shutil.copytree(BUNDLED, folder)
    for name, is_kept in KEPT.items():
        with (BUNDLED / name).open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = [row for row in reader if is_kept(row)]
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, reader.fieldnames or [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    with Sandbox(SampleEdition(folder)) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def no_fsync() -> Iterator[None]:
    """What a disk would lose in a power cut is no matter here, and the waiting is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _handle: None)
        yield


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, playing: Sandbox) -> Prepared:
    return Prepared(Home(tmp_path_factory.mktemp("served")), playing)


def exactly(requests: list[str]) -> str:
    """The regular expression of these requests."""
    return "|".join(f"^{re.escape(request)}$" for request in requests)
