"""What is wrong now. Derived from what is on disk and in the Dagster instance, so that it is the same at every look.

Here: which troubles there are and what a person has to know of each. Who is told, and when: alerts.py. What to do at
length: docs/runbook.md, one heading a kind.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ingest import lake, months, storage
from ingest.refresh import GOOD
from ingest.registry import Dataset, datasets, partners
from ingest.storage import Home
from orchestration import editions, freshness, last_build, meta, publish, warehouse

if TYPE_CHECKING:
    from dagster import DagsterInstance, DagsterRun
    from dagster_shared.error import SerializableErrorInfo

MAX_EXAMPLES = 3
MAX_NAMED = 5  # datasets that are named one by one
FREE_GB = 5.0  # a live refresh takes about half of it for a while
ENOUGH = 1.2  # times the limit: free space that goes up and down around it is one incident
TICKS = 3  # of a sensor that fail one after the other: a restart of the code server fails one
BLIND = "incidents/"  # starts the key of what could not be looked at

# Kind (a heading of docs/runbook.md) -> the first thing to do.
KINDS = {
    "partner-unavailable": "nothing for a day: every refresh asks again; then look at the partner's site",
    "request-refused": "look whether the partner still has this code, and change the registry",
    "dataset-retired": "find the successor in the partner's catalogue, and change the registry",
    "payload-invalid": "look at the bytes in raw/<dataset>; if it persists, tell the partner",
    "payload-incomplete": "nothing for a day: the next refresh downloads again; if it persists, tell the partner",
    "schema-drift": "compare the columns with the registry's YAML; if only the name changed, change `source` there",
    "quarantined": "look at the examples; if the partner is right, change the tolerance with a reason and refresh",
    "step-broken": "read the run: it is a fault of ours or of this machine",
    "build-failed": "read the failing tests in the run; analysts keep the edition before",
    "publish-refused": "read what the verification found; analysts keep the edition before",
    "warehouse-damaged": "analysts read nothing: `a87 rollback` serves the edition before; then look at the disk",
    "run-crashed": "look why the process ended (memory, restart, kill); it is started again at most twice by itself",
    "tick-failed": "read the error in the UI (Automation): until it is mended this schedule or sensor starts nothing",
    "refresh-late": "look whether the daemon and its schedules run (`a87 health`)",
    "partner-late": "look on the partner's site whether it moved, has a successor or has ended",
    "warehouse-held": "mend the cause of the rollback, then `a87 rollback --end`",
    "disk-low": "make room (`a87 tidy`), or enlarge the disk",
}
_KIND_OF = {
    "unavailable": "partner-unavailable",
    "refused": "request-refused",
    "retired": "dataset-retired",
    "invalid": "payload-invalid",
    "incomplete": "payload-incomplete",
    "drift": "schema-drift",
    "checks": "quarantined",
    "broken": "step-broken",
}


@dataclass(frozen=True)
class Incident:
    """One trouble. `kind` and `key` (a partner, a dataset, a job, ...) say whether it is the same as before.

    `cause` is the message of whoever noticed it, `examples` are failing rows as text, `since` is aware (UTC).
    """

    kind: str
    key: str
    cause: str
    since: datetime
    datasets: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    run_id: str = ""
    serving: tuple[str, ...] = field(default=(), compare=False)

    @property
    def id(self) -> str:
        return f"{self.kind} {self.key}"


def open_incidents(
    home: Home, instance: DagsterInstance | None = None, was_open: Collection[str] = ()
) -> list[Incident]:
    """All that is wrong now, in the order of KINDS. `was_open` holds the ids of what was wrong at the last look.

    Without an instance the one of the data root is opened.
    """
    if instance is None:
        from orchestration.instance import open_instance  # Dagster: a second to import

        with open_instance(home) as opened:
            return open_incidents(home, opened, was_open)
    now = storage.utcnow()
    sources = {
        "datasets": _of_datasets(home),
        "builds": _of_builds(home),
        "published": _of_published(home, now),
        "runs": _of_runs(home, instance),
        "ticks": _of_ticks(instance),
        "freshness": _of_time(home, now),
        "rollback": _of_hold(home),
        "disk": _of_disk(home, now, was_open),
    }
    found = [incident for name, source in sources.items() for incident in _looked_at(name, source, now)]
    return sorted(found, key=lambda incident: (list(KINDS).index(incident.kind), incident.key))


def _looked_at(name: str, source: Iterator[Incident], now: datetime) -> Iterator[Incident]:
    """A source that cannot be read is an incident itself, and keeps none of the others from being told."""
    try:
        yield from source
    except Exception as error:  # noqa: BLE001 - whatever it is, somebody has to hear of it
        yield Incident("step-broken", BLIND + name, f"{name} cannot be read: {type(error).__name__}: {error}", now)


# --- datasets --------------------------------------------------------------------------------------------------------


def _of_datasets(home: Home) -> Iterator[Incident]:
    """A partner that does not answer is one incident, whatever is asked of it; all else is one a dataset."""
    away: dict[str, list[tuple[str, dict[str, Any], datetime]]] = {}
    for name, dataset in datasets().items():
        tried = lake.attempts(home, name)
        kind = _kind_of(tried[-1]) if tried else ""
        if not kind:
            continue
        same = list(itertools.takewhile(lambda attempt: _kind_of(attempt) == kind, reversed(tried)))  # noqa: B023
        last, since = same[0], datetime.fromisoformat(same[-1]["asked_at"])
        if kind == "partner-unavailable":
            away.setdefault(dataset.partner, []).append((name, last, since))
            continue
        yield Incident(
            kind, name, last["message"], since, (name,),
            _examples_of_quarantine(home, dataset) if kind == "quarantined" else (), last.get("run_id", ""),
            _serving(home, [name]),
        )  # fmt: skip
    for partner, told in away.items():
        names = tuple(name for name, _last, _since in told)
        _name, last, _since = max(told, key=lambda one: str(one[1]["asked_at"]))
        yield Incident(
            "partner-unavailable", partner, last["message"], min(since for *_rest, since in told), names, (),
            last.get("run_id", ""), _serving(home, names),
        )  # fmt: skip


def _kind_of(attempt: dict[str, Any]) -> str:
    """Lines of before causes were noted count as invalid, or by their outcome."""
    if attempt["outcome"] in GOOD:
        return ""
    cause = attempt.get("cause") or ("checks" if attempt["outcome"] == "quarantined" else "invalid")
    return _KIND_OF[cause]


def _examples_of_quarantine(home: Home, dataset: Dataset) -> tuple[str, ...]:
    """Failing rows of the newest delivery that is held back."""
    files = [
        file for part in months.parts(home, dataset) for file in home.lake(part.id).glob("quarantine/*/vintage.json")
    ]
    held = [storage.read_json(file) for file in files]
    newest = max((told for told in held if told), key=lambda told: str(told["settled_at"]), default=None)
    return _examples(newest["checks"]) if newest else ()


def _examples(checks: Collection[dict[str, Any]]) -> tuple[str, ...]:
    """A row of each check that blocks first, so that one check does not hide the others."""
    blocking = [c for c in checks if c["severity"] == "ERROR" and not c["passed"]]
    rows = itertools.chain.from_iterable(itertools.zip_longest(*(_rows(check) for check in blocking)))
    return tuple(itertools.islice(filter(None, rows), MAX_EXAMPLES))


def _rows(check: dict[str, Any]) -> list[str]:
    cells = [", ".join(f"{name}={value}" for name, value in row.items()) for row in check["examples"]]
    return [f"{check['check_name']}: {text[:300]}" for text in cells]


def _serving(home: Home, names: Collection[str]) -> tuple[str, ...]:
    """What is still read of these datasets: the vintage, its age and the partner's own stamp."""
    lines = []
    for name in list(names)[:MAX_NAMED]:
        try:
            vintages = months.serving(home, datasets()[name]).values()
        except (OSError, ValueError) as error:
            lines.append(f"{name}: cannot be read: {error}")
            continue
        snapshots = [vintage.meta["snapshot"] for vintage in vintages]
        newest = max(snapshots, key=lambda snapshot: str(snapshot["retrieved_at"]), default=None)
        lines.append(
            f"{newest['snapshot_id']}, retrieved {newest['retrieved_at']}, partner's stamp "
            f"{newest['partner_updated'] or 'none'}" if newest else f"{name}: nothing yet"
        )  # fmt: skip
    rest = len(names) - len(lines)
    return (*lines, f"and the last good vintages of {rest} more") if rest else tuple(lines)


