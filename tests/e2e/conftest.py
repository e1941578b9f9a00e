"""One home that the main job has filled, made once; each test that changes it works on a copy."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
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

A87 = str(Path(sys.executable).with_name("a87"))
SAMPLE = Path(__file__).parents[2] / "ingest" / "sandbox" / "sample"
# What partners publish after the demo: in each table the first row that fits has another figure.
REVISED: dict[str, tuple[str, Callable[[dict[str, str]], bool]]] = {
    "fao_qcl.csv": ("value", lambda row: bool(row["value"])),
    "ilo.csv": ("obs_value", lambda row: row["indicator"] == "SDG_A871_SEX_AGE_RT" and bool(row["obs_value"])),
}


CANARY = "canary-5a1f3c"  # stands in every secret that the platform may be given, and must turn up nowhere
SECRETS = {
    "A87_ALERT_URLS": f"json://robot:{CANARY}@127.0.0.1:9/ mailto://robot:{CANARY}@127.0.0.1:9?to=a@example.org",
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), f"http://robot:{CANARY}@127.0.0.1:9"),
}


def a87(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in an environment with secrets, none of which it needs for the sample edition."""
    environment = {**os.environ, **SECRETS, "A87_HOME": str(home)}
    return subprocess.run([A87, *arguments], env=environment, capture_output=True, text=True, timeout=300)


@dataclass(frozen=True)
class Demo:
    """What `a87 demo` left in `home` and what it said; all workers share it, so nobody writes there."""

    home: Path
    stdout: str  # and stderr


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Demo:
    alone = worker_id == "master"
    root = tmp_path_factory.mktemp("demo") if alone else tmp_path_factory.getbasetemp().parent / "demo"
    said = root / "stdout.txt"
    with storage.exclusive(root / ".lock"):
        if not said.exists():
            run = a87(root / "data", "demo")
            assert run.returncode == 0, run.stdout + run.stderr
            said.write_text(run.stdout + run.stderr, encoding="utf-8")
    return Demo(root / "data", said.read_text(encoding="utf-8"))


def revised_sample(folder: Path) -> SampleEdition:
    """The bundled sample with some other figures."""
    shutil.copytree(SAMPLE, folder)
    for name, (column, fits) in REVISED.items():
        with (SAMPLE / name).open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
        row = next(filter(fits, rows))
        row[column] = str(float(row[column]) + 1)
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, reader.fieldnames or [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return SampleEdition(folder)


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


@pytest.fixture
def platform(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A copy of the demo's data root, with A87_HOME pointing at it."""
    shutil.copytree(demo.home, tmp_path / "data", symlinks=True)
    monkeypatch.setenv("A87_HOME", str(tmp_path / "data"))
    return Platform(Home.from_env())
