"""One dataset from the partner's catalogue to a settled vintage, against the sandbox."""

from __future__ import annotations

import contextlib
import fcntl
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import lake
from ingest.http import Endpoints
from ingest.refresh import Candidate, EditionMixed, Outcome, ask, client_of, refresh, unmoved
from ingest.registry import Dataset, datasets
from ingest.sandbox import Fault

A871 = datasets()["ilo_sdg_a871_sex_age_rt"]
CATALOGUE = "/rplumber.ilo.org/metadata/toc/indicator"
PAYLOAD = ["/rplumber.ilo.org/data/indicator", *["/rplumber.ilo.org/metadata/dic"] * 4]  # and four lists of codes


def check_row(name: str, passed: bool, severity: str = "ERROR") -> dict[str, Any]:
    return {"check_name": name, "severity": severity, "passed": passed, "message": f"{name} was looked at"}


def good(_dataset: Dataset, _candidate: Candidate) -> list[dict[str, Any]]:
    return [check_row("unique", True)]


def bad(_dataset: Dataset, _candidate: Candidate) -> list[dict[str, Any]]:
    return [check_row("unique", True), check_row("areas_kept", False)]


@pytest.fixture
def run(home, sandbox):
    """Refresh A871 from the sandbox; requests of earlier refreshes are forgotten."""

    def run(check=good, edition="sample", dataset=A871, **more) -> Outcome:
        sandbox.reset_requests()
        endpoints = Endpoints.sandbox(sandbox.url)
        return refresh(home, dataset, edition=edition, endpoints=endpoints, check=check, **more)

    return run


def asked(sandbox) -> list[str]:
    return [request.split("?")[0] for request in sandbox.requests]


def spoil(sandbox, fault: str) -> None:
    """The next delivery is another one, and the catalogue tells so."""
    sandbox.faults = [Fault.parse(f"{A871.id}={fault}")]
    sandbox.touch()


def kept_snapshots(home) -> list[str]:
    return [snapshot_file.parent.name for snapshot_file in home.raw(A871.id).glob("*/snapshot.json")]


def current(home) -> bytes:
    return (home.lake(A871.id) / "current.json").read_bytes()


def first_value(home) -> float:
    file = lake.current(home, A871.id).data
    ((value,),) = duckdb.sql(
        f"select obs_value from '{file}' where ref_area = 'AFG' and time_period = '2014' and source = 'NR:AFG2014' "
        "and sex = 'SEX_T' and classif1 = 'AGE_CLDVERSION_Y12-14'"
    ).fetchall()
    return value


# --- accepted, unchanged ---------------------------------------------------------------------------------------------


def test_a_first_delivery_is_accepted_and_serves(run, home, sandbox):
    outcome = run()
    assert outcome.status == "accepted"
    assert outcome.is_good
    assert outcome.message == f"{outcome.rows} rows, first load of the sample edition"
    assert asked(sandbox) == [CATALOGUE, *PAYLOAD]
    assert lake.current(home, A871.id).snapshot_id == outcome.snapshot_id
    assert first_value(home) == 19.666


def test_rows_and_bytes_are_counted(run, sandbox, home):
    heard: list[int] = []
    outcome = run(on_bytes=heard.append)
    targets = [request.replace(" ", "+") for request in sandbox.requests]
    assert outcome.bytes == sum(heard) == sum(len(sandbox.reply(url).body) for url in targets)
    assert outcome.rows == sandbox.reply(targets[1]).body.count(b"\n") - 1 > 0


def test_when_nothing_moved_no_payload_is_asked_for(run, home, sandbox):
    first = run()
    before = current(home)
    outcome = run()
    assert outcome.status == "unchanged"
    assert outcome.message == "nothing moved at the partner: no payload was asked for"
    assert (outcome.snapshot_id, outcome.rows) == (first.snapshot_id, first.rows)
    assert asked(sandbox) == [CATALOGUE]
    assert current(home) == before