# --- the warehouse and the runs --------------------------------------------------------------------------------------


def _of_builds(home: Home) -> Iterator[Incident]:
    """Until one passes, or the partner takes back what broke it and there is nothing left to build."""
    for step, told in last_build.failures(home).items():
        if not publish.is_due(home):
            continue
        kind = "build-failed" if step == "build" else "publish-refused"
        tests = (storage.read_json(meta.dbt_checks_file(home)) or {}).values() if step == "build" else []
        yield Incident(
            kind, "warehouse", told["message"], datetime.fromisoformat(told["since"]),
            examples=_examples(tests), run_id=told["run_id"],
        )  # fmt: skip


def _of_published(home: Home, now: datetime) -> Iterator[Incident]:
    try:
        editions.published_edition(home)
    except editions.WarehouseDamaged as error:
        yield Incident("warehouse-damaged", "warehouse", str(error), now)


def _of_runs(home: Home, instance: DagsterInstance) -> Iterator[Incident]:
    """Jobs whose last finished run failed for no reason that a dataset or a build has noted."""
    from dagster import DagsterRunStatus, RunsFilter

    finished = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE]
    for job in (*partners(), "refresh", "warehouse", "everything", "housekeeping"):
        for record in instance.get_run_records(RunsFilter(job_name=job, statuses=finished), limit=1):
            run = record.dagster_run
            if run.status == DagsterRunStatus.FAILURE:
                ended = datetime.fromtimestamp(record.end_time or record.update_timestamp.timestamp(), UTC)
                yield from _of_run(home, instance, run, ended)


