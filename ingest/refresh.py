"""One dataset from the partner's catalogue to a settled vintage: ask, fetch, snapshot, load, compare, check, settle.

The checks come in as a function, so that ingestion knows nothing of Great Expectations.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ingest import lake, repeats, snapshots, storage
from ingest.errors import IngestError, PayloadInvalid
from ingest.formats import TextTable
from ingest.http import Endpoints, HttpClient
from ingest.lake import Vintage
from ingest.partners import connector, fetcher
from ingest.redaction import redacted
from ingest.registry import Dataset, partners
from ingest.snapshots import RANK, Edition, Snapshot
from ingest.storage import Home

Status = Literal["accepted", "unchanged", "quarantined", "failed"]
GOOD = ("accepted", "unchanged")
NOTHING_MOVED = "nothing moved at the partner: no payload was asked for"
UNREADABLE = (csv.Error, RecursionError)  # an endless cell, JSON nested without end
CheckRow = dict[str, Any]  # expectations.CheckResult as a dict: check_name, severity, passed, message, ...


@dataclass(frozen=True)
class Candidate:
    """A loaded delivery that waits for its checks.

    `previous` is the current vintage if it has the same edition and the same columns.
    """

    vintage: Vintage
    previous: Vintage | None

    @property
    def revision(self) -> Path | None:
        return self.vintage.folder / "revision.parquet" if self.previous else None


@dataclass(frozen=True)
class Loaded:
    """What a delivery gave: rows in the lake, columns that the registry does not know, what was odd about its text."""

    rows: int
    undeclared: list[str]
    notes: list[str]


Check = Callable[[Dataset, Candidate], list[CheckRow]]


@dataclass(frozen=True)
class Outcome:
    """What a refresh did to one dataset. `snapshot_id` and `rows` are those of the vintage that now serves.

    `cause` is empty when all is well, else that of the error, or `checks`.
    """

    dataset_id: str
    status: Status
    message: str
    snapshot_id: str | None = None
    rows: int = 0
    bytes: int = 0
    checks: list[CheckRow] = field(default_factory=list)
    cause: str = ""

    @property
    def is_good(self) -> bool:
        return self.status in GOOD


class EditionMixed(Exception):
    """The data root serves a better edition than the one asked for."""


def refresh(
    home: Home,
    dataset: Dataset,
    *,
    edition: Edition,
    endpoints: Endpoints,
    check: Check,
    on_bytes: Callable[[int], None] = lambda _n: None,
    signal: dict[str, Any] | None = None,
    run_id: str = "",
) -> Outcome:
    """Refresh one dataset. Trouble with the partner or its data is an Outcome, not an exception.

    `signal` is what the partner's catalogue says, where it was asked before for several at once; `run_id` is whoever
    asks, for those who read the attempts. Raises EditionMixed before anything is asked, and whatever is our own fault
    (a full disk, a bug) after noting it.
    """
    with storage.exclusive(home.lake(dataset.id) / ".lock"), storage.work_folder(home.raw(dataset.id)) as work:
        now = lake.current(home, dataset.id)
        refuse_lesser_edition(home, dataset.id, now, edition)
        received = 0

        def count(chunk: int) -> None:
            nonlocal received
            received += chunk
            on_bytes(chunk)

        client = client_of(dataset, endpoints, count)
        try:
            told = ask(client, dataset, work) if signal is None else signal
            outcome = _refresh(home, dataset, edition, client, check, now, work, told)
        except IngestError as error:
            error.dataset, error.partner = dataset.id, dataset.partner
            outcome = _outcome(dataset, "failed", str(error), now, cause=error.cause)
        except Exception as error:
            with contextlib.suppress(OSError):  # the disk may be what is broken
                note_broken(home, dataset, error, run_id)
            raise
        note(home, outcome, run_id)
        return replace(outcome, bytes=received)


def note(home: Home, outcome: Outcome, run_id: str) -> None:
    lake.note_attempt(
        home, outcome.dataset_id, outcome.status, outcome.message, outcome.snapshot_id, cause=outcome.cause,
        run_id=run_id,
    )  # fmt: skip


def note_broken(home: Home, dataset: Dataset, error: Exception, run_id: str) -> None:
    """An attempt that our own side stopped."""
    message = redacted(f"{dataset.id}: {type(error).__name__}: {error}")
    lake.note_attempt(home, dataset.id, "failed", message, None, cause="broken", run_id=run_id)


def unmoved(home: Home, dataset: Dataset, *, edition: Edition, endpoints: Endpoints) -> Outcome | None:
    """The outcome where all was well last time and the catalogue says the same as then, else None: `refresh` it.

    Asks nothing but the catalogue, and notes the attempt only if that was enough.
    """
    with storage.exclusive(home.lake(dataset.id) / ".lock"), storage.work_folder(home.raw(dataset.id)) as work:
        now, tried = lake.current(home, dataset.id), lake.attempts(home, dataset.id)
        if now is None or now.edition != edition or not tried or tried[-1]["outcome"] not in GOOD:
            return None
        try:
            told = ask(client_of(dataset, endpoints), dataset, work)
        except IngestError:
            return None
        if lake.last_signal(home, dataset.id) != signal_of(dataset, told):
            return None
        lake.note_attempt(home, dataset.id, "unchanged", NOTHING_MOVED, now.snapshot_id)
        return _outcome(dataset, "unchanged", NOTHING_MOVED, now)


def refuse_lesser_edition(home: Home, dataset_id: str, now: Vintage | None, edition: Edition) -> None:
    if now and RANK[now.edition] > RANK[edition]:
        raise EditionMixed(
            f"{dataset_id}: {home.root} serves the {now.edition} edition; a {edition} refresh needs another A87_HOME"
        )


def client_of(dataset: Dataset, endpoints: Endpoints, on_bytes: Callable[[int], None] = lambda _n: None) -> HttpClient:
    partner = partners()[dataset.partner]
    return HttpClient(partner, endpoints, on_bytes, connector(partner).classify)


def signal_of(dataset: Dataset, told: dict[str, Any]) -> dict[str, Any]:
    """What moved, and how we read it."""
    return told | {"fingerprint": dataset.fingerprint}


def _refresh(
    home: Home, dataset: Dataset, edition: Edition, client: HttpClient, check: Check, now: Vintage | None, work: Path,
    told: dict[str, Any],
) -> Outcome:  # fmt: skip
    signal = signal_of(dataset, told)
    same_edition = now if now and now.edition == edition else None
    last_signal = lake.last_signal(home, dataset.id) if same_edition else None
    note = _new_structure(last_signal, signal)
    if last_signal == signal:
        return _outcome(dataset, "unchanged", NOTHING_MOVED, now)
    note += _went_back(dataset, last_signal, signal)
    serves = same_edition.snapshot_id if same_edition else None
    snapshot, loaded = _held_back(home, dataset, edition, signal), None
    if snapshot is None:
        snapshot, loaded = _fetch_and_load(home, dataset, edition, client, signal, work, first=serves is None)
    if snapshot.snapshot_id == serves:
        lake.confirm(home, dataset.id, serves, signal)
        return _outcome(dataset, "unchanged", f"the catalogue moved, the content did not{note}", now)
    loaded = loaded or _load_held(home, dataset, snapshot, work)
    return _decide(home, dataset, snapshot, loaded, work / "vintage", now, check, signal, note)


def _held_back(home: Home, dataset: Dataset, edition: Edition, signal: dict[str, Any]) -> Snapshot | None:
    """A delivery that came under this very signal and did not pass: it is judged again without a download.

    One that was accepted is asked for anew: a stamp may go back while other figures stand behind it.
    """
    held = snapshots.find_by_signal(home, dataset.id, edition, signal)
    return next((s for s in held if not lake.was_accepted(home, dataset.id, s.snapshot_id)), None)


def _decide(
    home: Home, dataset: Dataset, snapshot: Snapshot, loaded: Loaded, folder: Path, now: Vintage | None, check: Check,
    signal: dict[str, Any], note: str,
) -> Outcome:  # fmt: skip
    """What becomes of a loaded delivery beside the vintage that serves: nothing new, accepted, quarantined."""
    previous = comparable(now, snapshot, folder)
    if previous and _same_delivery(dataset, previous, folder, loaded):
        lake.confirm(home, dataset.id, previous.snapshot_id, signal)
        return _outcome(dataset, "unchanged", f"the delivery has a new stamp and the same rows{note}", now)
    candidate, failed = judge(dataset, snapshot, loaded, folder, previous, check)
    if previous and candidate.meta["rows"] < loaded.rows and _same_delivery(dataset, previous, folder, loaded):
        lake.confirm(home, dataset.id, previous.snapshot_id, signal)
        return _outcome(dataset, "unchanged", f"the delivery has a new stamp and the same rows{note}", now)
    settled = lake.settle(home, dataset.id, candidate, signal, passed=not failed)
    checks = candidate.meta["checks"]
    if not failed:
        return _outcome(dataset, "accepted", _summary(settled) + note, settled, checks)
    return _outcome(dataset, "quarantined", _verdict(dataset, settled, failed, kept=now), now, checks, "checks")


def judge(
    dataset: Dataset, snapshot: Snapshot, loaded: Loaded, folder: Path, previous: Vintage | None, check: Check
) -> tuple[Vintage, list[CheckRow]]:
    """The loaded delivery compared and checked: what vintage.json is to hold, and the checks that block it."""
    candidate = _compare(dataset, snapshot, loaded.rows, folder, previous)
    candidate.vintage.meta.update(undeclared_columns=loaded.undeclared, notes=loaded.notes)
    checks = check(dataset, candidate)
    failed = [c for c in checks if c["severity"] == "ERROR" and not c["passed"]]
    if dataset.drop_repeats and any(c["check_name"] == "key_unique" for c in failed):
        # looked for only now: as a rule there are none, and to look takes as long as a check
        repeated = repeats.drop(dataset, folder / "data.parquet")
        if repeated:
            notes = [*loaded.notes, f"{repeated} exact repeats dropped"]
            rest = Loaded(loaded.rows - repeated, loaded.undeclared, notes)
            return judge(dataset, snapshot, rest, folder, previous, check)
    candidate.vintage.meta["checks"] = checks
    return candidate.vintage, failed


def ask(client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
    """What moved. A catalogue laid out otherwise is the partner's doing, not a bug."""
    try:
        return connector(client.partner).signal(client, dataset, work)
    except (LookupError, TypeError, ValueError, AttributeError, *UNREADABLE) as error:
        raise PayloadInvalid(
            f"a catalogue of another shape ({type(error).__name__}: {error})", partner=client.partner.name,
            expected="the layout that the partner's module reads",
            remedy="open the catalogue by hand and compare; the last good vintage keeps serving",
        ) from error  # fmt: skip