@pytest.fixture
def settle(home, sandbox):
    """What `unmoved` makes of A871; requests of earlier calls are forgotten."""

    def settle(edition="sample") -> Outcome | None:
        sandbox.reset_requests()
        return unmoved(home, A871, edition=edition, endpoints=Endpoints.sandbox(sandbox.url))

    return settle


def test_what_did_not_move_is_settled_by_the_catalogue_alone(run, settle, home, sandbox):
    first = run()
    before = current(home)
    outcome = settle()
    assert (outcome.status, outcome.snapshot_id, outcome.rows) == ("unchanged", first.snapshot_id, first.rows)
    assert asked(sandbox) == [CATALOGUE]
    assert current(home) == before
    assert [attempt["outcome"] for attempt in lake.attempts(home, A871.id)] == ["accepted", "unchanged"]


def test_a_catalogue_that_moved_is_left_to_a_refresh(run, settle, home, sandbox):
    run()
    sandbox.touch()
    assert settle() is None
    assert len(lake.attempts(home, A871.id)) == 1


@pytest.mark.parametrize("fault", ["status:503", "html", "retired"])
def test_a_partner_in_trouble_is_left_to_a_refresh(run, settle, home, sandbox, fault):
    run()
    sandbox.faults = [Fault.parse(f"ilo={fault}")]
    assert settle() is None
    assert len(lake.attempts(home, A871.id)) == 1


def test_after_a_failure_a_whole_refresh_must_say_that_all_is_well_again(run, settle, home, sandbox):
    run()
    sandbox.faults = [Fault.parse("ilo=status:503")]
    assert run().status == "failed"
    sandbox.faults = []
    assert settle() is None
    assert run().status == "unchanged"
    assert settle().status == "unchanged"


def test_nothing_is_settled_before_a_first_load_or_for_another_edition(run, settle, sandbox):
    assert settle() is None
    assert asked(sandbox) == []
    run()
    assert settle("live") is None
    assert asked(sandbox) == []


def test_a_catalogue_that_moved_over_equal_content_is_unchanged_and_confirmed(run, home, sandbox):
    first = run()
    sandbox.touch()
    outcome = run()
    assert outcome.status == "unchanged"
    assert outcome.message == "the catalogue moved, the content did not"
    assert outcome.snapshot_id == first.snapshot_id
    assert asked(sandbox) == [CATALOGUE, *PAYLOAD]
    assert lake.last_signal(home, A871.id)["updated"] == "2026-02-17T11:00:00"
    run()
    assert asked(sandbox) == [CATALOGUE]


def test_no_check_is_run_on_what_did_not_change(run, sandbox):
    run()
    sandbox.touch()

    def never(_dataset, _candidate):
        raise AssertionError("checks ran")

    assert run(never).status == "unchanged"


def test_a_revised_delivery_is_compared_with_the_vintage_before(run, home, sandbox):
    first = run()
    spoil(sandbox, "scale:2")
    seen: list[Candidate] = []

    def look(_dataset: Dataset, candidate: Candidate) -> list[dict[str, Any]]:
        seen.append(candidate)
        assert candidate.revision is not None
        assert candidate.revision.exists()
        return []

    outcome = run(look)
    assert outcome.status == "accepted"
    assert outcome.snapshot_id != first.snapshot_id
    assert seen[0].previous.snapshot_id == first.snapshot_id
    assert outcome.message.startswith(f"{first.rows} rows: 0 added, 0 removed, ")
    assert lake.current(home, A871.id).meta["revision"]["max_relative_change"] == pytest.approx(1.0)
    assert first_value(home) == 39.332
    assert [v.snapshot_id for v in lake.vintages(home, A871.id)] == [first.snapshot_id, outcome.snapshot_id]


def test_a_changed_reading_of_the_dataset_asks_again_though_nothing_moved(run, sandbox):
    first = run()
    changed = A871.model_copy(update={"columns": A871.columns[:-1]})
    outcome = run(dataset=changed)
    assert asked(sandbox) == [CATALOGUE, *PAYLOAD]
    assert outcome.status == "accepted"
    assert outcome.snapshot_id != first.snapshot_id