def _of_run(home: Home, instance: DagsterInstance, run: DagsterRun, ended: datetime) -> Iterator[Incident]:
    if run.tags.get("dagster/failure_reason") != "STEP_FAILURE":
        if not _is_made_good(home, run, ended):
            yield Incident("run-crashed", run.job_name, _last_words(instance, run), ended, run_id=run.run_id)
        return
    broken = [cause for step, cause in _failures(instance, run) if not _is_noted(home, step, run.run_id)]
    if broken:
        yield Incident("step-broken", run.job_name, "; ".join(broken), ended, run_id=run.run_id)


def _is_made_good(home: Home, run: DagsterRun, ended: datetime) -> bool:
    """Whether what a run had in hand when it died was done since: a refresh of what has not moved makes no run."""
    if run.job_name == "warehouse":
        return bool(warehouse.serving(home)) and not publish.is_due(home)
    names = [key.path[-1] for key in run.asset_selection or ()]
    last = [lake.attempts(home, name)[-1:] for name in names if name in datasets()]
    since = ended.replace(microsecond=0)  # attempts are noted to the second
    return bool(last) and all(one and datetime.fromisoformat(one[0]["asked_at"]) >= since for one in last)


def _last_words(instance: DagsterInstance, run: DagsterRun) -> str:
    from dagster import DagsterEventType

    records = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.RUN_FAILURE).records
    said = [record.event_log_entry.dagster_event for record in records]
    words = said[-1].message if said and said[-1] else ""
    return f"{run.job_name}: {words or 'the process of the run is gone'}"


def _failures(instance: DagsterInstance, run: DagsterRun) -> Iterator[tuple[str, str]]:
    """Steps that failed, other than on purpose, and what they said. One that fails on purpose carries user data."""
    from dagster import DagsterEventType

    for record in instance.get_records_for_run(run.run_id, of_type=DagsterEventType.STEP_FAILURE).records:
        event = record.event_log_entry.dagster_event
        failure = event.step_failure_data if event else None
        if event and failure and failure.user_failure_data is None:
            yield event.step_key or "", f"{event.step_key}: {message_of(failure.error)}"