def _fetch_and_load(
    home: Home, dataset: Dataset, edition: Edition, client: HttpClient, signal: dict[str, Any], work: Path, *,
    first: bool,
) -> tuple[Snapshot, Loaded]:  # fmt: skip
    """The delivery in the raw store and its rows in `work`/vintage; it is hashed while it is loaded.

    Raises PayloadInvalid or SchemaDrift; the bytes then stay in the raw store, marked as rejected.
    """
    delivery = work / "snapshot"
    payload = delivery / "payload"
    payload.mkdir(parents=True)
    url = fetcher(client.partner, first=first)(client, dataset, signal, payload)
    with ThreadPoolExecutor(1) as pool:
        digest = pool.submit(snapshots.content_hash, payload, dataset)
        try:
            loaded: Loaded | IngestError = load(dataset, payload, work)
        except IngestError as error:
            loaded = error
    snapshot = snapshots.store(home, dataset, delivery, sha256=digest.result(), edition=edition, url=url, signal=signal)
    if isinstance(loaded, IngestError):
        raise _rejected(home, snapshot, loaded)
    return snapshot, loaded


def _load_held(home: Home, dataset: Dataset, snapshot: Snapshot, work: Path) -> Loaded:
    """As `_fetch_and_load`, of a delivery that we hold."""
    try:
        return load(dataset, snapshot.payload(home), work)
    except IngestError as error:
        raise _rejected(home, snapshot, error) from error.__cause__


