"""What is deleted when its time is over, and what never is."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from ingest import lake, storage
from ingest.registry import datasets
from ingest.snapshots import Snapshot
from orchestration import retention, warehouse
from orchestration.cli import app

NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)
GOODS = "ilab_goods"


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture
def clock(home, monkeypatch):
    """Set the clock; a week of nightly attempts has been seen by it."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(storage, "utcnow", lambda: moment)

    attempts_of_a_week(home, set_to)
    return set_to


def attempts_of_a_week(home, set_to) -> None:
    for days in range(7, 0, -1):
        set_to(days_ago(days))
        lake.note_attempt(home, GOODS, "unchanged", "", None)
    set_to(NOW)


@pytest.fixture
def instance(tmp_path):
    (tmp_path / "dagster").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "dagster")) as instance:
        yield instance


@pytest.fixture
def deliver(home, clock, tmp_path):
    """Take in a delivery `days` before NOW: its raw bytes, and unless told otherwise an accepted vintage."""

    def deliver(name: str, days: float, kind: str = "accepted", dataset_id: str = GOODS) -> None:
        clock(days_ago(days))
        dataset = datasets()[dataset_id]
        snapshot = Snapshot(name, dataset_id, dataset.partner, "live", "", storage.now(), "", {}, "", 0, "")
        raw = home.raw(dataset_id) / name
        storage.write_json(raw / "snapshot.json", snapshot.__dict__)
        storage.write_text(raw / "payload" / "file", "bytes as received")
        if kind == "rejected":
            storage.write_json(raw / "rejected.json", {"why": "cut", "at": storage.now()})
        if kind in ("accepted", "quarantined"):
            lake.write_empty(dataset, tmp_path / name / "data.parquet" / "part-00000.parquet")
            candidate = lake.Vintage(tmp_path / name, lake.describe(snapshot, 0, None))
            lake.settle(home, dataset_id, candidate, {}, passed=kind == "accepted")
        clock(NOW)

    return deliver


def held(home, dataset_id: str = GOODS) -> tuple[set[str], set[str]]:
    """Names of the vintages and of the raw deliveries that are there."""
    raw = {file.parent.name for file in home.raw(dataset_id).glob("*/snapshot.json")}
    return {vintage.snapshot_id for vintage in lake.vintages(home, dataset_id)}, raw


def test_a_vintage_goes_when_it_stopped_serving_long_ago_with_the_bytes_it_was_made_of(home, deliver, instance):
    for name, days in (("a", 3000), ("b", 800), ("c", 500), ("d", 400)):
        deliver(name, days)
    tidied = retention.tidy(home, instance, NOW)
    assert held(home) == ({"b", "c", "d"}, {"b", "c", "d"})  # b served until 500 days ago
    assert (tidied.vintages, tidied.deliveries) == ([f"lake/{GOODS}/vintages/a"], [f"raw/{GOODS}/a"])
    assert tidied.freed_bytes > 0
    assert lake.acceptances(home, GOODS)[0]["snapshot_id"] == "a"  # the journal goes on knowing it


def test_the_vintage_that_serves_and_the_one_before_it_never_go(home, deliver, instance):
    for name, days in (("a", 3000), ("b", 2500), ("c", 2000)):
        deliver(name, days)
    retention.tidy(home, instance, NOW)
    assert held(home)[0] == {"b", "c"}


def test_a_vintage_that_a_partner_took_back_to_serves_however_old_it_is(home, deliver, instance):
    for name, days in (("a", 3000), ("b", 2500), ("c", 2000), ("a", 1500)):
        deliver(name, days)
    retention.tidy(home, instance, NOW)
    assert held(home)[0] == {"a", "c"}
    assert lake.current(home, GOODS).snapshot_id == "a"


def test_the_country_lists_that_date_income_groups_never_go(home, deliver, instance):
    for name, days in (("a", 3000), ("b", 2500), ("c", 2000)):
        deliver(name, days, dataset_id="world_bank_country")
    before = warehouse._economy_classes(home)
    retention.tidy(home, instance, NOW)
    assert held(home, "world_bank_country")[0] == {"a", "b", "c"}
    assert warehouse._economy_classes(home) == before


