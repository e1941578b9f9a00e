"""The lake made anew from the raw store alone, and what happens where that is not possible."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from ingest import lake, months, storage
from ingest.http import Endpoints
from ingest.refresh import Outcome, refresh
from ingest.registry import datasets
from ingest.replay import Replayed, parts, replay
from ingest.sandbox import Fault

A871 = datasets()["ilo_sdg_a871_sex_age_rt"]
COMEXT = datasets()["eurostat_comext_full_v2"]


def judged(passed: bool):
    row = {"check_name": "unique", "severity": "ERROR", "passed": passed, "message": "looked at", "failing_rows": 0}
    return lambda _dataset, _candidate: [row]


@pytest.fixture
def deliver(home, sandbox):
    """Refresh A871 from a sandbox that is as it was, or has this fault, and says that everything moved."""

    def deliver(fault: str = "", passed: bool = True) -> Outcome:
        sandbox.faults = [Fault.parse(f"{A871.id}={fault}")] if fault else []
        sandbox.touch()
        endpoints = Endpoints.sandbox(sandbox.url)
        return refresh(home, A871, edition="sample", endpoints=endpoints, check=judged(passed))

    return deliver


@pytest.fixture
def again(home, monkeypatch):
    """Make A871 anew; no socket can be opened meanwhile."""

    def again(check=None) -> Replayed:
        def refuse(*_given, **_named):
            raise AssertionError("a socket was opened")

        with monkeypatch.context() as patched:
            patched.setattr("socket.socket.connect", refuse)
            return replay(home, A871, check or judged(True))

    return again


def files(folder: Path) -> dict[str, str]:
    """Hashes of what lies below the folder, without locks and attempts."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name not in (".lock", "attempts.ndjson")
    }


def acceptances(home) -> list[tuple[str, str]]:
    return [(a["accepted_at"], a["snapshot_id"]) for a in lake.acceptances(home, A871.id)]


def lose_lake(home) -> None:
    shutil.rmtree(home.root / "lake")


def test_a_revision_that_was_taken_back_ends_where_the_partner_ended(home, deliver, again):
    first, second, third = deliver(), deliver("scale:2"), deliver()
    assert [outcome.status for outcome in (first, second, third)] == ["accepted"] * 3
    assert first.snapshot_id == third.snapshot_id != second.snapshot_id
    before, known = files(home.lake(A871.id)), acceptances(home)
    lose_lake(home)
    done = again()
    assert (done.troubles, done.gone, len(done.made)) == ([], [], 2)
    assert files(home.lake(A871.id)) == before
    assert acceptances(home) == known and len(known) == 3
    assert lake.current(home, A871.id).snapshot_id == first.snapshot_id


def test_beside_a_lake_that_is_whole_nothing_changes(home, deliver, again):
    deliver()
    deliver("scale:2")
    before = files(home.root)
    assert again().troubles == []
    assert files(home.root) == before


def test_what_was_quarantined_or_rejected_is_not_judged_anew(home, deliver, again):
    served = deliver().snapshot_id
    assert deliver("scale:2", passed=False).status == "quarantined"
    assert deliver("rename:obs_value>value_obs").status == "failed"
    before = files(home.root)
    assert again().made == [served]
    assert files(home.root) == before


def test_bytes_that_are_not_those_that_came_are_found_and_the_vintage_stays(home, deliver, again):
    first, second = deliver().snapshot_id, deliver("scale:2").snapshot_id
    payload = home.raw(A871.id) / second / "payload"
    file = max(payload.iterdir(), key=lambda file: file.stat().st_size)
    file.write_bytes(file.read_bytes()[:-2] + b"9\n")
    before = files(home.lake(A871.id))
    (trouble,) = again().troubles
    assert second in trouble and "not those that came" in trouble
    assert files(home.lake(A871.id)) == before
    assert lake.current(home, A871.id).snapshot_id == second

    lose_lake(home)
    done = again()
    assert lake.current(home, A871.id).snapshot_id == first
    assert done.troubles[1] == f"{second} served and cannot be made anew; {first} serves in its place"


def test_a_delivery_that_does_not_pass_any_more_is_trouble_and_the_others_go_on(home, deliver, again):
    first, second = deliver().snapshot_id, deliver("scale:2").snapshot_id
    lose_lake(home)

    def check(dataset, candidate):
        return judged(candidate.vintage.snapshot_id == second)(dataset, candidate)

    done = again(check)
    assert done.made == [second]
    assert len(done.troubles) == 1 and f"{first}: payload invalid: accepted once" in done.troubles[0]
    assert lake.current(home, A871.id).snapshot_id == second


def test_what_retention_let_go_is_no_trouble_and_its_successor_keeps_its_revision(home, deliver, again):
    first, second = deliver().snapshot_id, deliver("scale:2").snapshot_id
    shutil.rmtree(home.raw(A871.id) / first)
    shutil.rmtree(home.lake(A871.id) / "vintages" / first)
    before = files(home.lake(A871.id))
    done = again()
    assert (done.gone, done.troubles) == ([first], [])
    assert files(home.lake(A871.id)) == before

    lose_lake(home)
    assert again().made == [second]
    told = lake.acceptances(home, A871.id)
    assert [bool(a["revision"]) for a in told] == [False, True]  # what the journal knows of it


def test_a_delivery_is_judged_by_the_clock_of_its_acceptance(home, deliver, again):
    deliver()
    ((accepted_at, _name),) = acceptances(home)
    seen = []

    def check(_dataset, _candidate):
        seen.append(storage.utcnow())
        return []

    again(check)
    assert seen == [datetime.fromisoformat(accepted_at)]
    assert storage.utcnow() > seen[0]


def test_a_journal_that_lies_in_the_lake_is_read_and_moved(home, deliver, again):
    for fault in ("", "scale:2", ""):
        deliver(fault)
    known, old = acceptances(home), home.lake(A871.id) / "accepted.ndjson"
    lake.journal(home, A871.id).rename(old)
    assert acceptances(home) == known
    again()
    assert acceptances(home) == known and lake.journal(home, A871.id).exists() and not old.exists()


@pytest.mark.parametrize("step", ["keep_journal", "confirm"])
def test_what_current_names_is_in_the_journal_whenever_a_process_dies(home, deliver, monkeypatch, step):
    def die(*_given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(lake, step, die)
        with pytest.raises(KeyboardInterrupt):
            deliver()
    assert lake.current_id(home, A871.id) is None
    served = deliver().snapshot_id
    assert [name for _at, name in acceptances(home)] == [served]  # once: the first time it never served
    assert served in lake.journal(home, A871.id).read_text()


def test_months_are_found_by_their_bytes(home, sandbox):
    endpoints = Endpoints.sandbox(sandbox.url)
    months.refresh_months(home, COMEXT, ["202401"], edition="sample", endpoints=endpoints, check=judged(True))
    lose_lake(home)
    assert months.parts(home, COMEXT) == []
    (month,) = parts(home, COMEXT)
    assert replay(home, month, judged(True)).made == [lake.current(home, month.id).snapshot_id]
    assert list(months.serving(home, COMEXT)) == ["eurostat_comext_full_v2@202401"]
