"""The Dagster instance of the command line: the same one that `make dev` shows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import dagster as dg
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from ingest import storage
from ingest.storage import Home

REPOSITORY = Path(__file__).parent.parent
CONFIG = REPOSITORY / "dagster.yaml"  # one machine: Dagster's own files are SQLite, below the data root
TEAM_CONFIG = REPOSITORY / "deploy" / "dagster-postgres.yaml"  # a team: they are in the PostgreSQL of POSTGRES_URL
POSTGRES_URL = "A87_POSTGRES_URL"
POSTGRES_SCHEME = "postgresql+psycopg2://"  # without the driver's name SQLAlchemy 2.1 takes one that Dagster has not
COMMAND_LINE = {"alliance87/command-line": "yes"}  # tag of the runs that no daemon launched
LOCK = "command-line.lock"  # in DAGSTER_HOME, held while a command line executes runs
_held: list[IO[str]] = []  # open lock files of the runs that this process executes
OPEN = [
    DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING,
]  # fmt: skip


def dagster_home(home: Home) -> Path:
    """DAGSTER_HOME below the data root, with this repository's settings for where runs are kept.

    Raises ValueError for an address that Dagster cannot use, and where a data root whose runs are in PostgreSQL is
    opened without its address: pools and runs of two instances would not know of each other.
    """
    home.dagster.mkdir(parents=True, exist_ok=True)
    link, config = home.dagster / "dagster.yaml", _config()
    if link.is_symlink() and link.readlink().name == TEAM_CONFIG.name and config != TEAM_CONFIG:
        raise ValueError(
            f"{home.root} keeps its runs in PostgreSQL: set {POSTGRES_URL} (to go back to SQLite: rm {link})"
        )
    if not (link.is_symlink() and link.resolve() == config.resolve()):
        link.unlink(missing_ok=True)
        link.symlink_to(config)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    return home.dagster


def _config() -> Path:
    address = os.environ.get(POSTGRES_URL, "")
    if address and not address.startswith(POSTGRES_SCHEME):
        raise ValueError(f"{POSTGRES_URL} has to begin with {POSTGRES_SCHEME}")  # not the address: it holds a password
    return TEAM_CONFIG if address else CONFIG


def open_instance(home: Home) -> DagsterInstance:
    """The instance, after closing what killed command lines left open."""
    dagster_home(home)
    instance = dg.DagsterInstance.get()
    close_abandoned(instance)
    return instance


def close_abandoned(instance: DagsterInstance) -> None:
    """Close the runs whose process was killed, and free what they held.

    Those of command lines would stay `started` for ever and keep their pools, since a daemon watches only the runs that
    it launched; they are left alone while a command line is at work. Those of a daemon would wait for the limit of
    run time if the code server, which watches its children, went down with them.
    """
    with storage.if_free(_lock(instance)) as free:
        if free:
            _close(instance)
    for path in _workers(instance).glob("*.lock"):
        with storage.if_free(path) as free:
            run = instance.get_run_by_id(path.stem) if free else None
            if run and run.status in OPEN:
                _fail(instance, run)
            if free:
                path.unlink(missing_ok=True)


def at_work(instance: DagsterInstance, run: DagsterRun) -> None:
    """Hold a lock that says to the end of this process that it executes the run, whatever becomes of either."""
    if not COMMAND_LINE.items() <= run.tags.items():
        path = _workers(instance) / f"{run.run_id}.lock"
        _held.append(storage.hold(path))


def _workers(instance: DagsterInstance) -> Path:
    return Path(instance.root_directory) / "workers"


@contextmanager
def command_line(home: Home) -> Iterator[DagsterInstance]:
    """The instance for a command line that executes runs by itself, with COMMAND_LINE as their tags.

    One at a time: another one waits. So whatever such run is open when this begins is of a process that is gone.
    The system lets the lock go with the process, however it ends; ids of processes are used again and a restart
    forgets them.
    """
    dagster_home(home)
    instance = dg.DagsterInstance.get()
    with storage.exclusive(_lock(instance)):
        _close(instance)
        yield instance


def _lock(instance: DagsterInstance) -> Path:
    return Path(instance.root_directory) / LOCK


def _close(instance: DagsterInstance) -> None:
    for run in instance.get_runs(RunsFilter(statuses=OPEN, tags=COMMAND_LINE)):
        _fail(instance, run)


def _fail(instance: DagsterInstance, run: DagsterRun) -> None:
    # First the slots: killed between the two, this is done again, since the run is still open.
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    instance.report_run_failed(run, "the process that executed this run is gone")