def message_of(error: SerializableErrorInfo | None) -> str:
    """Of what was raised first; Dagster wraps it in errors of its own."""
    while error and error.cause:
        error = error.cause
    return error.message.strip() if error else "no message"


def _is_noted(home: Home, step: str, run_id: str) -> bool:
    """Whether the dataset or the build behind a step tells of this run's failure itself."""
    name = step.split("__")[-1]
    if name in datasets():
        return any(attempt.get("run_id") == run_id for attempt in lake.attempts(home, name))
    return any(told["run_id"] == run_id for told in last_build.failures(home).values())


def _of_ticks(instance: DagsterInstance) -> Iterator[Incident]:
    """Schedules and sensors whose code fails, so that they start nothing and no run can tell of it."""
    from dagster._core.scheduler.instigation import InstigatorType, TickStatus  # no public names

    ended = [TickStatus.SUCCESS, TickStatus.SKIPPED, TickStatus.FAILURE]
    for state in instance.all_instigator_state() if instance.schedule_storage else ():  # an ephemeral one has none
        enough = TICKS if state.instigator_type == InstigatorType.SENSOR else 1
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=enough, statuses=ended)
        if len(ticks) == enough and all(tick.status == TickStatus.FAILURE for tick in ticks):
            cause = f"{state.name}: {message_of(ticks[0].error)}"
            yield Incident("tick-failed", state.name, cause, datetime.fromtimestamp(ticks[-1].timestamp, UTC))


# --- lateness, rollback, disk ----------------------------------------------------------------------------------------


def _of_time(home: Home, now: datetime) -> Iterator[Incident]:
    """We are late with a partner as a whole, since one schedule asks for all of it; partners are late one by one."""
    ours: dict[str, list[freshness.Freshness]] = {}
    for fresh in freshness.all_of(home):
        if fresh.ask_due_at is not None and fresh.we_are_late(now):
            ours.setdefault(datasets()[fresh.dataset_id].partner, []).append(fresh)
        if fresh.partner_due_at is not None and fresh.partner_is_late(now):
            name = fresh.dataset_id
            yield Incident(
                "partner-late", name, f"{name}: {fresh.of_the_partner(now)}", fresh.partner_due_at, (name,),
                serving=_serving(home, [name]),
            )  # fmt: skip
    for partner, late in ours.items():
        names = tuple(fresh.dataset_id for fresh in late)
        asked = max(fresh.asked_at for fresh in late if fresh.asked_at)
        since = min(fresh.ask_due_at for fresh in late if fresh.ask_due_at)
        cause = f"{partner}: {len(names)} datasets were not asked for in time, the last time at {asked:%F %H:%M} UTC"
        yield Incident("refresh-late", partner, cause, since, names, serving=_serving(home, names))


def _of_hold(home: Home) -> Iterator[Incident]:
    if held := editions.hold(home):
        cause = f"edition {held['edition_id']} is held by a rollback and nothing new is published: {held['reason']}"
        yield Incident("warehouse-held", "warehouse", cause, datetime.fromisoformat(held["since"]))


def _of_disk(home: Home, now: datetime, was_open: Collection[str]) -> Iterator[Incident]:
    limit = float(os.environ.get("A87_FREE_GB", FREE_GB))
    free = shutil.disk_usage(home.root).free / 1e9 if home.root.exists() else limit
    found = Incident("disk-low", "disk", f"{free:.1f} GB free for {home.root}, the limit is {limit:g} GB", now)
    if free < limit * (ENOUGH if found.id in was_open else 1):
        yield found


def published(home: Home) -> str:
    """What analysts read, in a line."""
    try:
        edition = editions.published_edition(home)
    except editions.WarehouseDamaged:
        return "nothing: the published file cannot be read"
    return f"edition {edition['edition_id']} ({edition['edition']} figures)" if edition else "nothing is published yet"
