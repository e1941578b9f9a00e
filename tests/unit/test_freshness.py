"""Who is late, and since when: the partner against its own rhythm, we against our nights, and how both are shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
import pytest
import time_machine
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateRecord
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import InProcessTestWorkspaceLoadTarget
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.freshness import FreshnessDaemon
from dagster._utils.schedules import cron_string_iterator
from typer.testing import CliRunner

from ingest import lake, months, registry, snapshots
from ingest.http import Endpoints
from ingest.refresh import refresh
from ingest.registry import Dataset, Rhythm, datasets, partners
from orchestration import freshness, meta, warehouse
from orchestration.cli import app
from orchestration.instance import open_instance
from orchestration.lake_assets import asset_key, dataset_asset, unmoved_events
from orchestration.resources import HomeResource, Partners, SilentReporter, endpoints_of_run
from orchestration.schedules import TIMEZONE

QCL, GOODS, COMEXT = (datasets()[name] for name in ("fao_qcl", "ilab_goods", "eurostat_comext_full_v2"))
STAMP = datetime(2026, 2, 17, 10, tzinfo=UTC)  # of all that the sample edition holds
ASKED = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
# The code location that the freshness daemon of a test looks at.
DEFINITIONS = dg.Definitions(
    assets=[dataset_asset(QCL)],
    resources={
        "home": HomeResource(), "door": Partners(), "endpoints": endpoints_of_run, "reporter": SilentReporter(),
    },
)  # fmt: skip


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def passes(_dataset: Dataset, _candidate: Any) -> list[dict[str, Any]]:
    return []


def fails(_dataset: Dataset, _candidate: Any) -> list[dict[str, Any]]:
    return [
        {
            "check_name": "row_floor", "severity": "ERROR", "passed": False, "message": "no", "failing_rows": 0,
            "observed": "", "examples": [], "error": "",
        }
    ]  # fmt: skip


@pytest.fixture
def ask(home, sandbox) -> Callable[..., str]:
    """Refresh a dataset at a moment; returns what came of it."""

    def ask(dataset: Dataset = QCL, at: datetime = ASKED, check=passes) -> str:
        with time_machine.travel(at, tick=False):
            endpoints = Endpoints.sandbox(sandbox.url)
            if not dataset.months:
                return refresh(home, dataset, edition="sample", endpoints=endpoints, check=check).status
            total, _ = months.refresh_months(home, dataset, edition="sample", endpoints=endpoints, check=check)
            return total.status

    return ask


# --- what is declared ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", datasets())
def test_every_dataset_says_how_often_its_partner_publishes_and_why_we_think_so(name):
    rhythm = datasets()[name].rhythm
    assert len(rhythm.reason) > 20
    if rhythm.every_days is None:
        assert "ended" in rhythm.reason
    else:
        assert rhythm.every_days > 0
        assert rhythm.grace_days > 0


def test_a_rhythm_without_a_reason_is_refused():
    with pytest.raises(ValueError, match="reason"):
        Rhythm(every_days=365, grace_days=90, reason="")


def test_a_dataset_without_a_rhythm_is_refused(tmp_path):
    text = (registry.FOLDER / "world_bank_country.yaml").read_text(encoding="utf-8")
    copy = tmp_path / "world_bank_country.yaml"
    copy.write_text(text.replace("rhythm:", "request_note:"), encoding="utf-8")
    with pytest.raises(ValueError, match="rhythm"):
        registry.load_dataset(copy)


@pytest.mark.parametrize("name", partners())
def test_no_night_of_two_years_is_so_long_that_a_punctual_schedule_makes_us_late(name):
    """Changes of the clocks too: the longest night of a daily schedule has 25 hours."""
    zone = ZoneInfo(TIMEZONE)
    ticks = cron_string_iterator(datetime(2026, 1, 1, tzinfo=zone).timestamp(), partners()[name].schedule, TIMEZONE)
    until = list(takewhile(lambda tick: tick.year < 2028, ticks))
    longest = max(after.timestamp() - before.timestamp() for before, after in pairwise(until)) / 3600
    assert longest in (25, 169)
    assert partners()[name].freshness_hours >= longest + 4  # hours that the downloads of a night may take


# --- the partner -----------------------------------------------------------------------------------------------------


def test_the_partner_is_due_after_its_rhythm_and_its_grace(home, ask):
    ask()
    found = freshness.of(home, QCL)
    assert (found.partner_changed_at, found.asked_at, found.accepted_at) == (STAMP, ASKED, ASKED)
    assert found.partner_due_at == STAMP + timedelta(days=365 + 90)
    assert not found.partner_is_late(found.partner_due_at)
    assert found.partner_is_late(found.partner_due_at + timedelta(seconds=1))


def test_lateness_is_told_in_words_with_the_reason_and_what_to_do(home, ask):
    ask()
    found, late = freshness.of(home, QCL), day("2027-06-01")
    assert found.in_words(ASKED) == "on time"
    assert found.in_words(late) == "we are late since 2026-03-02 08:10; partner late since 2027-05-18"
    assert found.of_the_partner(ASKED) == "last changed 2026-02-17, due again by 2027-05-18"
    told = found.of_the_partner(late)
    assert told.startswith("late: last changed 2026-02-17, due again by 2027-05-18 (every 365 days and 90 of grace: ")
    assert "what to do: " in told


def test_a_source_that_has_ended_is_late_no_more(home, ask):
    ask(GOODS)
    found = freshness.of(home, GOODS)
    assert found.partner_due_at is None
    assert not found.partner_is_late(day("2099-01-01"))
    assert found.in_words(ASKED) == "source has ended"
    assert "ended: " in found.of_the_partner(ASKED)


def test_a_partner_without_a_stamp_changed_when_we_last_accepted(home, ask):
    ask()
    serving = lake.current(home, QCL.id)
    assert serving
    lake.confirm(home, QCL.id, serving.snapshot_id, {"updated": ""})
    file = home.raw(QCL.id) / serving.snapshot_id / "snapshot.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"signal": {}}))
    assert freshness.of(home, QCL).partner_changed_at == ASKED


def test_a_delivery_that_we_hold_back_is_not_the_partners_delay(home, sandbox, ask):
    ask()
    sandbox.touch()
    assert ask(at=ASKED + timedelta(days=1), check=passes) == "unchanged"  # the stamp moved, the content did not
    touched = freshness.of(home, QCL).partner_changed_at
    assert touched
    assert touched > STAMP
    assert freshness.of(home, QCL).accepted_at == ASKED
    assert ask(GOODS, check=fails) == "quarantined"
    held = freshness.of(home, GOODS)
    assert (held.partner_changed_at, held.accepted_at) == (touched, None)


def test_stamps_of_a_lesser_edition_say_nothing_of_the_partner(home, ask):
    ask()
    file = next(home.raw(QCL.id).glob("*/snapshot.json"))
    older = {"snapshot_id": "live", "edition": "live", "signal": {"updated": "2021-06-07"}}
    (home.raw(QCL.id) / "live").mkdir()
    (home.raw(QCL.id) / "live" / "snapshot.json").write_text(json.dumps(json.loads(file.read_text()) | older))
    assert freshness.of(home, QCL).partner_changed_at == day("2021-06-07")


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2026-02-17", "2026-02-17T00:00:00+00:00"),
        ("2026-02-17T10:00:00", "2026-02-17T10:00:00+00:00"),
        ("2026-02-17T11:00:00+0100", "2026-02-17T11:00:00+01:00"),
        ("2026-07-17T11:00:00+0200", "2026-07-17T11:00:00+02:00"),
    ],
)
def test_the_partners_ways_to_write_a_stamp_are_understood(stamp, moment):
    assert snapshots.moment(stamp) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("stamp", ["", "None", "17.02.2026", "soon"])
def test_what_is_no_stamp_is_no_moment(stamp):
    assert snapshots.moment(stamp) is None


def test_of_a_dataset_in_months_the_next_month_is_due_whatever_the_stamps_of_the_older_say(home, sandbox, ask):
    ask(COMEXT)
    found = freshness.of(home, COMEXT)
    assert (found.partner_changed_at, found.asked_at, found.accepted_at) == (STAMP, ASKED, ASKED)
    assert found.partner_due_at == day("2024-04-01") + timedelta(days=31 + 75)  # March 2024 is the newest
    sandbox.touch()
    ask(COMEXT, at=ASKED + timedelta(days=1))
    assert freshness.of(home, COMEXT).partner_due_at == found.partner_due_at


# --- we --------------------------------------------------------------------------------------------------------------


def test_we_are_late_when_we_have_not_asked_whatever_came_of_the_last_time(home, sandbox, ask):
    ask()
    found = freshness.of(home, QCL)
    assert found.ask_due_at == ASKED + timedelta(hours=30)
    assert not found.we_are_late(ASKED + timedelta(hours=30))
    assert found.we_are_late(ASKED + timedelta(hours=31))
    lake.note_attempt(home, QCL.id, "failed", "HTTP 503", None, cause="unavailable")
    assert not freshness.of(home, QCL).we_are_late(datetime.now(UTC))


def test_what_was_never_asked_for_is_nobodys_delay(home):
    found = freshness.of(home, QCL)
    assert found == freshness.Freshness(QCL.id, None, None, None, None, None)
    assert not found.partner_is_late(ASKED)
    assert not found.we_are_late(ASKED)
    assert found.in_words(ASKED) == "never asked"


# --- where it is shown -----------------------------------------------------------------------------------------------


def test_an_asking_by_a_clock_that_ran_ahead_excuses_nobody():
    now, ahead = day("2026-11-24"), day("2027-11-24")
    found = freshness.Freshness(QCL.id, None, ahead, None, None, ahead + timedelta(hours=26))
    assert found.we_are_late(now) and "by a wrong clock" in found.in_words(now)
    assert not found.we_are_late(ahead)


def test_the_status_shows_who_is_late(home, ask):
    ask()
    with time_machine.travel(day("2027-06-01"), tick=False):
        line = next(row for row in CliRunner().invoke(app, ["status"]).output.splitlines() if QCL.id in row)
    assert " 2026-02-17 " in line
    assert "accepted 457 d ago" in line
    assert "we are late since 2026-03-02 08:10; partner late since 2027-05-18" in line


def test_the_status_for_programs_has_moments_and_flags_of_every_dataset(home, ask):
    ask()
    with time_machine.travel(day("2027-06-01"), tick=False):
        listed = json.loads(CliRunner().invoke(app, ["status", "--json"]).output)
    assert [entry["dataset_id"] for entry in listed] == list(datasets())
    told = {entry["dataset_id"]: entry for entry in listed}
    qcl, goods = told[QCL.id], told[GOODS.id]
    assert (qcl["partner_changed_at"], qcl["asked_at"]) == ("2026-02-17T10:00:00+00:00", "2026-03-01T02:10:00+00:00")
    assert (qcl["partner_is_late"], qcl["we_are_late"], qcl["last_outcome"]) == (True, True, "accepted")
    assert (goods["asked_at"], goods["partner_is_late"], goods["source_has_ended"]) == (None, False, True)


def test_analysts_compare_the_due_dates_with_now_in_any_time_zone(home, ask):
    ask()
    with duckdb.connect() as connection:
        connection.execute("create schema meta")
        warehouse.write_table(connection, meta.FRESHNESS, meta._freshness(home))
        assert connection.execute("select count(*), count(asked_at) from meta.freshness").fetchall() == [
            (len(datasets()), 1)
        ]
        for zone in ("UTC", "Asia/Tokyo"):
            connection.execute(f"set timezone = '{zone}'")
            late = "select dataset_id from meta.freshness where {} < timestamptz '{}'"
            for column, moment in (("ask_due_at", "2026-03-02 08:10"), ("partner_due_at", "2027-05-18 10:00")):
                assert connection.execute(late.format(column, f"{moment}:00+00")).fetchall() == []
                assert connection.execute(late.format(column, f"{moment}:01+00")).fetchall() == [(QCL.id,)]


@pytest.fixture
def workspace(home) -> Iterator[WorkspaceProcessContext]:
    """The one asset DEFINITIONS, seen as the daemon sees it, with the instance of the command line."""
    origin = LoadableTargetOrigin(python_file=__file__, attribute="DEFINITIONS")
    with open_instance(home) as instance:
        target = InProcessTestWorkspaceLoadTarget(InProcessCodeLocationOrigin(origin))
        with WorkspaceProcessContext(instance, target) as process:
            yield process


def test_an_asset_that_nobody_asks_for_turns_red_in_the_ui_without_a_run(home, sandbox, workspace):
    """As Dagster's daemon does every half minute; nights on which nothing moved count, though they are no runs."""
    instance = workspace.instance
    assert instance.freshness_enabled

    def night(at: datetime) -> None:
        with time_machine.travel(at):
            outcome = refresh(home, QCL, edition="sample", endpoints=Endpoints.sandbox(sandbox.url), check=passes)
            for event in unmoved_events(home, outcome):
                instance.report_runless_asset_event(event)

    def state(at: datetime) -> FreshnessState:
        with time_machine.travel(at):
            list(FreshnessDaemon().run_iteration(workspace))
            context = workspace.create_request_context()
            return asyncio.run(FreshnessStateRecord.gen(context, asset_key(QCL.id))).freshness_state

    assert state(ASKED) == FreshnessState.UNKNOWN
    night(ASKED)
    assert state(ASKED + timedelta(hours=29)) == FreshnessState.PASS
    assert state(ASKED + timedelta(hours=31)) == FreshnessState.FAIL
    night(ASKED + timedelta(hours=32))
    assert state(ASKED + timedelta(hours=33)) == FreshnessState.PASS


def test_the_check_of_the_partner_turns_green_again_on_a_night_without_a_run(home, sandbox):
    verdicts, late = [], STAMP + timedelta(days=365 + 90, seconds=1)
    with open_instance(home) as instance, time_machine.travel(late, tick=False):
        for _night in range(2):
            outcome = refresh(home, QCL, edition="sample", endpoints=Endpoints.sandbox(sandbox.url), check=passes)
            for event in unmoved_events(home, outcome):
                instance.report_runless_asset_event(event)
            key = dg.AssetCheckKey(asset_key(QCL.id), "partner_on_time")
            (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
            evaluation = record.event.dagster_event.event_specific_data
            verdicts.append((evaluation.passed, evaluation.severity))
            sandbox.touch()  # a stamp that is an hour younger
    assert verdicts == [(False, dg.AssetCheckSeverity.WARN), (True, dg.AssetCheckSeverity.WARN)]
