"""A dataset in months: each month by itself in the store, one dataset to those who look at it."""

from __future__ import annotations

import dagster as dg
import duckdb
import pytest
from typer.testing import CliRunner

from ingest import lake, months
from ingest.http import Endpoints
from ingest.refresh import EditionMixed, Outcome, refresh
from ingest.registry import Dataset, datasets
from ingest.sandbox import Fault
from orchestration import cli, meta, warehouse
from orchestration.build import build_definitions
from orchestration.resources import Partners

COMEXT = datasets()["eurostat_comext_full_v2"]
MONTHS = ("202401", "202402", "202403")
LISTING = "/ec.europa.eu/eurostat/api/dissemination/files?dir="
KEY = dg.AssetKey(["eurostat", COMEXT.id])


def good(_dataset, _candidate):
    return []


@pytest.fixture
def run(home, sandbox):
    """Refresh the months from the sandbox; requests of earlier refreshes are forgotten."""

    def run(
        periods=None, check=good, edition="sample", dataset: Dataset = COMEXT
    ) -> tuple[Outcome, dict[str, Outcome]]:
        sandbox.reset_requests()
        endpoints = Endpoints.sandbox(sandbox.url)
        return months.refresh_months(home, dataset, periods, edition=edition, endpoints=endpoints, check=check)

    return run


