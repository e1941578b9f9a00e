"""The Dagster definitions: what an engineer sees in the UI, and what starts by itself."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.repository_definition import RepositoryDefinition

from ingest import lake
from ingest.registry import datasets, partners
from ingest.snapshots import Snapshot
from orchestration import schedules, warehouse
from orchestration.build import build_definitions
from orchestration.environment import ENVIRONMENTS
from orchestration.resources import HomeResource, Partners

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


def test_there_is_a_job_a_partner_and_three_for_the_whole(repository):
    names = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert names == {"fao", "ilo", "world_bank", "eurostat", "ilab", "refresh", "warehouse", "everything"}


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
def test_schedules_and_sensor_start_by_themselves_in_prod_only(environment, status):
    repository = load(environment).get_repository_def()
    assert {schedule.default_status.value for schedule in repository.schedule_defs} == {status}
    assert [(sensor.name, sensor.default_status.value) for sensor in repository.sensor_defs] == [
        ("warehouse_is_due", status)
    ]


def test_an_environment_that_is_not_declared_does_not_load():
    with pytest.raises(ValueError, match=r"A87_ENV='production' is not declared; choose one of \['dev', 'prod'\]"):
        load("production")


@pytest.fixture
def tick(home):
    """One evaluation of the sensor on the data root."""
    sensor = schedules.warehouse_sensor(ENVIRONMENTS["dev"])

    def tick():
        context = dg.build_sensor_context(resources={"home": HomeResource()})
        return sensor.evaluate_tick(context)

    return tick


def publish_as(home, fingerprint: str) -> None:
    home.published.mkdir(parents=True)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create schema meta")
        connection.execute(f"create table meta.edition as select '{fingerprint}' as inputs_fingerprint")


def accept_a_vintage(home, tmp_path) -> None:
    """Any dataset will do: without one there is nothing to build from."""
    dataset = datasets()["ilab_goods"]
    lake.write_empty(dataset, tmp_path / "v" / "data.parquet")
    snapshot = Snapshot("g-1", dataset.id, "ilab", "sample", "", "2026-01-01T00:00:00Z", "", {}, "", 0, "")
    lake.settle(home, dataset.id, lake.Vintage(tmp_path / "v", lake.describe(snapshot, 0, None)), {}, passed=True)


def test_the_sensor_starts_one_build_for_a_change_of_the_inputs(home, tick, tmp_path):
    accept_a_vintage(home, tmp_path)
    publish_as(home, "of other inputs")
    keys = [request.run_key for _ in range(2) for request in tick().run_requests]
    assert keys == [warehouse.inputs_fingerprint(home)] * 2  # Dagster starts a run once for a key


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
    assert run.stdout.split() == ["guarded", "5"]


def test_the_door_to_the_partners_can_be_replaced(definitions):
    assert definitions.resources["door"].edition == "live"
    replaced = build_definitions(Partners(edition="sample"))
    assert replaced.resources["door"].edition == "sample"
