"""The Dagster definitions: what an engineer sees in the UI, and what starts by itself."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.repository_definition import RepositoryDefinition
from dagster._utils.schedules import schedule_execution_time_iterator

from ingest import lake, storage
from ingest.registry import datasets, partners
from ingest.snapshots import Snapshot
from orchestration import outdated, schedules, warehouse
from orchestration.build import build_definitions
from orchestration.environment import ENVIRONMENTS
from orchestration.resources import HomeResource, Partners
from orchestration.warehouse_assets import publish_asset

DATASET_CHECKS = {
    "refreshed", "partner_on_time", "schema", "key_unique", "required_not_null", "row_floor", "row_loss",
    "mass_revision",
}  # fmt: skip
WHEN = {
    "fao_schedule": "10 3 * * *",
    "ilo_schedule": "30 3 * * *",
    "world_bank_schedule": "50 3 * * *",
    "eurostat_schedule": "30 23 * * *",
    "ilab_schedule": "20 4 * * 1",
    "housekeeping_schedule": "40 12 * * *",
}


def load(environment: str | None) -> dg.Definitions:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("A87_ENV", "A87_EDITION", "A87_RECORDINGS", "A87_SANDBOX_URL", "A87_FAULTS"):
            patch.delenv(name, raising=False)
        if environment:
            patch.setenv("A87_ENV", environment)
        return build_definitions()


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return load(None)


@pytest.fixture(scope="module")
def repository(definitions) -> RepositoryDefinition:
    return definitions.get_repository_def()


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def key(dataset_id: str) -> dg.AssetKey:
    return dg.AssetKey([datasets()[dataset_id].partner, dataset_id])


def keys_of(definitions: dg.Definitions, job: str) -> set[str]:
    layer = definitions.resolve_job_def(job).asset_layer
    return {asset.to_user_string() for asset in layer.executable_asset_keys}


# --- assets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", datasets())
def test_every_dataset_is_an_asset_that_explains_itself(graph, name):
    node, dataset = graph.get(key(name)), datasets()[name]
    assert node.description == f"{dataset.title}. {dataset.description} Grain: {dataset.grain}."
    assert node.owners == ["team:data-engineering"]
    assert node.kinds == {"duckdb", "parquet", "greatexpectations"}
    assert node.group_name == dataset.partner
    assert node.tags["partner"] == dataset.partner
    assert node.metadata["licence"] == dataset.licence
    assert node.metadata["source"].url == dataset.homepage
    assert node.metadata["registry"] == f"ingest/registry/{name}.yaml"
    assert node.code_version == dataset.fingerprint
    assert node.pools == {f"partner_{dataset.partner}"}


@pytest.mark.parametrize("name", datasets())
def test_every_dataset_has_its_checks(graph, name):
    names = {check.name for check in graph.get(key(name)).check_keys}
    assert names >= DATASET_CHECKS


def test_a_dataset_that_is_not_refreshed_in_time_is_late(graph):
    def hours(name: str) -> float:
        return graph.get(key(name)).freshness_policy.fail_window.to_timedelta().total_seconds() / 3600

    assert (hours("fao_qcl"), hours("ilab_goods")) == (30, 192)


def test_the_columns_of_a_dataset_are_shown_with_type_and_meaning(graph):
    schema = graph.get(key("fao_qcl")).metadata["dagster/column_schema"]
    shown = {column.name: (column.type, column.description) for column in schema.columns}
    assert shown["ref_area"] == ("VARCHAR", "FAO area code")
    assert shown["obs_value"] == ("DOUBLE", "the figure")


@pytest.mark.parametrize(
    ("model", "group"),
    [
        ("staging/stg_fao__qcl", "staging"),
        ("intermediate/int_trade", "intermediate"),
        ("seeds/sector", "reference"),
        ("reference/dim_area", "reference"),
        ("supply_chain/mart_exposure", "supply_chain"),
        ("country_progress/mart_progress", "country_progress"),
    ],
)
def test_a_model_is_an_asset_in_the_group_of_its_layer(graph, model, group):
    node = graph.get(dg.AssetKey(model.split("/")))
    assert node.group_name == group
    assert node.owners == ["team:data-engineering"]
    assert node.pools == {"build_file"}


def test_every_asset_has_a_group_an_owner_and_a_description(graph):
    for asset in graph.executable_asset_keys:
        node = graph.get(asset)
        assert (bool(node.group_name), bool(node.owners), bool(node.description)) == (True, True, True), asset


def test_every_dataset_is_read_by_a_staging_model(graph):
    unread = {
        name for name in datasets() if not any(child.path[0] == "staging" for child in graph.get(key(name)).child_keys)
    }
    assert unread == set()


def test_tests_of_a_mart_are_its_checks(graph):
    node = graph.get(dg.AssetKey(["supply_chain", "mart_exposure"]))
    assert any(check.name.startswith("not_null") for check in node.check_keys)


def test_the_published_warehouse_waits_for_the_tables_that_analysts_read(graph):
    node = graph.get(dg.AssetKey(["published", "alliance87"]))
    parents = {parent.to_user_string() for parent in node.parent_keys}
    assert {"supply_chain/mart_exposure", "country_progress/mart_progress", "reference/dim_area"} <= parents
    assert {parent.split("/")[0] for parent in parents} == {"supply_chain", "country_progress", "reference"}
    assert node.pools == {"build_file"}


# --- jobs ------------------------------------------------------------------------------------------------------------


def test_there_is_a_job_a_partner_three_for_the_whole_and_one_that_tidies(repository):
    names = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    jobs = {"fao", "ilo", "world_bank", "eurostat", "ilab", "refresh", "warehouse", "everything", "housekeeping"}
    assert names == jobs


@pytest.mark.parametrize("partner", partners())
def test_the_job_of_a_partner_refreshes_its_datasets_and_nothing_else(definitions, partner):
    expected = {f"{partner}/{name}" for name, dataset in datasets().items() if dataset.partner == partner}
    assert keys_of(definitions, partner) == expected


def test_the_refresh_job_takes_all_datasets_and_the_warehouse_job_all_else(definitions, graph):
    refreshed, built = keys_of(definitions, "refresh"), keys_of(definitions, "warehouse")
    everything = {asset.to_user_string() for asset in graph.executable_asset_keys}
    assert refreshed == {f"{dataset.partner}/{name}" for name, dataset in datasets().items()}
    assert built == everything - refreshed
    assert "published/alliance87" in built
    assert keys_of(definitions, "everything") == everything


@pytest.mark.parametrize("job", ["fao", "refresh", "warehouse", "everything"])
def test_a_job_says_what_it_is_for(definitions, job):
    assert definitions.resolve_job_def(job).description


# --- what starts by itself -------------------------------------------------------------------------------------------


def test_every_partner_has_a_schedule_at_its_own_time(repository):
    assert {schedule.name: schedule.cron_schedule for schedule in repository.schedule_defs} == WHEN
    assert {schedule.execution_timezone for schedule in repository.schedule_defs} == {"Europe/Brussels"}
    assert all(f"{schedule.job_name}_schedule" == schedule.name for schedule in repository.schedule_defs)


@pytest.mark.parametrize(("environment", "status"), [(None, "STOPPED"), ("dev", "STOPPED"), ("prod", "RUNNING")])
def test_schedules_and_sensors_start_by_themselves_in_prod_only(environment, status):
    repository = load(environment).get_repository_def()
    assert {schedule.default_status.value for schedule in repository.schedule_defs} == {status}
    assert {sensor.default_status.value for sensor in repository.sensor_defs} == {status}
    assert "warehouse_is_due" in {sensor.name for sensor in repository.sensor_defs}


@pytest.mark.parametrize("change", [date(2026, 10, 25), date(2027, 3, 28)])  # 25 and 23 hours long in Brussels
def test_every_schedule_ticks_once_a_day_when_the_clocks_change(repository, change):
    zone = ZoneInfo("Europe/Brussels")
    for schedule in repository.schedule_defs:
        start = datetime.combine(change - timedelta(days=1), time(), zone)
        ticks: list[date] = []
        for at in schedule_execution_time_iterator(
            start.timestamp(), schedule.cron_schedule, schedule.execution_timezone
        ):
            local = at.astimezone(zone)
            if local.date() > change + timedelta(days=7):
                break
            ticks.append(local.date())
        days = [change + timedelta(days=n) for n in range(-1, 8)]
        weekly = schedule.cron_schedule.endswith("1")
        assert ticks == [day for day in days if day.weekday() == 0 or not weekly], schedule.name


def test_an_environment_that_is_not_declared_does_not_load():
    with pytest.raises(ValueError, match=r"A87_ENV='production' is not declared; choose one of \['dev', 'prod'\]"):
        load("production")


@pytest.fixture
def tick(home):
    """One evaluation of the sensor on the data root."""
    sensor = schedules.warehouse_sensor(ENVIRONMENTS["dev"])

    instance = dg.DagsterInstance.ephemeral()

    def tick():
        context = dg.build_sensor_context(resources={"home": HomeResource()}, instance=instance)
        return sensor.evaluate_tick(context)

    tick.instance = instance
    return tick


def publish_as(home, fingerprint: str, edition_id: str = "e1") -> None:
    home.published.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create schema if not exists meta")
        edition = f"'{edition_id}' as edition_id, '{fingerprint}' as inputs_fingerprint"
        connection.execute(f"create or replace table meta.edition as select {edition}")


def accept_a_vintage(home, tmp_path, name: str = "g-1") -> None:
    """Any dataset will do: without one there is nothing to build from."""
    dataset = datasets()["ilab_goods"]
    lake.write_empty(dataset, tmp_path / "v" / "data.parquet")
    snapshot = Snapshot(name, dataset.id, "ilab", "sample", "", "2026-01-01T00:00:00Z", "", {}, "", 0, "")
    lake.settle(home, dataset.id, lake.Vintage(tmp_path / "v", lake.describe(snapshot, 0, None)), {}, passed=True)


def test_the_sensor_starts_one_build_for_a_change_of_the_inputs(home, tick, tmp_path):
    accept_a_vintage(home, tmp_path)
    publish_as(home, "of other inputs")
    keys = [request.run_key for _ in range(2) for request in tick().run_requests]
    assert len(keys) == 2
    assert len(set(keys)) == 1  # Dagster starts a run once for a key


def test_the_sensor_asks_for_what_is_older_than_its_inputs_only(home, tick, tmp_path, monkeypatch):
    accept_a_vintage(home, tmp_path)
    monkeypatch.setattr(outdated, "models", lambda *_: {"reference.dim_area"})
    [request] = tick().run_requests
    assert [key.to_user_string() for key in request.asset_selection] == ["reference/dim_area", "published/alliance87"]


def test_a_vintage_that_arrives_during_a_build_stops_its_publication_and_is_built_next(home, tick, tmp_path):
    accept_a_vintage(home, tmp_path)
    [first] = tick().run_requests
    accept_a_vintage(home, tmp_path, "g-2")
    built = dg.materialize([publish_asset()], resources={"home": HomeResource()}, raise_on_error=False)
    [failure] = built.get_step_failure_events()
    assert "models are older than their inputs" in failure.step_failure_data.user_failure_data.description
    [second] = tick().run_requests
    assert second.run_key != first.run_key


def test_inputs_that_a_partner_took_back_are_built_again(home, tick, tmp_path):
    accept_a_vintage(home, tmp_path)
    publish_as(home, "of other inputs", "e1")
    [first] = tick().run_requests
    publish_as(home, "of inputs that were taken back", "e3")
    [again] = tick().run_requests
    assert again.run_key != first.run_key


def test_a_build_that_failed_is_tried_again_on_the_next_day(home, tick, tmp_path, monkeypatch):
    accept_a_vintage(home, tmp_path)
    monkeypatch.setattr(storage, "utcnow", lambda: datetime(2026, 11, 24, 4, tzinfo=UTC))
    [first] = tick().run_requests
    monkeypatch.setattr(storage, "utcnow", lambda: datetime(2026, 11, 25, 4, tzinfo=UTC))
    [second] = tick().run_requests
    assert second.run_key != first.run_key


@pytest.mark.parametrize("job", ["warehouse", "everything", "fao", "refresh"])
def test_the_sensor_waits_for_the_end_of_a_refresh_or_build(home, tick, tmp_path, job):
    accept_a_vintage(home, tmp_path)
    tick.instance.add_run(dg.DagsterRun(job_name=job, run_id=job, status=dg.DagsterRunStatus.STARTING))
    result = tick()
    assert (result.run_requests, result.skip_message) == ([], "a refresh or a build is under way")


def test_the_sensor_starts_nothing_while_somebody_holds_the_build_file(home, tick, tmp_path):
    accept_a_vintage(home, tmp_path)
    with storage.exclusive(home.build / ".lock"):
        assert tick().run_requests == []


def test_the_sensor_lets_a_warehouse_be_that_is_up_to_date(home, tick, tmp_path):
    accept_a_vintage(home, tmp_path)
    publish_as(home, warehouse.inputs_fingerprint(home))
    result = tick()
    assert result.run_requests == []
    assert result.skip_message == "the published warehouse was built from what the lake serves now"


def test_the_sensor_starts_nothing_before_the_first_vintage(tick):
    assert tick().run_requests == []


# --- loading ---------------------------------------------------------------------------------------------------------

OFFLINE = """
import ipaddress, socket, sys

def stop(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        if not ipaddress.ip_address(arguments[1][0]).is_loopback:
            raise AssertionError(f"connected to {arguments[1]}")
    if event == "socket.getaddrinfo":
        raise AssertionError(f"looked up {arguments[0]}")

sys.addaudithook(stop)
try:
    socket.socket().connect(("192.0.2.1", 80))
except AssertionError:
    print("guarded")
from orchestration.definitions import defs
print(len(defs.get_repository_def().schedule_defs))
"""


def test_a_code_location_loads_without_a_network_request():
    run = subprocess.run([sys.executable, "-c", OFFLINE], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["guarded", "6"]


def test_the_door_to_the_partners_can_be_replaced(definitions):
    assert definitions.resources["door"].edition == "live"
    replaced = build_definitions(Partners(edition="sample"))
    assert replaced.resources["door"].edition == "sample"
