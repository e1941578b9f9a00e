"""Alerts: one message when an incident opens, none while it lasts, one when it is over, whatever breaks meanwhile."""

from __future__ import annotations

import re
import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo

from ingest import lake, storage
from ingest.registry import datasets
from ingest.storage import Home
from orchestration import alerts, incidents, last_build, publish, schedules, warehouse
from orchestration.environment import ENVIRONMENTS
from orchestration.resources import HomeResource

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
ILO = [name for name, dataset in datasets().items() if dataset.partner == "ilo"]


class Clock:
    """The platform's clock, moved by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


class Board:
    """A channel that keeps what it takes, or takes nothing."""

    def __init__(self, label: str = "board") -> None:
        self.label, self.is_down, self.tries = label, False, 0
        self.taken: list[tuple[str, str]] = []

    def send(self, title: str, body: str, *, ended: bool) -> bool:
        self.tries += 1
        if not self.is_down:
            self.taken.append((title, body))
        return not self.is_down

    @property
    def titles(self) -> list[str]:
        return [title.removeprefix("[alliance87 dev] ") for title, _body in self.taken]


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(storage, "utcnow", clock)
    return clock


@pytest.fixture
def home(tmp_path, monkeypatch, clock) -> Home:
    for name in ("A87_ALERT_URLS", "A87_UI_URL", "A87_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("A87_FREE_GB", "0")
    monkeypatch.setenv("A87_HOME", str(tmp_path))
    return Home(tmp_path)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def look(home, instance):
    """One tick of the sensor."""
    return lambda *boards: alerts.tell(home, instance, list(boards))


def attempt(home: Home, name: str, cause: str, message: str = "trouble", run_id: str = "") -> None:
    outcome = {"": "unchanged", "checks": "quarantined"}.get(cause, "failed")
    lake.note_attempt(home, name, outcome, message, None, cause=cause, run_id=run_id)


# --- one message an incident -----------------------------------------------------------------------------------------


def test_an_incident_is_told_once_and_its_end_once(home, clock, look, board):
    for night in range(5):
        attempt(home, "fao_qcl", "drift", f"night {night}", run_id=f"run-{night}")
        for _tick in range(3):
            look(board)
        clock.moment += timedelta(days=1)
    assert board.titles == ["schema-drift fao_qcl"]
    attempt(home, "fao_qcl", "")
    look(board)
    look(board)
    assert board.titles == ["schema-drift fao_qcl", "over: schema-drift fao_qcl"]
    assert "lasted 5 d 0 h" in board.taken[1][1]
    assert storage.read_json(home.root / "alerts" / "incidents.json") == {}


def test_a_partner_that_is_away_is_one_incident_for_all_its_datasets(home, look, board):
    for name in ILO:
        attempt(home, name, "unavailable")
    look(board)
    assert board.titles == ["partner-unavailable ilo"]
    assert f"{ILO[0]}, " in board.taken[0][1] and f"and {len(ILO) - 5} more" in board.taken[0][1]


def test_datasets_that_break_by_themselves_are_incidents_of_their_own(home, look, board):
    for name in ILO[:2]:
        attempt(home, name, "checks")
    look(board)
    assert board.titles == [f"quarantined {name}" for name in sorted(ILO[:2])]


def test_another_trouble_of_the_same_dataset_ends_the_first_and_opens_the_second(home, look, board):
    attempt(home, "fao_qcl", "incomplete")
    look(board)
    attempt(home, "fao_qcl", "retired")
    look(board)
    assert sorted(board.titles[1:]) == ["dataset-retired fao_qcl", "over: payload-incomplete fao_qcl"]


def test_a_first_look_at_a_data_root_that_is_broken_already_tells_once_since_when(home, clock, look, board):
    began = clock.moment
    for _night in range(3):
        attempt(home, "fao_qcl", "refused")
        clock.moment += timedelta(days=1)
    look(board)
    look(board)
    assert len(board.taken) == 1
    assert f"Since {began.isoformat()}" in board.taken[0][1]


def test_nothing_is_told_of_a_data_root_that_is_well(home, look, board):
    attempt(home, "fao_qcl", "")
    assert look(board).sent == []
    assert board.taken == []


# --- channels that fail, processes that die --------------------------------------------------------------------------


def test_a_channel_that_is_down_is_told_later_and_keeps_nobody_else_waiting(home, look, board):
    broken = Board("broken")
    broken.is_down = True
    for name in ILO[:3]:
        attempt(home, name, "checks")
    told = look(broken, board)
    assert len(board.taken) == 3 and broken.tries == 1  # not once for each incident: each try waits for a time-out
    assert told.failed == ["broken"]
    look(broken, board)
    broken.is_down = False
    look(broken, board)
    look(broken, board)
    assert len(board.taken) == 3
    assert sorted(broken.titles) == sorted(board.titles)


def test_what_came_and_went_while_a_channel_was_down_is_told_as_over(home, look, board):
    board.is_down = True
    attempt(home, "fao_qcl", "drift")
    look(board)
    attempt(home, "fao_qcl", "")
    look(board)
    board.is_down = False
    look(board)
    look(board)
    assert board.titles == ["over: schema-drift fao_qcl"]
    assert "Cause: trouble" in board.taken[0][1]


def test_a_channel_that_missed_an_end_and_a_new_beginning_hears_of_neither(home, look, board):
    attempt(home, "fao_qcl", "drift")
    look(board)
    board.is_down = True
    attempt(home, "fao_qcl", "")
    look(board)
    attempt(home, "fao_qcl", "drift")
    look(board)
    board.is_down = False
    look(board)
    attempt(home, "fao_qcl", "")
    look(board)
    assert board.titles == ["schema-drift fao_qcl", "over: schema-drift fao_qcl"]


def test_a_process_that_dies_after_a_message_repeats_that_one_at_most(home, look, board, monkeypatch):
    for name in ILO[:3]:
        attempt(home, name, "checks")
    send = board.send

    def dying(title: str, body: str, *, ended: bool) -> bool:
        send(title, body, ended=ended)
        if board.tries == 2:
            raise KeyboardInterrupt
        return True

    monkeypatch.setattr(board, "send", dying)
    with pytest.raises(KeyboardInterrupt):
        look(board)
    look(board)
    look(board)
    assert sorted(board.titles) == sorted([*(f"quarantined {name}" for name in ILO[:3]), board.titles[1]])


def test_two_who_look_at_once_tell_once(home, instance, board):
    for name in ILO[:3]:
        attempt(home, name, "checks")
    threads = [threading.Thread(target=alerts.tell, args=(home, instance, [board])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(board.taken) == 3


def test_without_channels_nothing_is_noted_so_the_first_one_hears_of_all(home, look, board):
    attempt(home, "fao_qcl", "drift")
    look()
    assert not (home.root / "alerts").exists()
    look(board)
    assert board.titles == ["schema-drift fao_qcl"]


# --- what is an incident ---------------------------------------------------------------------------------------------


def kinds(home: Home, instance: dg.DagsterInstance) -> list[tuple[str, str]]:
    return [(one.kind, one.key) for one in incidents.open_incidents(home, instance)]


def test_every_kind_of_incident_has_its_heading_in_the_runbook_and_the_reverse():
    assert set(re.findall(r"^## (\S+)$", RUNBOOK.read_text(encoding="utf-8"), re.M)) == set(incidents.KINDS)


@pytest.fixture
def due(monkeypatch) -> dict[str, bool]:
    """Whether there is something to build, as the test says."""
    answer = {"now": True}
    monkeypatch.setattr(publish, "is_due", lambda _home: answer["now"])
    return answer


def test_a_build_and_a_publication_that_fail_are_known_until_one_passes(home, instance, due):
    for step in ("build", "publish"):
        with pytest.raises(dg.Failure), last_build.noting(home, step, "run-1"):
            raise dg.Failure(description=f"{step}: rows went missing")
    assert kinds(home, instance) == [("build-failed", "warehouse"), ("publish-refused", "warehouse")]
    assert "rows went missing" in incidents.open_incidents(home, instance)[0].cause
    with last_build.noting(home, "build", "run-2"):
        pass
    assert kinds(home, instance) == [("publish-refused", "warehouse")]


def test_a_failed_build_is_over_when_the_partner_took_back_what_broke_it(home, instance, due):
    with pytest.raises(dg.Failure), last_build.noting(home, "build", "run-1"):
        raise dg.Failure(description="1 test failed")
    due["now"] = False
    assert kinds(home, instance) == []
    due["now"] = True
    assert kinds(home, instance) == [("build-failed", "warehouse")]


def test_a_build_that_failed_shows_the_rows_behind_it(home, instance, due):
    row = {"severity": "ERROR", "passed": False, "check_name": "one_row_a_key", "examples": [{"area": "BGD", "n": "2"}]}
    storage.write_json(home.build / "dbt_checks.json", {"test.a": row, "test.b": row | {"severity": "WARN"}})
    with pytest.raises(dg.Failure), last_build.noting(home, "build", "run-1"):
        raise dg.Failure(description="1 test failed")
    assert incidents.open_incidents(home, instance)[0].examples == ("one_row_a_key: area=BGD, n=2",)


def test_a_run_whose_process_is_gone_is_an_incident_until_one_of_its_job_ends_well(home, instance):
    run = instance.create_run_for_job(dg.job(name="warehouse")(lambda: None))
    instance.report_run_failed(run, "the process that executed this run is gone")
    assert kinds(home, instance) == [("run-crashed", "warehouse")]
    assert "is gone" in incidents.open_incidents(home, instance)[0].cause
    assert dg.job(name="warehouse")(lambda: None).execute_in_process(instance=instance).success
    assert kinds(home, instance) == []


def test_a_crashed_refresh_is_over_when_its_datasets_were_asked_for_again(home, instance, clock):
    """By a refresh that made no run, since nothing had moved."""
    selection = {dg.AssetKey(["fao", "fao_qcl"]), dg.AssetKey(["fao", "fao_pp"])}
    run = dg.DagsterRun(job_name="refresh", run_id=str(uuid.uuid4()), asset_selection=frozenset(selection))
    instance.add_run(run)
    instance.report_run_failed(run, "the process that executed this run is gone")
    clock.moment = datetime.now(UTC) + timedelta(minutes=1)  # runs are dated by the real clock
    attempt(home, "fao_qcl", "")
    assert kinds(home, instance) == [("run-crashed", "refresh")]
    attempt(home, "fao_pp", "")
    assert kinds(home, instance) == []


def test_a_crashed_build_is_over_when_there_is_nothing_left_to_build(home, instance, due, monkeypatch):
    run = dg.DagsterRun(job_name="warehouse", run_id=str(uuid.uuid4()))
    instance.add_run(run)
    instance.report_run_failed(run, "the process that executed this run is gone")
    monkeypatch.setattr(warehouse, "serving", lambda _home: {"fao_qcl": None})
    assert kinds(home, instance) == [("run-crashed", "warehouse")]
    due["now"] = False
    assert kinds(home, instance) == []


def failing_run(instance: dg.DagsterInstance, op_name: str, error: Exception) -> str:
    @dg.op(name=op_name)
    def step():
        raise error

    @dg.job(name="refresh")
    def job():
        step()

    return job.execute_in_process(instance=instance, raise_on_error=False).run_id


def test_a_step_that_breaks_is_an_incident_but_not_one_that_a_dataset_tells_of(home, instance):
    failing_run(instance, "tidy_up", ValueError("a bug"))
    assert kinds(home, instance) == [("step-broken", "refresh")]
    run_id = failing_run(instance, "fao__fao_qcl", ValueError("a bug"))
    assert kinds(home, instance) == [("step-broken", "refresh")]
    attempt(home, "fao_qcl", "broken", run_id=run_id)
    assert kinds(home, instance) == [("step-broken", "fao_qcl")]


def test_a_step_that_fails_on_purpose_is_told_by_its_dataset_only(home, instance):
    run_id = failing_run(instance, "fao__fao_qcl", dg.Failure(description="quarantined", allow_retries=False))
    attempt(home, "fao_qcl", "checks", run_id=run_id)
    assert kinds(home, instance) == [("quarantined", "fao_qcl")]


@pytest.mark.parametrize(("of", "data", "enough"), [
    ("SCHEDULE", ScheduleInstigatorData("0 3 * * *"), 1), ("SENSOR", SensorInstigatorData(), 3),
])  # fmt: skip
def test_code_of_a_schedule_or_sensor_that_fails_is_an_incident_until_a_tick_passes(
    home, clock, tmp_path, of, data, enough
):
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("location"), "repository")
    origin = RemoteInstigatorOrigin(repository, "nightly")
    state = InstigatorState(origin, InstigatorType[of], InstigatorStatus.RUNNING, data)

    def tick(status: str) -> list[tuple[str, str]]:
        clock.moment += timedelta(minutes=1)
        first = SerializableErrorInfo("KeyError: 'x'\n", [], None)
        error = SerializableErrorInfo("raised by Dagster", [], None, first) if status == "FAILURE" else None
        told = TickData(
            state.instigator_origin_id, "nightly", state.instigator_type, TickStatus[status], clock.moment.timestamp(),
            selector_id=state.selector_id, error=error, run_ids=[],
        )  # fmt: skip
        instance.create_tick(told)
        return kinds(home, instance)

    (tmp_path / "instance").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "instance")) as instance:  # an ephemeral one keeps no ticks
        instance.add_instigator_state(state)
        assert tick("SKIPPED") == []
        for _tick in range(enough - 1):
            assert tick("FAILURE") == []
        assert tick("FAILURE") == tick("STARTED") == [("tick-failed", "nightly")]
        assert incidents.open_incidents(home, instance)[0].cause == "nightly: KeyError: 'x'"
        assert tick("SUCCESS") == []


def test_we_are_late_with_a_partner_as_a_whole(home, instance, clock):
    for name in ILO:
        attempt(home, name, "")
    clock.moment += timedelta(days=30)
    found = incidents.open_incidents(home, instance)
    assert [(one.kind, one.key, len(one.datasets)) for one in found] == [("refresh-late", "ilo", len(ILO))]


def test_a_rollback_in_force_is_an_incident(home, instance):
    held = {"edition_id": "20260301T000000000000Z", "since": storage.now(), "reason": "wrong units"}
    storage.write_json(home.published / "hold.json", held)
    found = incidents.open_incidents(home, instance)
    assert [(one.kind, one.key) for one in found] == [("warehouse-held", "warehouse")]
    assert "wrong units" in found[0].cause


def test_what_cannot_be_read_is_an_incident_and_ends_or_hides_no_other(home, look, board):
    attempt(home, "fao_qcl", "drift")
    attempt(home, ILO[0], "drift")
    look(board)
    torn = home.lake("fao_qcl") / "current.json"
    torn.write_text("{")
    (home.lake(ILO[0]) / "attempts.ndjson").write_text("{\n")
    attempt(home, "fao_qcl", "retired")
    look(board)
    opened = [title for title in board.titles[2:] if title.startswith("step-broken")]
    assert opened == ["step-broken incidents/datasets", "step-broken incidents/freshness"]
    assert "dataset-retired fao_qcl" in board.titles
    assert not any(title.startswith("over: ") for title in board.titles)


def test_free_space_around_the_limit_is_one_incident(home, look, board, monkeypatch):
    usage = incidents.shutil.disk_usage(home.root)
    monkeypatch.setenv("A87_FREE_GB", "10")
    for free in (9.9, 10.1, 9.9, 11.0, 9.0, 12.1):
        monkeypatch.setattr(
            incidents.shutil, "disk_usage", lambda _path, free=free: usage._replace(free=int(free * 1e9))
        )
        look(board)
    assert board.titles == ["disk-low disk", "over: disk-low disk"]


# --- the sensor and health -------------------------------------------------------------------------------------------


def test_the_sensor_tells_and_starts_nothing(home, instance, monkeypatch):
    board = Board()
    monkeypatch.setattr(alerts, "channels_of_env", lambda: [board])
    attempt(home, "fao_qcl", "drift")
    sensor = schedules.incident_sensor(ENVIRONMENTS["prod"])
    assert sensor.minimum_interval_seconds == 60
    for _tick in range(3):
        context = dg.build_sensor_context(resources={"home": HomeResource()}, instance=instance)
        assert sensor.evaluate_tick(context).run_requests == []
    assert board.titles == ["schema-drift fao_qcl"]


def test_health_names_our_troubles_and_a_daemon_without_a_sign_of_life(home, monkeypatch):
    monkeypatch.setenv("A87_ENV", "prod")
    attempt(home, "fao_qcl", "drift")
    attempt(home, ILO[0], "unavailable")
    lines = alerts.health(home)
    assert [line.split(":")[0] for line in lines] == ["schema-drift fao_qcl", "daemon"]


def test_health_names_a_channel_that_messages_wait_for(home, instance, monkeypatch):
    broken = Board("1 json://example.org")
    broken.is_down = True
    monkeypatch.setattr(alerts, "channels_of_env", lambda: [broken])
    attempt(home, ILO[0], "unavailable")
    alerts.tell(home, instance)
    assert alerts.health(home) == ["alerts: 1 messages wait for channel 1 json://example.org"]


def test_health_of_a_data_root_that_cannot_be_read_is_one_line(home):
    home.dagster.write_text("not a folder")
    lines = alerts.health(home)
    assert len(lines) == 1 and "cannot be read" in lines[0]
