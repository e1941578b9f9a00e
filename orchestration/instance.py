"""The Dagster instance of the command line: the same one that `make dev` shows."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from ingest.storage import Home

CONFIG = Path(__file__).parent.parent / "dagster.yaml"
PID_TAG = "alliance87/pid"


def dagster_home(home: Home) -> Path:
    """DAGSTER_HOME below the data root, with this repository's dagster.yaml in it."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    link = home.dagster / "dagster.yaml"
    if not (link.is_symlink() and link.resolve() == CONFIG.resolve()):
        link.unlink(missing_ok=True)
        link.symlink_to(CONFIG)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    return home.dagster


def open_instance(home: Home) -> DagsterInstance:
    """The instance, after closing what killed command lines left open: their runs would stay `started` for ever and
    hold their pools, since only a daemon watches runs."""
    dagster_home(home)
    instance = dg.DagsterInstance.get()
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED])):
        pid = run.tags.get(PID_TAG)
        if pid and not _is_alive(int(pid)):
            instance.report_run_failed(run, "the process that executed this run is gone")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return instance


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but there
        pass
    return True
