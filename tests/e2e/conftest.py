"""Homes that a whole refresh has filled, made once; each test works on its own copy."""

import csv
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from ingest import storage
from ingest.registry import datasets
from ingest.sandbox import SampleEdition, Sandbox
from ingest.storage import Home
from orchestration.resources import Partners
from orchestration.run import RunResult, refresh_and_publish
from orchestration.terminal import TerminalReporter

SAMPLE = Path(__file__).parents[2] / "ingest" / "sandbox" / "sample"
# What the partners had not yet published when the earlier edition was drawn: column and newest value of each table.
NEWEST = {
    "fao_qcl.csv": ("year", "2023"),
    "fao_tcl.csv": ("year", "2024"),
    "fao_tm.csv": ("year", "2024"),
    "fao_pp.csv": ("year", "2024"),
    "fao_oea.csv": ("year", "2023"),
    "ilo.csv": ("time", "2022"),
    "world_bank.csv": ("year", "2021"),
    "eurostat.csv": ("year", "2024"),
    "eurostat_main.csv": ("time_period", "2022"),
    "eurostat_cn8_links.csv": ("period", "20232024"),
    "eurostat_months.csv": ("period", "202403"),
    "ilab_goods.csv": ("edition", "2022"),
    "ilab_findings.csv": ("report_year", "2022"),
    "ilab_conventions.csv": ("report_year", "2022"),
    "ilab_legal_standards.csv": ("report_year", "2022"),
    "ilab_enforcement.csv": ("report_year", "2022"),
    "ilab_suggested_actions.csv": ("report_year", "2022"),
    "ilab_projects.csv": ("report_year", "2022"),
    "ilo_sources.csv": ("source", "ZZ:ZWE"),
    "world_bank_countries.csv": ("id", "MAF"),
}


def earlier_sample(folder: Path) -> Path:
    """The bundled sample without its newest rows, as if drawn a year before."""
    shutil.copytree(SAMPLE, folder)
    for name, (column, newest) in NEWEST.items():
        with (SAMPLE / name).open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = [row for row in reader if row[column] != newest]
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, reader.fieldnames or [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder


class Platform:
    """One data root and the sandbox it refreshes from."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.reporter = TerminalReporter(Console(quiet=True))

    def refresh(self, sandbox: Sandbox, *chosen: str) -> RunResult:
        """Refresh these datasets, or all."""
        self.reporter.outcomes.clear()
        door = Partners(edition="sample", sandbox_url=sandbox.url)
        return refresh_and_publish(self.home, door, self.reporter, chosen or list(datasets()))

    @property
    def statuses(self) -> dict[str, str]:
        return {outcome.dataset_id: outcome.status for outcome in self.reporter.outcomes}

    def message(self, dataset_id: str) -> str:
        return next(o.message for o in self.reporter.outcomes if o.dataset_id == dataset_id)


@pytest.fixture(scope="session")
def earlier_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data root whose published warehouse was built from the earlier sample; all workers share one."""
    alone = worker_id == "master"
    root = tmp_path_factory.mktemp("earlier") if alone else tmp_path_factory.getbasetemp().parent / "earlier"
    with storage.exclusive(root / ".lock"):
        if not (root / "done").exists():
            _fill(root)
            (root / "done").touch()
    return root / "data"


def _fill(root: Path) -> None:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("A87_HOME", str(root / "data"))
    with Sandbox(SampleEdition(earlier_sample(root / "sample"))) as sandbox:
        platform = Platform(Home.from_env())
        result = platform.refresh(sandbox)
    monkeypatch.undo()
    assert result.built and not result.errors, result
    assert set(platform.statuses.values()) == {"accepted"}, platform.reporter.outcomes


@pytest.fixture
def platform(earlier_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A copy of the earlier data root, with A87_HOME pointing at it."""
    shutil.copytree(earlier_home, tmp_path / "data", symlinks=True)
    monkeypatch.setenv("A87_HOME", str(tmp_path / "data"))
    return Platform(Home.from_env())