def load(dataset: Dataset, payload: Path, work: Path) -> Loaded:
    """Write `work`/vintage/data.parquet. `work`/text takes the delivery as UTF-8. Raises IngestError."""
    text, folder = work / "text", work / "vintage"
    text.mkdir()
    folder.mkdir()
    undeclared: set[str] = set()
    encodings: set[str] = set()
    try:
        tables = connector(partners()[dataset.partner]).read(dataset, payload, text)
        rows = lake.load(dataset, _noting(dataset, tables, undeclared, encodings), folder / "data.parquet")
    except UNREADABLE as error:
        raise PayloadInvalid(f"text that cannot be read ({error})", partner=dataset.partner) from error
    notes = ["read as cp1252"] if "cp1252" in encodings else []
    notes += ["lines that are not CSV are in rejected.csv"] if (folder / "rejected.csv").exists() else []
    return Loaded(rows, sorted(undeclared), notes)


def _noting(
    dataset: Dataset, tables: Iterable[TextTable], undeclared: set[str], encodings: set[str]
) -> Iterator[TextTable]:
    """The tables as they come in; what their columns and bytes are is added to `undeclared` and `encodings`."""
    for table in tables:
        undeclared |= lake.undeclared(dataset, table)
        encodings.add(table.encoding)
        yield table