@pytest.mark.parametrize("kind", ["quarantined", "rejected", "with the rows that serve"])
def test_a_delivery_that_never_served_goes_sooner(home, deliver, instance, kind):
    deliver("serves", 200)
    deliver("old", 91, kind)
    deliver("young", 89, kind)
    retention.tidy(home, instance, NOW)
    assert held(home) == ({"serves"}, {"serves", "young"})
    quarantined = {folder.name for folder in (home.lake(GOODS) / "quarantine").glob("*")}
    assert quarantined == ({"young"} if kind == "quarantined" else set())


def test_bytes_of_vintages_stay_when_the_lake_is_lost(home, clock, deliver, instance):
    for name, days in (("a", 700), ("b", 600), ("c", 500)):
        deliver(name, days)
    shutil.rmtree(home.lake(GOODS))
    attempts_of_a_week(home, clock)
    retention.tidy(home, instance, NOW)
    assert held(home) == (set(), {"a", "b", "c"})


def test_limits_come_from_the_environment(home, deliver, instance, monkeypatch):
    monkeypatch.setenv("A87_KEEP_QUARANTINE_DAYS", "10")
    deliver("old", 11, "rejected")
    retention.tidy(home, instance, NOW)
    assert held(home)[1] == set()


@pytest.mark.parametrize("text", ["0", "-1", "soon", "1.5"])
def test_a_limit_that_is_no_number_of_days_is_refused(monkeypatch, text):
    monkeypatch.setenv("A87_KEEP_RUN_DAYS", text)
    with pytest.raises(ValueError, match="A87_KEEP_RUN_DAYS"):
        retention.Limits.from_env()


def test_a_dry_run_says_what_would_go_and_deletes_nothing(home, deliver, instance):
    deliver("old", 91, "rejected")
    assert retention.tidy(home, instance, NOW, dry_run=True).deliveries == [f"raw/{GOODS}/old"]
    assert held(home)[1] == {"old"}


def test_a_clock_that_jumped_ahead_deletes_nothing(home, deliver, instance):
    deliver("old", 91, "rejected")
    assert "nothing deleted" in retention.tidy(home, instance, NOW + timedelta(days=300)).refused
    assert held(home)[1] == {"old"}


def test_what_a_killed_process_left_goes_after_a_day(home, deliver, instance, monkeypatch):
    left = [
        home.raw(GOODS) / ".work.abc", home.lake(GOODS) / ".current.json.k3_x9a1z", home.published / ".next.abc",
        home.published / "editions" / ".work.abc",
    ]  # fmt: skip
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir()
        (path / "half").write_text("half")
    monkeypatch.setattr(retention, "_modified", lambda path: days_ago(2 if path != left[0] else 0.5))
    retention.tidy(home, instance, NOW)
    assert [path.exists() for path in left] == [True, False, False, False]
    assert (home.lake(GOODS) / ".lock").exists()


# --- readers of vintages ---------------------------------------------------------------------------------------------


def test_as_of_says_plainly_that_the_vintage_of_that_day_is_gone(home, deliver, instance, tmp_path):
    for name, days in (("a", 3000), ("b", 800), ("c", 500)):
        deliver(name, days)
    retention.tidy(home, instance, NOW)
    day = f"{days_ago(2900):%Y-%m-%d}"
    asked = CliRunner().invoke(app, ["as-of", GOODS, day, "--to", str(tmp_path / "x.csv")])
    assert asked.exit_code == 1
    assert f"{GOODS}: a, which served from" in asked.output
    assert "was deleted when its time was over" in asked.output
    later = CliRunner().invoke(app, ["as-of", GOODS, f"{days_ago(700):%Y-%m-%d}", "--to", str(tmp_path / "y.csv")])
    assert (later.exit_code, later.output.split(",")[0]) == (0, "b")


