"""How long things are kept, and what deletes the rest: the one place for both.

Never deleted: what serves, the vintage before it, the journal of acceptances, and vintages of datasets that the
registry keeps whole (`keep_all_vintages`). Published editions are kept by number (editions.py), ticks by dagster.yaml.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.instance import RUNLESS_RUN_ID

# no public way to purge these
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from sqlalchemy import ColumnElement, func, select

from ingest import lake, months, snapshots, storage
from ingest.registry import Dataset, datasets
from ingest.storage import Home

SCHEDULE = "40 12 * * *"  # no partner's night
FINISHED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
LEFTOVER = re.compile(r"\.(work|old|next)\..+|\..+\.[a-z0-9_]{8}")  # names of storage.py, from killed processes
LEFTOVER_AGE = timedelta(days=1)
# A clock that jumped makes everything old, so nothing is deleted before attempts on several days bear it out.
CLOCK_SPAN, CLOCK_DAYS = timedelta(days=35), 3


@dataclass(frozen=True)
class Limits:
    """How old what is of no use today may become."""

    runs: timedelta
    vintages: timedelta  # since they stopped serving
    quarantine: timedelta  # deliveries that never served: quarantined, rejected, or with the rows that served already

    @classmethod
    def from_env(cls) -> Limits:
        """Raises ValueError for what is no number of days."""
        return cls(
            runs=_days("A87_KEEP_RUN_DAYS", 90),
            vintages=_days("A87_KEEP_VINTAGE_DAYS", 730),
            quarantine=_days("A87_KEEP_QUARANTINE_DAYS", 90),
        )


def _days(name: str, default: int) -> timedelta:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{name}={text!r}: a whole number of days, at least 1")
    return timedelta(days=int(text))


@dataclass
class Tidied:
    """What went, by name, and the bytes it took; after a dry run: what would go."""

    runs: list[str] = field(default_factory=list)
    vintages: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    events: int = 0  # of datasets of which nothing had moved; those of runs go with their run
    freed_bytes: int = 0
    refused: str = ""  # why nothing was looked at

    def __str__(self) -> str:
        counts = ", ".join(f"{len(names)} {kind}" for kind, names in asdict(self).items() if isinstance(names, list))
        return self.refused or f"{counts}, {self.events} events; {self.freed_bytes} bytes"

    @property
    def metadata(self) -> dict[str, Any]:
        return {name: len(value) if isinstance(value, list) else value for name, value in asdict(self).items()}


def tidy(home: Home, instance: DagsterInstance, now: datetime, *, dry_run: bool = False) -> Tidied:
    """Delete what is older than its limit, once no build or refresh is under way. Raises as `Limits.from_env`."""
    limits, tidied = Limits.from_env(), Tidied()
    if not _clock_is_borne_out(home, now):
        tidied.refused = (
            f"nothing deleted: fewer than {CLOCK_DAYS} days with a refresh in the five weeks before {now:%F}"
        )
        return tidied

    def remove(path: Path, names: list[str]) -> None:
        names.append(str(path.relative_to(home.root)))
        tidied.freed_bytes += _size(path)
        if not dry_run:
            storage.remove(path)

    _remove_runs(instance, now - limits.runs, tidied, dry_run=dry_run)
    _remove_runless_events(instance, now - limits.runs, tidied, dry_run=dry_run)
    with storage.exclusive(home.build / ".lock"):  # builds read vintages without a lock of their own
        for dataset in datasets().values():
            for part in {dataset.id: dataset, **{part.id: part for part in months.parts(home, dataset)}}.values():
                if home.lake(part.id).exists():
                    with storage.exclusive(home.lake(part.id) / ".lock"):
                        _remove_deliveries(home, part, now, limits, tidied, remove)
        for folder in (home.published, home.published / "editions", home.build):
            _remove_leftovers(folder, now, tidied, remove)
    return tidied


def _clock_is_borne_out(home: Home, now: datetime) -> bool:
    asked = {attempt["asked_at"] for dataset_id in datasets() for attempt in lake.attempts(home, dataset_id)}
    days = {at.date() for at in map(datetime.fromisoformat, asked) if now - CLOCK_SPAN <= at <= now}
    return len(days) >= CLOCK_DAYS


# --- deliveries and vintages -----------------------------------------------------------------------------------------

Remove = Callable[[Path, list[str]], None]


def _remove_deliveries(
    home: Home, dataset: Dataset, now: datetime, limits: Limits, tidied: Tidied, remove: Remove
) -> None:
    """Of one dataset or month. Bytes as received go with the vintage that was made of them."""
    raw, place = home.raw(dataset.id), home.lake(dataset.id)
    for name in sorted(_stopped_before(home, dataset, now - limits.vintages)):
        for path, names in ((place / "vintages" / name, tidied.vintages), (raw / name, tidied.deliveries)):
            if path.exists():
                remove(path, names)
    # by the journal and not by the vintages: a lake that was lost is made anew from these bytes
    judged = {accepted["snapshot_id"] for accepted in lake.acceptances(home, dataset.id)}
    for file in sorted((place / "quarantine").glob("*/vintage.json")):
        if _moment(storage.read_json(file)["settled_at"]) < now - limits.quarantine:
            remove(file.parent, tidied.quarantined)
        else:
            judged.add(file.parent.name)
    for file in sorted(raw.glob("*/snapshot.json")):
        if file.parent.name not in judged and _received(file.parent) < now - limits.quarantine:
            remove(file.parent, tidied.deliveries)
    for folder in (raw, place, place / "vintages", place / "quarantine"):
        _remove_leftovers(folder, now, tidied, remove)


def _stopped_before(home: Home, dataset: Dataset, limit: datetime) -> set[str]:
    """What ceased to serve before the limit, but neither the vintage that serves nor the one before it."""
    if dataset.keep_all_vintages:
        return set()
    accepted = lake.acceptances(home, dataset.id)
    order = list(dict.fromkeys(a["snapshot_id"] for a in reversed(accepted)))  # newest first, each once
    stopped = {a["snapshot_id"]: _moment(b["accepted_at"]) for a, b in pairwise(accepted)}
    serving = lake.current(home, dataset.id)
    kept = {*order[:2], serving.snapshot_id if serving else ""}
    return {name for name, moment in stopped.items() if name not in kept and moment < limit}


def _received(folder: Path) -> datetime:
    rejected = storage.read_json(folder / snapshots.REJECTED)
    return _moment(rejected["at"] if rejected else storage.read_json(folder / "snapshot.json")["retrieved_at"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _remove_leftovers(folder: Path, now: datetime, tidied: Tidied, remove: Remove) -> None:
    """What a killed process left; living ones hold the lock that the caller holds now."""
    for path in sorted(folder.glob(".*")):
        if LEFTOVER.fullmatch(path.name) and _modified(path) < now - LEFTOVER_AGE:
            remove(path, tidied.leftovers)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)


def _size(path: Path) -> int:
    return sum(file.lstat().st_size for file in (path, *path.rglob("*")) if not file.is_dir())


# --- Dagster's runs --------------------------------------------------------------------------------------------------


def _remove_runs(instance: DagsterInstance, before: datetime, tidied: Tidied, *, dry_run: bool) -> None:
    """Runs with their events and logs, but those that made what the UI shows of an asset or a month today."""
    old = [run.run_id for run in instance.get_runs(RunsFilter(statuses=FINISHED, updated_before=before))]
    shown = set(_runs_shown(instance)) if old else set()
    for run_id in old:
        if run_id not in shown:
            tidied.runs.append(run_id)
            files = list(_files_of_run(instance, run_id))
            tidied.freed_bytes += sum(map(_size, files))
            if not dry_run:
                _forget_check_results(instance, AssetCheckExecutionsTable.c.run_id == run_id)
                instance.delete_run(run_id)
                for file in files:
                    shutil.rmtree(file) if file.is_dir() else file.unlink()


def _remove_runless_events(instance: DagsterInstance, before: datetime, tidied: Tidied, *, dry_run: bool) -> None:
    """What a refresh told of a dataset of which nothing had moved, but the newest of each kind of an asset."""
    store, limit = _event_store(instance), before.replace(tzinfo=None)  # as the tables have it
    rows, tags = SqlEventLogStorageTable, AssetEventTagsTable
    newest = select(func.max(rows.c.id)).where(rows.c.run_id == RUNLESS_RUN_ID)
    newest = newest.group_by(rows.c.asset_key, rows.c.dagster_event_type, rows.c.partition)
    old = select(rows.c.id).where(rows.c.run_id == RUNLESS_RUN_ID, rows.c.timestamp < limit, rows.c.id.not_in(newest))
    for connecting in (store.index_connection(), store.run_connection(RUNLESS_RUN_ID)):  # with SQLite two files
        with connecting as connection:
            tidied.events = max(tidied.events, len(connection.execute(old).fetchall()))
            if not dry_run:
                connection.execute(tags.delete().where(tags.c.event_id.in_(old)))
                connection.execute(rows.delete().where(rows.c.id.in_(old)))
    if not dry_run:
        checks = AssetCheckExecutionsTable
        _forget_check_results(
            instance, (checks.c.run_id == RUNLESS_RUN_ID) & (checks.c.evaluation_event_timestamp < limit)
        )


def _forget_check_results(instance: DagsterInstance, which: ColumnElement[bool]) -> None:
    """Results of checks but the latest of each: Dagster keeps them when it deletes the run, some megabytes a night."""
    rows = AssetCheckExecutionsTable
    latest = select(func.max(rows.c.id)).group_by(rows.c.asset_key, rows.c.check_name, rows.c.partition)
    with _event_store(instance).index_connection() as connection:
        connection.execute(rows.delete().where(which, rows.c.id.not_in(latest)))


def _event_store(instance: DagsterInstance) -> SqlEventLogStorage:
    store = instance.event_log_storage
    assert isinstance(store, SqlEventLogStorage)
    return store


def _runs_shown(instance: DagsterInstance) -> Iterator[str]:
    for key in instance.all_asset_keys():
        event = instance.get_latest_materialization_event(key)
        if event is not None:
            yield event.run_id
        latest = instance.event_log_storage.get_latest_storage_id_by_partition(
            key, dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        if latest:
            filters = dg.AssetRecordsFilter(asset_key=key, storage_ids=list(latest.values()))
            for record in instance.fetch_materializations(filters, limit=len(latest)).records:
                yield record.run_id


def _files_of_run(instance: DagsterInstance, run_id: str) -> Iterator[Path]:
    """Output of its steps, and with SQLite its event log, which Dagster empties and leaves."""
    home = Path(instance.root_directory)
    yield from (path for path in [home / "storage" / run_id] if path.exists())
    yield from (home / "history" / "runs").glob(f"{run_id}.db*")