def test_a_warning_does_not_hold_a_delivery_back(run, home):
    outcome = run(lambda _d, _c: [check_row("odd", False, "WARN")])
    assert outcome.status == "accepted"
    assert lake.current(home, A871.id).meta["checks"] == [check_row("odd", False, "WARN")]


# --- quarantined -----------------------------------------------------------------------------------------------------


def test_a_delivery_that_fails_a_check_is_put_aside_and_current_is_untouched(run, home, sandbox):
    first = run()
    before = current(home)
    spoil(sandbox, "scale:100")
    outcome = run(bad)
    assert outcome.status == "quarantined"
    assert not outcome.is_good
    assert current(home) == before
    assert (outcome.snapshot_id, outcome.rows) == (first.snapshot_id, first.rows)
    assert first_value(home) == 19.666
    (aside,) = (home.lake(A871.id) / "quarantine").iterdir()
    assert aside.name != first.snapshot_id


def test_the_verdict_says_which_checks_failed_what_serves_and_what_to_do(run, sandbox):
    first = run()
    spoil(sandbox, "scale:100")
    message = run(bad).message
    assert "areas_kept: areas_kept was looked at" in message
    assert "unique" not in message
    assert f"{first.snapshot_id} keeps serving" in message
    assert "what to do: " in message
    assert f"ingest/registry/{A871.id}.yaml" in message


def test_a_first_delivery_that_fails_leaves_the_dataset_empty(run, home):
    outcome = run(bad)
    assert outcome.status == "quarantined"
    assert (outcome.snapshot_id, outcome.rows) == (None, 0)
    assert "the dataset stays empty until a delivery passes" in outcome.message
    assert lake.current(home, A871.id) is None


def test_a_quarantined_delivery_is_judged_again_without_a_download(run, home, sandbox):
    run()
    spoil(sandbox, "scale:1.1")
    run(bad)
    outcome = run(good)
    assert asked(sandbox) == [CATALOGUE]
    assert outcome.status == "accepted"
    assert lake.current(home, A871.id).snapshot_id == outcome.snapshot_id
    assert first_value(home) == pytest.approx(21.6326)


def test_a_partner_that_takes_a_bad_delivery_back_is_unchanged(run, home, sandbox):
    first = run()
    spoil(sandbox, "scale:100")
    run(bad)
    sandbox.faults = []
    sandbox.touch()
    outcome = run()
    assert (outcome.status, outcome.snapshot_id) == ("unchanged", first.snapshot_id)


# --- failed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("status:503", "partner unavailable: HTTP 503"),
        ("html", "partner unavailable: an HTML page with status 200"),
        ("empty", "partner unavailable: an empty body with status 200"),
        ("status:400", "request refused: HTTP 400"),
        ("retired", "dataset retired: id SDG_A871_SEX_AGE_RT_A is not in the table of contents"),
        ("cut", "payload incomplete: "),
        ("header_only", "payload incomplete: 0 rows"),
        ("rename:obs_value>OBS_VALUE", "schema drift: missing columns ['obs_value']"),
    ],
)
def test_trouble_with_the_partner_is_an_outcome_and_current_serves_on(run, home, sandbox, fault, says):
    first = run()
    before = current(home)
    spoil(sandbox, fault)
    outcome = run()
    assert outcome.status == "failed"
    assert outcome.message.startswith(f"{A871.id}: {says}")
    assert "URL http://127.0.0.1" in outcome.message
    assert "what to do: " in outcome.message
    assert (outcome.snapshot_id, outcome.rows) == (first.snapshot_id, first.rows)
    assert current(home) == before