def test_what_was_accepted_stays_known_without_its_vintage(home, deliver, instance):
    for name, days in (("a", 3000), ("b", 800), ("c", 500)):
        deliver(name, days)
    before = lake.acceptances(home, GOODS)
    retention.tidy(home, instance, NOW)
    assert lake.acceptances(home, GOODS) == before


# --- Dagster's runs --------------------------------------------------------------------------------------------------


@dg.asset(check_specs=[dg.AssetCheckSpec("is_one", asset="thing"), dg.AssetCheckSpec("at_first", asset="thing")])
def thing():
    sys.stdout.write("written to the log of the step")
    yield dg.MaterializeResult(
        check_results=[dg.AssetCheckResult(check_name=name, passed=True) for name in ("is_one", "at_first")]
    )


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["200201", "200202"]))
def month():
    return 1


def test_a_run_goes_with_its_events_and_logs_unless_the_ui_shows_its_result(home, clock, instance):
    first = dg.materialize([thing], instance=instance).run_id
    second = dg.materialize([thing], instance=instance).run_id
    of_month = dg.materialize([month], instance=instance, partition_key="200201").run_id
    newest = dg.materialize([month], instance=instance, partition_key="200202").run_id
    files = Path(instance.root_directory)
    assert list(files.rglob(f"*{first}*"))
    tidied = tidy_in_100_days(home, instance)
    assert tidied.runs == [first]
    assert {run.run_id for run in instance.get_runs()} == {second, of_month, newest}
    assert not list(files.rglob(f"*{first}*"))
    assert instance.get_latest_materialization_event(thing.key).run_id == second
    assert results_of_checks(instance) == {("is_one", second), ("at_first", second)}


def tidy_in_100_days(home, instance) -> retention.Tidied:
    """Of the real clock, which dates runs and their events."""
    for attempt in range(3):
        line = {"asked_at": f"{datetime.now(UTC) + timedelta(days=99 - attempt):%FT%TZ}"}
        with (home.lake(GOODS) / "attempts.ndjson").open("a") as stream:
            stream.write(json.dumps(line) + "\n")
    return retention.tidy(home, instance, datetime.now(UTC) + timedelta(days=100))


def test_of_events_without_a_run_the_newest_stay(home, clock, instance):
    def events() -> list[str]:
        records = instance.fetch_materializations(thing.key, limit=9).records
        return [record.asset_materialization.tags["dagster/data_version"] for record in records]

    for night in "123":
        instance.report_runless_asset_event(dg.AssetMaterialization(thing.key, tags={"dagster/data_version": night}))
        evaluation = dg.AssetCheckEvaluation(asset_key=thing.key, check_name="is_one", passed=night == "3")
        instance.report_runless_asset_event(evaluation)
    instance.report_runless_asset_event(dg.AssetMaterialization(month.key, partition="200201"))
    assert events() == ["3", "2", "1"]
    assert tidy_in_100_days(home, instance).events == 4
    assert events() == ["3"]
    assert list(instance.get_event_tags_for_asset(thing.key)) == [{"dagster/data_version": "3"}]
    history = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(thing.key, "is_one"), limit=9
    )
    assert [record.event.dagster_event.asset_check_evaluation_data.passed for record in history] == [True]
    assert instance.get_materialized_partitions(month.key) == {"200201"}
    shard = Path(instance.root_directory) / "history" / "runs" / ".db"
    with sqlite3.connect(shard) as connection:
        assert connection.execute("select count(*) from event_logs").fetchall() == [(3,)]  # one of each kind


def results_of_checks(instance) -> set[tuple[str, str]]:
    keys = [dg.AssetCheckKey(thing.key, name) for name in ("is_one", "at_first")]
    kept = [(key, instance.event_log_storage.get_asset_check_execution_history(key, limit=9)) for key in keys]
    return {(key.name, record.run_id) for key, records in kept for record in records}


def test_a_run_that_is_not_finished_stays(home, clock, instance):
    instance.add_run(dg.DagsterRun(job_name="fao", run_id="open", status=dg.DagsterRunStatus.STARTED))
    assert retention.tidy(home, instance, NOW).runs == []
    assert instance.get_run_by_id("open")