def statuses(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {period: outcome.status for period, outcome in outcomes.items()}


def downloads(sandbox) -> list[str]:
    return [request.rpartition("/")[2] for request in sandbox.requests if "?file=" in request]


def spoil(sandbox, month: str, fault: str) -> None:
    kind, _, argument = fault.partition(":")
    sandbox.faults = [Fault(rf"\?file=.*full_v2_{month}", kind, argument)]
    sandbox.touch()


# --- a month is a dataset of its own ---------------------------------------------------------------------------------


def test_a_month_has_an_id_of_its_own_and_all_else_of_its_dataset():
    month = COMEXT.for_period("202402")
    assert (month.id, month.base_id, month.period) == ("eurostat_comext_full_v2@202402", COMEXT.id, "202402")
    assert month.fingerprint == COMEXT.fingerprint
    assert month.columns == COMEXT.columns


@pytest.mark.parametrize("period", ["202452", "202413", "2024", "2024-02", "202400"])
def test_what_is_no_month_is_refused(period):
    with pytest.raises(ValueError, match=f"has no month '{period}'"):
        COMEXT.for_period(period)


def test_a_dataset_that_does_not_come_in_months_has_none(home):
    wdi = datasets()["world_bank_wdi"]
    with pytest.raises(ValueError, match="has no month"):
        wdi.for_period("202402")
    assert months.parts(home, wdi) == [wdi]


# --- a refresh -------------------------------------------------------------------------------------------------------


def test_the_listing_is_asked_once_and_every_month_is_loaded(run, home, sandbox):
    total, outcomes = run()
    assert statuses(outcomes) == dict.fromkeys(MONTHS, "accepted")
    assert [request for request in sandbox.requests if LISTING in request] == sandbox.requests[:1]
    assert downloads(sandbox) == [f"full_v2_{month}.7z" for month in MONTHS]
    assert (total.dataset_id, total.status) == (COMEXT.id, "accepted")
    assert total.message == "3 months accepted (202401, 202402, 202403)"
    assert total.rows == sum(outcome.rows for outcome in outcomes.values())
    assert total.bytes > sum(outcome.bytes for outcome in outcomes.values()) > 0
    assert list(months.serving(home, COMEXT)) == [f"{COMEXT.id}@{month}" for month in MONTHS]


def test_nothing_moved_is_said_as_by_any_other_dataset(run, sandbox):
    run()
    total, outcomes = run()
    assert len(sandbox.requests) == 1
    assert total.message == "nothing moved at the partner: no payload was asked for"
    assert set(statuses(outcomes).values()) == {total.status} == {"unchanged"}


@pytest.mark.parametrize("dataset", [COMEXT, datasets()["ilo_sdg_0861_sex_rt"]], ids=lambda dataset: dataset.id)
def test_what_did_not_move_is_settled_without_a_refresh(run, home, sandbox, dataset):
    def settle(edition="sample") -> Outcome | None:
        sandbox.reset_requests()
        return months.unmoved(home, dataset, edition=edition, endpoints=Endpoints.sandbox(sandbox.url))

    assert settle() is None
    if dataset is COMEXT:
        run()
    else:
        refresh(home, dataset, edition="sample", endpoints=Endpoints.sandbox(sandbox.url), check=good)
    outcome = settle()
    assert (outcome.status, len(sandbox.requests)) == ("unchanged", 1)
    assert outcome.rows == sum(vintage.meta["rows"] for vintage in months.serving(home, dataset).values())
    assert [attempt["outcome"] for attempt in lake.attempts(home, dataset.id)] == ["accepted", "unchanged"]
    assert settle("live") is None
    sandbox.touch()
    assert settle() is None


def test_only_the_newest_months_of_the_window_are_asked_for(run, sandbox):
    narrow = COMEXT.model_copy(update={"months": COMEXT.months.model_copy(update={"window": 2})})
    run(dataset=narrow)
    assert downloads(sandbox) == ["full_v2_202402.7z", "full_v2_202403.7z"]


def test_months_that_somebody_names_are_asked_for_and_no_others(run, sandbox):
    total, outcomes = run(["202401"])
    assert downloads(sandbox) == ["full_v2_202401.7z"]
    assert list(outcomes) == ["202401"]
    assert total.rows == outcomes["202401"].rows


def test_a_month_that_is_not_listed_fails_and_says_so(run):
    total, outcomes = run(["202305", "202401"])
    assert statuses(outcomes) == {"202305": "failed", "202401": "accepted"}
    assert total.status == "failed"
    assert "1 months failed (202305)" in total.message
    assert "dataset retired: no file of 202305 in the listing" in total.message


def test_a_broken_month_leaves_the_others_alone(run, home, sandbox):
    spoil(sandbox, "202402", "garbage")
    total, outcomes = run()
    assert statuses(outcomes) == {"202401": "accepted", "202402": "failed", "202403": "accepted"}
    assert total.status == "failed"
    assert total.message.startswith("2 months accepted (202401, 202403), 1 months failed (202402); ")
    assert "eurostat_comext_full_v2@202402: partner unavailable" in total.message
    assert list(months.serving(home, COMEXT)) == [f"{COMEXT.id}@202401", f"{COMEXT.id}@202403"]
    sandbox.faults = []
    total, outcomes = run()
    assert statuses(outcomes) == {"202401": "unchanged", "202402": "accepted", "202403": "unchanged"}
    assert total.message == "2 months unchanged, 1 months accepted (202402)"


def test_a_quarantined_month_leaves_its_last_good_vintage_and_the_others_alone(run, home, sandbox):
    run()
    before = months.serving(home, COMEXT)
    spoil(sandbox, "202402", "scale:10")

    def no_change(dataset, candidate):
        passed = not candidate.revision
        row = {"check_name": "still", "severity": "ERROR", "message": "moved", "failing_rows": 7, "passed": passed}
        return [row]

    total, outcomes = run(check=no_change)
    assert statuses(outcomes) == {"202401": "unchanged", "202402": "quarantined", "202403": "unchanged"}
    assert total.status == "quarantined"
    assert months.serving(home, COMEXT) == before
    assert "ingest/registry/eurostat_comext_full_v2.yaml" in total.message
    assert [(check["check_name"], check["passed"], check["failing_rows"]) for check in total.checks] == [
        ("still", False, 7)
    ]


def test_a_revised_month_is_replaced_as_a_whole_and_no_other_is_touched(run, home, sandbox):
    run()
    before = months.serving(home, COMEXT)
    spoil(sandbox, "202402", "drop:DE")
    _total, outcomes = run()
    after = months.serving(home, COMEXT)
    assert statuses(outcomes) == {"202401": "unchanged", "202402": "accepted", "202403": "unchanged"}
    assert {name for name in after if after[name] != before[name]} == {f"{COMEXT.id}@202402"}
    file = after[f"{COMEXT.id}@202402"].data
    assert duckdb.sql(f"select count(*) from '{file}' where reporter = 'DE'").fetchall() == [(0,)]
    assert duckdb.sql(f"select distinct period from '{file}'").fetchall() == [("202402",)]


def test_an_outage_of_the_listing_fails_the_dataset_and_is_noted(run, home, sandbox):
    run()
    before = months.serving(home, COMEXT)
    sandbox.faults = [Fault.parse("eurostat_comext_full_v2=status:503")]
    total, outcomes = run()
    assert (total.status, outcomes) == ("failed", {})
    assert total.message.startswith("eurostat_comext_full_v2: partner unavailable: HTTP 503")
    assert months.serving(home, COMEXT) == before
    assert [a["outcome"] for a in lake.attempts(home, COMEXT.id)] == ["accepted", "failed"]


def test_a_file_of_another_size_than_listed_is_asked_for_twice_and_given_up(run, sandbox):
    spoil(sandbox, "202401", "cut")
    _total, outcomes = run(["202401"])
    assert downloads(sandbox) == ["full_v2_202401.7z"] * 2
    assert outcomes["202401"].status == "failed"
    assert "payload incomplete: full_v2_202401.7z has" in outcomes["202401"].message


def test_live_months_are_never_mixed_with_those_of_a_lesser_edition(run, sandbox):
    run(["202401"], edition="live")
    with pytest.raises(EditionMixed, match="serves the live edition"):
        run(["202402"])
    assert sandbox.requests == []


# --- what those see who look at it -----------------------------------------------------------------------------------


def test_the_lake_shows_the_months_as_one_table(run, home):
    run()
    warehouse.prepare(home)
    with warehouse.open_build(home) as connection:
        found = connection.execute(f"select period, count(*) from lake.{COMEXT.id} group by 1 order by 1").fetchall()
    held = months.serving(home, COMEXT).values()
    assert found == list(zip(MONTHS, (vintage.meta["rows"] for vintage in held), strict=True))


def test_meta_has_a_row_a_month_under_the_name_of_the_dataset(run, home):
    run()
    meta.write_meta(home, "20260102T030405Z")
    with warehouse.open_build(home) as connection:

        def ask(query: str) -> list[tuple]:
            return connection.execute(query).fetchall()

        assert ask("select dataset_id, period, is_serving from meta.snapshot order by 2") == [
            (COMEXT.id, month, True) for month in MONTHS
        ]
        assert ask("select dataset_id, count(*) from meta.load group by 1") == [(COMEXT.id, 3)]
        attempts = ask("select dataset_id, period, outcome from meta.attempt order by 2 nulls first")
    assert attempts == [(COMEXT.id, period, "accepted") for period in (None, *MONTHS)]


def test_a_dataset_as_of_a_moment_is_that_of_all_its_months(run, home, tmp_path):
    run()
    file = tmp_path / "months.parquet"
    done = CliRunner().invoke(cli.app, ["as-of", COMEXT.id, "2999-01-01", "--to", str(file)])
    assert done.exit_code == 0, done.output
    assert duckdb.sql(f"select distinct period from '{file}' order by 1").fetchall() == [(month,) for month in MONTHS]
    before = CliRunner().invoke(cli.app, ["as-of", COMEXT.id, "2020-01-01", "--to", str(file)])
    assert before.exit_code == 1


def test_a_changed_month_makes_a_build_due(run, home, sandbox):
    run()
    before = warehouse.inputs_fingerprint(home)
    spoil(sandbox, "202402", "drop:DE")
    run()
    assert warehouse.inputs_fingerprint(home) != before


# --- in Dagster ------------------------------------------------------------------------------------------------------


@pytest.fixture
def job(home, sandbox):
    """A run of the partner's job for this dataset alone."""
    definitions = build_definitions(Partners(edition="sample", sandbox_url=sandbox.url))
    instance = dg.DagsterInstance.ephemeral()

    def job(**how):
        result = definitions.resolve_job_def("eurostat").execute_in_process(
            instance=instance, raise_on_error=False, asset_selection=[KEY], **how,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )  # fmt: skip
        return result.success, sorted(instance.get_materialized_partitions(KEY))

    return job


def test_an_ordinary_run_takes_the_newest_months_and_marks_each(job):
    assert job() == (True, list(MONTHS))


def test_a_backfill_of_several_months_is_one_run(job, sandbox):
    tags = {"dagster/asset_partition_range_start": "202401", "dagster/asset_partition_range_end": "202402"}
    assert job(tags=tags) == (True, ["202401", "202402"])
    assert downloads(sandbox) == ["full_v2_202401.7z", "full_v2_202402.7z"]


def test_the_same_backfill_once_more_changes_nothing(job, home, sandbox):
    tags = {"dagster/asset_partition_range_start": "202401", "dagster/asset_partition_range_end": "202402"}

    def stored() -> dict[str, bytes]:
        found = [file for room in ("raw", "lake") for file in (home.root / room).rglob("*") if file.is_file()]
        return {str(file): file.read_bytes() for file in found if file.name != "attempts.ndjson"}

    assert job(tags=tags)[0]
    before = stored()
    assert len([name for name in before if name.endswith("vintage.json")]) == 2
    sandbox.reset_requests()
    assert job(tags=tags) == (True, ["202401", "202402"])
    assert stored() == before and downloads(sandbox) == []


def test_a_run_of_one_month_asks_for_that_one(job, sandbox):
    assert job(partition_key="202402") == (True, ["202402"])
    assert downloads(sandbox) == ["full_v2_202402.7z"]


def test_a_broken_month_does_not_make_the_others_look_missing(job, sandbox):
    spoil(sandbox, "202402", "garbage")
    assert job() == (False, ["202401", "202403"])