def test_the_next_good_delivery_heals(run, home, sandbox):
    run()
    spoil(sandbox, "rename:obs_value>OBS_VALUE")
    assert run().status == "failed"
    sandbox.faults = [Fault.parse(f"{A871.id}=scale:2")]
    outcome = run()
    assert outcome.status == "accepted"
    assert asked(sandbox) == [CATALOGUE, *PAYLOAD]


def test_unreadable_bytes_stay_as_evidence_and_are_asked_for_again(run, home, sandbox):
    spoil(sandbox, "rename:obs_value>OBS_VALUE")
    run()
    (folder,) = home.raw(A871.id).iterdir()
    assert (folder / "rejected.json").exists()
    assert b"OBS_VALUE" in (folder / "payload" / "data.csv").read_bytes()
    run()
    assert asked(sandbox) == [CATALOGUE, *PAYLOAD]


# --- editions --------------------------------------------------------------------------------------------------------


def test_a_sample_never_replaces_live_data(run, home, sandbox):
    run(edition="live")
    before = current(home)
    with pytest.raises(EditionMixed, match="serves the live edition; a sample refresh needs another A87_HOME"):
        run(edition="sample")
    assert sandbox.requests == []
    assert current(home) == before


def test_recorded_data_rank_between_sample_and_live(run):
    run(edition="sample")
    assert run(edition="recorded").status == "accepted"
    with pytest.raises(EditionMixed):
        run(edition="sample")


def test_the_first_live_delivery_is_compared_with_nothing_of_the_sample(run, home):
    run(edition="sample")
    seen: list[Candidate] = []
    outcome = run(lambda _d, candidate: seen.append(candidate) or [], edition="live")
    assert outcome.status == "accepted"
    assert outcome.message.endswith("first load of the live edition")
    assert (seen[0].previous, seen[0].revision) == (None, None)
    assert lake.current(home, A871.id).edition == "live"


def test_the_sample_serves_on_when_the_first_live_delivery_fails(run, home):
    sample = run(edition="sample")
    outcome = run(bad, edition="live")
    assert outcome.status == "quarantined"
    assert lake.current(home, A871.id).snapshot_id == sample.snapshot_id == outcome.snapshot_id


# --- our own faults, locks, traces -----------------------------------------------------------------------------------


def broken(_dataset, _candidate):
    raise ZeroDivisionError("a bug of ours")


def test_a_fault_of_ours_is_not_swallowed(run):
    with pytest.raises(ZeroDivisionError):
        run(broken)


