"""A refresh as one call: a Dagster run for the datasets that moved, then one for the warehouse if vintages changed.

Two runs, because a failed dataset must not keep the others out of the warehouse, and within one run it would.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from ingest.http import Endpoints
from ingest.months import unmoved
from ingest.registry import datasets
from ingest.storage import Home
from orchestration import publish
from orchestration.incidents import message_of
from orchestration.instance import COMMAND_LINE, command_line
from orchestration.lake_assets import asset_key, unmoved_events
from orchestration.resources import Partners, Reporter


@dataclass(frozen=True)
class RunResult:
    """`errors` are ours (a broken step, a failed build), not the partners'; those are in the reporter's outcomes."""

    built: bool
    errors: list[str]
    log: Path


def refresh_and_publish(home: Home, door: Partners, reporter: Reporter, chosen: Collection[str]) -> RunResult:
    """Refresh the datasets with these ids, build and publish if that changed anything. Waits for another one's end."""
    with command_line(home) as instance:
        return _refresh_and_publish(home, instance, door, reporter, chosen)


def _refresh_and_publish(
    home: Home, instance: dg.DagsterInstance, door: Partners, reporter: Reporter, chosen: Collection[str]
) -> RunResult:
    home.build.mkdir(parents=True, exist_ok=True)
    log = home.build / "dbt.log"
    with door.endpoints() as endpoints:
        moved = [name for name in chosen if not _is_unmoved(home, instance, door, endpoints, reporter, name)]
        keys = [asset_key(name) for name in moved]
        # A step that failed on purpose carries user data: the reporter has told of it.
        failures = run_job(instance, (door, reporter, endpoints), "refresh", keys) if moved else []
        errors = [cause(failure) for failure in failures if failure.user_failure_data is None]
    if not publish.is_due(home):
        return RunResult(False, errors, log)
    reporter.building()
    from orchestration.warehouse_assets import outdated_assets  # dbt, as in run_job

    with log.open("w") as stream, contextlib.redirect_stdout(stream):
        failures = run_job(instance, (door, reporter, None), "warehouse", outdated_assets(home))
        broken = [cause(failure) for failure in failures]
    return RunResult(not broken, errors + broken, log)


def _is_unmoved(
    home: Home, instance: dg.DagsterInstance, door: Partners, endpoints: Endpoints, reporter: Reporter, name: str
) -> bool:
    """Settle a dataset of which nothing moved without a run: a step and its check results cost more than all else."""
    outcome = unmoved(home, datasets()[name], edition=door.checked_edition(), endpoints=endpoints)
    if outcome is None:
        return False
    for event in unmoved_events(home, outcome):
        instance.report_runless_asset_event(event)
    reporter.finished(outcome)
    return True


def run_job(
    instance: dg.DagsterInstance, given: tuple[Partners, Reporter, Endpoints | None], job: str,
    assets: list[dg.AssetKey] | None = None,
) -> list[Any]:  # fmt: skip
    """The step failures of a run of the job, or of that part of it, with the resources that are given."""
    from orchestration.build import build_definitions  # dbt: seconds to import, and often there is nothing to run

    job_definition = build_definitions(*given).resolve_job_def(job)
    result = job_definition.execute_in_process(
        instance=instance,
        raise_on_error=False,
        asset_selection=assets,
        tags=COMMAND_LINE,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    return [event.step_failure_data for event in result.get_step_failure_events()]


def cause(failure: Any) -> str:
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return str(failure.user_failure_data.description)
    return message_of(failure.error)
