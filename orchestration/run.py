"""A refresh as one call: a Dagster run for the datasets, then, if their vintages changed, one for the warehouse.

Two runs, because a failed dataset must not keep the others out of the warehouse, and within one run it would.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from ingest.registry import datasets
from ingest.storage import Home
from orchestration import publish
from orchestration.build import build_definitions
from orchestration.instance import PID_TAG, open_instance
from orchestration.resources import Partners, Reporter


@dataclass(frozen=True)
class RunResult:
    """`errors` are ours (a broken step, a failed build), not the partners'; those are in the reporter's outcomes."""

    built: bool
    errors: list[str]
    log: Path


def refresh_and_publish(home: Home, door: Partners, reporter: Reporter, chosen: Collection[str]) -> RunResult:
    """Refresh the datasets with these ids, build and publish if that changed anything."""
    instance = open_instance(home)
    definitions = build_definitions(door, reporter)
    home.build.mkdir(parents=True, exist_ok=True)
    log = home.build / "dbt.log"

    def run(job: str, assets: list[dg.AssetKey] | None = None) -> list[Any]:
        """The step failures of a run of the job, or of that part of it."""
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            raise_on_error=False,
            asset_selection=assets,
            tags={PID_TAG: str(os.getpid())},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        return [event.step_failure_data for event in result.get_step_failure_events()]

    # A step that failed on purpose carries user data: the reporter has told of it.
    keys = [dg.AssetKey([datasets()[name].partner, name]) for name in chosen]
    errors = [_cause(failure) for failure in run("refresh", keys) if failure.user_failure_data is None]
    if not publish.is_due(home):
        return RunResult(False, errors, log)
    reporter.building()
    with log.open("w") as stream, contextlib.redirect_stdout(stream):
        failures = [_cause(failure) for failure in run("warehouse")]
    return RunResult(not failures, errors + failures, log)


def _cause(failure: Any) -> str:
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return str(failure.user_failure_data.description)
    error = failure.error
    while error.cause is not None:
        error = error.cause
    return str(error.message).strip()
