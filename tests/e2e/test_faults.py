"""A partner in trouble: only its dataset suffers, the others refresh, and everybody can see what happened."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
from typer.testing import CliRunner

from ingest import months
from ingest.http import Endpoints
from ingest.refresh import refresh
from ingest.registry import datasets
from ingest.sandbox import Fault, Sandbox
from orchestration import cli
from orchestration.instance import open_instance
from orchestration.lake_assets import REFRESHED, run_expectations
from tests.e2e.conftest import Platform, revised_sample

# Refreshed here; every other dataset stands for those that nobody asked for. `tests/faults` breaks all of them.
HEALTHY = {"ilo_sdg_a871_sex_age_rt"}
FAULTS = [
    "ilab=status:503", "world_bank=html", "fao=cut", "DS-045409=rename:OBS_VALUE>VALUE_OBS",
    "SDG_0831_SEX_ECO_RT=scale:10",
]  # fmt: skip
AWAY = ("failed", ["partner unavailable: HTTP 503", "the last good vintage keeps serving"])
HTML = ("failed", ["partner unavailable: an HTML page with status 200", "the last good vintage keeps serving"])
HURT: dict[str, tuple[str, list[str]]] = {
    "ilab_goods": AWAY,
    "ilab_findings": AWAY,
    "world_bank_country": HTML,
    "world_bank_wdi": HTML,
    "world_bank_wgi": HTML,
    "fao_qcl": ("failed", ["payload incomplete: a zip without its end", "expected a whole zip archive", "what to do:"]),
    "eurostat_ds_045409": (
        "failed",
        ["schema drift: missing columns ['OBS_VALUE']", "['VALUE_OBS']", "ingest/registry/eurostat_ds_045409.yaml"],
    ),
    "ilo_sdg_0831_sex_eco_rt": (
        "quarantined", ["is quarantined", "value_range", "mass_revision", "keeps serving", "what to do:"],
    ),
}  # fmt: skip


READER = """
import sys, time, duckdb
file, flag = sys.argv[1:]
import pathlib
reads, editions = 0, set()
while reads < 200 or not pathlib.Path(flag).exists():
    with duckdb.connect(file, read_only=True) as connection:
        edition = connection.execute("select edition_id from meta.edition").fetchall()[0][0]
        rows = connection.execute("select count(*) from supply_chain.mart_exposure").fetchall()[0][0]
    assert rows > 0
    reads, editions = reads + 1, editions | {edition}
    time.sleep(0.02)
with duckdb.connect(file, read_only=True) as connection:
    editions.add(connection.execute("select edition_id from meta.edition").fetchall()[0][0])
print(reads, len(editions))
"""


@contextmanager
def analysts_reading(platform: Platform, flag: Path) -> Iterator[None]:
    """A process that reads the published file all the time and must never fail."""
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(platform.home.warehouse), str(flag)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield
    finally:
        flag.touch()
        out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err
    reads, editions = map(int, out.split())
    assert reads >= 200
    assert editions == 2  # the one before and the one after


def test_only_the_broken_datasets_suffer(platform: Platform, tmp_path: Path) -> None:
    """A night on which each partner has a trouble of its own, and people read all the time."""
    before = {
        name: sorted(vintage.snapshot_id for vintage in months.serving(platform.home, dataset).values())
        for name, dataset in datasets().items()
    }
    faults = [Fault.parse(fault) for fault in FAULTS]
    with Sandbox(revised_sample(tmp_path / "sample"), faults=faults) as sandbox:
        sandbox.touch()
        with analysts_reading(platform, tmp_path / "refresh-has-ended"):
            result = platform.refresh(sandbox, *HURT, *HEALTHY)
        asked = [request for request in sandbox.requests if "metadata/toc/indicator" in request]
    assert len(asked) == 1  # by the look at what moved, for that and for the steps

    assert not result.errors
    ended = {name: status for name, (status, _words) in HURT.items()}
    assert platform.statuses == ended | dict.fromkeys(HEALTHY, "accepted")
    for name, (_status, words) in HURT.items():
        assert all(word in platform.message(name) for word in (name, *words)), platform.message(name)

    # What analysts read: the last good vintage for what is broken, the new one for what is not.
    assert result.built
    with duckdb.connect(platform.home.warehouse, read_only=True) as connection:
        serving = dict(
            connection.execute(
                "select dataset_id, list(snapshot_id order by 1) from meta.snapshot where is_serving group by all"
            ).fetchall()
        )
        outcomes = connection.execute("select dataset_id, outcome from meta.attempt").fetchall()
    for name, vintages in before.items():
        assert vintages
        assert (serving[name] != vintages) == (name in HEALTHY), name
    assert {name: outcome for name, outcome in outcomes if outcome in ("failed", "quarantined")} == ended

    # What an operator sees, on the command line and in the Dagster UI.
    shown = CliRunner().invoke(cli.app, ["status"]).stdout
    line_of = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    for name in datasets():
        assert (f" {ended.get(name)} " in line_of[name]) == (name in HURT), shown
    assert all(words[0] in shown for _status, words in HURT.values())
    instance = open_instance(platform.home)
    for name, dataset in datasets().items():
        key = dg.AssetCheckKey(dg.AssetKey([dataset.partner, name]), REFRESHED)
        record = instance.get_latest_asset_check_evaluation_record(key)
        assert record is not None and record.event is not None
        evaluation = record.event.dagster_event.asset_check_evaluation_data
        assert evaluation.passed == (name not in HURT), name
        if name in HURT:
            assert HURT[name][1][0] in evaluation.description


def test_a_recovered_partner_is_accepted_without_help(platform: Platform, tmp_path: Path) -> None:
    with Sandbox(revised_sample(tmp_path / "sample"), faults=[Fault.parse("fao=cut")]) as sandbox:
        sandbox.touch()

        def status() -> str:
            endpoints = Endpoints.sandbox(sandbox.url)
            fao = datasets()["fao_qcl"]
            return refresh(platform.home, fao, edition="sample", endpoints=endpoints, check=run_expectations).status

        assert status() == "failed"
        sandbox.faults.clear()
        assert status() == "accepted"