def test_the_lock_is_released_after_a_fault_of_ours(run, home):
    with pytest.raises(ZeroDivisionError):
        run(broken)
    with (home.lake(A871.id) / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_refresh_holds_the_lock_while_it_works(run, home):
    def try_lock(_dataset, _candidate):
        with (home.lake(A871.id) / ".lock").open("w") as handle, pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return []

    assert run(try_lock).status == "accepted"


@pytest.mark.parametrize("check", [good, bad, broken])
def test_no_work_folder_stays_behind(run, home, check):
    with contextlib.suppress(ZeroDivisionError):
        run(check)
    left = [path.name for path in home.raw(A871.id).iterdir() if path.name.startswith(".")]
    assert left == []


def test_every_attempt_is_noted_with_its_outcome(run, home, sandbox):
    first = run()
    run()
    spoil(sandbox, "status:503")
    run()
    noted = lake.attempts(home, A871.id)
    assert [attempt["outcome"] for attempt in noted] == ["accepted", "unchanged", "failed"]
    assert [attempt["snapshot_id"] for attempt in noted] == [first.snapshot_id] * 3
    assert "HTTP 503" in noted[2]["message"]


def test_the_raw_bytes_lie_beside_their_description(run, home, sandbox):
    outcome = run()
    payload: Path = home.raw(A871.id) / outcome.snapshot_id / "payload" / "data.csv"
    assert payload.read_bytes() == sandbox.reply(sandbox.requests[1].replace(" ", "+")).body


def test_a_catalogue_of_another_shape_is_the_partners_trouble_not_a_crash(home, server):
    server.says('[{"id": "SDG_A871_SEX_AGE_RT_A", "updated": "yesterday"}]', Content_Type="application/json")
    outcome = refresh(home, A871, edition="sample", endpoints=Endpoints.sandbox(server.url), check=good)
    assert outcome.status == "failed"
    assert "payload invalid: a catalogue of another shape (KeyError: 'last.update')" in outcome.message
    assert "what to do: open the catalogue by hand" in outcome.message


# --- a stamp that goes back -------------------------------------------------------------------------------------------


def told(dataset: Dataset, sandbox, tmp_path, day: str) -> dict[str, Any]:
    """What the catalogue says, under the stamp of another day."""
    return ask(client_of(dataset, Endpoints.sandbox(sandbox.url)), dataset, tmp_path) | {"updated": day}


def test_a_stamp_that_went_back_at_eurostat_is_refused_until_somebody_allows_it(run, home, sandbox, tmp_path):
    rates = datasets()["eurostat_ert_bil_eur_a"]
    first = run(dataset=rates, signal=told(rates, sandbox, tmp_path, "2026-03-02T11:00:00+0100"))
    older = told(rates, sandbox, tmp_path, "2026-03-02T09:59:00+0000")
    outcome = run(dataset=rates, signal=older)
    assert (outcome.status, outcome.snapshot_id) == ("failed", first.snapshot_id)
    assert "went back from 2026-03-02T11:00:00+01:00 to 2026-03-02T09:59:00+00:00" in outcome.message
    assert asked(sandbox) == []
    allowed = rates.tolerances.model_copy(update={"stamp_may_go_back": True})
    assert run(dataset=rates.model_copy(update={"tolerances": allowed}), signal=older).status == "unchanged"


def test_a_stamp_that_went_back_elsewhere_is_noted(run, home, sandbox, tmp_path):
    run(signal=told(A871, sandbox, tmp_path, "2026-03-02T11:00:00"))
    outcome = run(signal=told(A871, sandbox, tmp_path, "2026-03-01T11:00:00"))
    assert outcome.status == "unchanged"
    assert "; the catalogue's stamp went back from 2026-03-02" in outcome.message


def test_an_old_stamp_that_comes_back_with_other_figures_is_asked_for(run, home, sandbox, tmp_path):
    first, second = (told(A871, sandbox, tmp_path, f"2026-03-0{day}T11:00:00") for day in (1, 2))
    run(signal=first)
    sandbox.faults = [Fault.parse(f"{A871.id}=scale:2")]
    doubled = run(signal=second)
    sandbox.faults = [Fault.parse(f"{A871.id}=scale:4")]
    again = run(signal=first)
    assert (doubled.status, again.status) == ("accepted", "accepted")
    assert len({doubled.snapshot_id, again.snapshot_id, *kept_snapshots(home)}) == 3


# --- what became of it is noted --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "cause"), [("status:503", "unavailable"), ("retired", "retired"), ("rename:obs_value>value", "drift")]
)
def test_an_attempt_knows_its_cause_and_its_run(run, home, sandbox, fault, cause):
    spoil(sandbox, fault)
    outcome = run(run_id="r1")
    noted = lake.attempts(home, A871.id)[-1]
    assert (outcome.cause, noted["cause"], noted["run_id"]) == (cause, cause, "r1")


def test_a_delivery_that_does_not_pass_has_the_checks_as_its_cause(run, home):
    assert run(check=bad).cause == "checks"
    assert run(check=good).cause == ""
    assert [a["cause"] for a in lake.attempts(home, A871.id)] == ["checks", ""]


def test_what_breaks_on_our_side_is_noted_and_raised(run, home):
    def broken(_dataset, _candidate):
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        run(check=broken, run_id="r2")
    noted = lake.attempts(home, A871.id)[-1]
    assert (noted["outcome"], noted["cause"], noted["run_id"]) == ("failed", "broken", "r2")
    assert "ZeroDivisionError: a bug" in noted["message"]