def _rejected(home: Home, snapshot: Snapshot, error: IngestError) -> IngestError:
    snapshots.reject(home, snapshot, str(error))
    error.url = error.url or snapshot.url
    return error


def _same_delivery(dataset: Dataset, previous: Vintage, folder: Path, loaded: Loaded) -> bool:
    """Whether rows and columns are those of the previous vintage; a column nobody declared must reach its check."""
    same_columns = previous.meta.get("undeclared_columns", []) == loaded.undeclared
    return same_columns and lake.same_content(dataset, previous.data, folder / "data.parquet")


def comparable(before: Vintage | None, snapshot: Snapshot, folder: Path) -> Vintage | None:
    """The vintage before, if it is of the same edition; a dataset whose columns were redeclared starts anew."""
    if before is None or before.edition != snapshot.edition:
        return None
    return before if lake.columns(before.data) == lake.columns(folder / "data.parquet") else None


def _compare(dataset: Dataset, snapshot: Snapshot, rows: int, folder: Path, previous: Vintage | None) -> Candidate:
    """The candidate, with what changed against the current vintage of its edition in `folder`/revision.parquet."""
    revision = None
    if previous:
        revision = lake.revise(
            dataset, previous.data, folder / "data.parquet", folder / "revision.parquet",
            previous.snapshot_id, snapshot.snapshot_id,
        )  # fmt: skip
    return Candidate(Vintage(folder, lake.describe(snapshot, rows, revision)), previous)


def _outcome(
    dataset: Dataset, status: Status, message: str, serving: Vintage | None, checks: list[CheckRow] | None = None,
    cause: str = "",
) -> Outcome:  # fmt: skip
    rows, name = (int(serving.meta["rows"]), serving.snapshot_id) if serving else (0, None)
    return Outcome(dataset.id, status, message, name, rows, checks=checks or [], cause=cause)


def _summary(vintage: Vintage) -> str:
    revision = vintage.meta["revision"]
    notes = "".join(f"; {note}" for note in vintage.meta["notes"])
    if not revision:
        return f"{vintage.meta['rows']} rows, first load of the {vintage.edition} edition{notes}"
    moved = ", ".join(f"{revision[kind]} {kind}" for kind in ("added", "removed", "changed"))
    return f"{vintage.meta['rows']} rows: {moved}{notes}"


def _new_structure(before: dict[str, Any] | None, signal: dict[str, Any]) -> str:
    """A partner that numbers its code lists may move on to the next: noted, since most such changes are harmless."""
    old, new = (before or {}).get("structure"), signal.get("structure")
    return f"; the partner's structure went from version {old} to {new}" if old and new and old != new else ""


def _went_back(dataset: Dataset, before: dict[str, Any] | None, signal: dict[str, Any]) -> str:
    """What to note of a stamp older than the last one. Raises PayloadInvalid where the partner's stamps only rise."""
    old, new = (snapshots.moment(told.get("updated", "")) for told in (before or {}, signal))
    if old is None or new is None or new >= old:
        return ""
    found = f"the catalogue's stamp went back from {old.isoformat()} to {new.isoformat()}"
    if partners()[dataset.partner].stamps_rise and not dataset.tolerances.stamp_may_go_back:
        raise PayloadInvalid(
            found, expected="a stamp not older than the last",
            remedy="ask the partner whether it took a release back; if so, say so in tolerances.stamp_may_go_back",
        )  # fmt: skip
    return f"; {found}"


def _verdict(dataset: Dataset, vintage: Vintage, failed: list[CheckRow], kept: Vintage | None) -> str:
    reasons = "; ".join(f"{c['check_name']}: {c['message']}" for c in failed)
    serving = f"{kept.snapshot_id} keeps serving" if kept else "the dataset stays empty until a delivery passes"
    return (
        f"{vintage.snapshot_id} is quarantined: {reasons}; {serving}; what to do: look at {vintage.folder}, and if the "
        f"partner is right, change the tolerance in ingest/registry/{dataset.base_id}.yaml with "
        "a reason and refresh again"
    )
