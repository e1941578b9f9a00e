"""A dataset that comes in months: which of them the lake holds, the refresh of the newest, and what it came to.

To the raw store and the lake a month is a dataset of its own (`Dataset.for_period`): it is asked for, checked,
quarantined and replaced by itself, so one broken month leaves all others alone. Here the months are one dataset again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from ingest import lake, storage
from ingest import refresh as refresh_of_one
from ingest.errors import IngestError
from ingest.http import Endpoints
from ingest.lake import Vintage
from ingest.refresh import (
    GOOD,
    NOTHING_MOVED,
    Check,
    CheckRow,
    Outcome,
    Status,
    ask,
    client_of,
    note,
    note_broken,
    refresh,
    refuse_lesser_edition,
    signal_of,
)
from ingest.registry import MONTH_MARK, Dataset
from ingest.snapshots import Edition
from ingest.storage import Home

WORST_FIRST: tuple[Status, ...] = ("failed", "quarantined", "accepted", "unchanged")


def parts(home: Home, dataset: Dataset) -> list[Dataset]:
    """The dataset itself, or those of its months that were ever asked for, oldest first."""
    if dataset.months is None:
        return [dataset]
    folders = home.lake(dataset.id).parent.glob(f"{dataset.id}{MONTH_MARK}*")
    return [dataset.for_period(folder.name.partition(MONTH_MARK)[2]) for folder in sorted(folders)]


def serving(home: Home, dataset: Dataset) -> dict[str, Vintage]:
    """The current vintages of a dataset by the id of the part: one, one a month, or none."""
    return {part.id: vintage for part in parts(home, dataset) if (vintage := lake.current(home, part.id))}


def refresh_months(
    home: Home,
    dataset: Dataset,
    periods: Sequence[str] | None = None,
    *,
    edition: Edition,
    endpoints: Endpoints,
    check: Check,
    on_bytes: Callable[[int], None] = lambda _n: None,
    run_id: str = "",
) -> tuple[Outcome, dict[str, Outcome]]:
    """Refresh these months, or the newest that the partner lists; returns what it came to, and the outcome of each.

    The listing is asked once. Raises EditionMixed as `refresh` does, before anything is asked.
    """
    for part, vintage in serving(home, dataset).items():
        refuse_lesser_edition(home, part, vintage, edition)
    received = 0

    def count(chunk: int) -> None:
        nonlocal received
        received += chunk
        on_bytes(chunk)

    with storage.exclusive(home.lake(dataset.id) / ".lock"):
        outcomes: dict[str, Outcome] = {}
        try:
            listed = _listed(home, dataset, endpoints, count)
            for period in _asked(dataset, listed, periods):
                # a month that is not listed asks by itself, and is told so
                outcomes[period] = refresh(
                    home, dataset.for_period(period), edition=edition, endpoints=endpoints, check=check,
                    on_bytes=count, signal=listed.get(period), run_id=run_id,
                )  # fmt: skip
            total = _total(home, dataset, outcomes, received)
        except IngestError as error:
            error.dataset, error.partner = dataset.id, dataset.partner
            total = Outcome(dataset.id, "failed", str(error), bytes=received, cause=error.cause)
        except Exception as error:
            with contextlib.suppress(OSError):
                note_broken(home, dataset, error, run_id)
            raise
        note(home, total, run_id)
    return total, outcomes


def unmoved(home: Home, dataset: Dataset, *, edition: Edition, endpoints: Endpoints) -> Outcome | None:
    """As `ingest.refresh.unmoved`; of a dataset in months where that goes for each of the newest."""
    if dataset.months is None:
        return refresh_of_one.unmoved(home, dataset, edition=edition, endpoints=endpoints)
    with storage.exclusive(home.lake(dataset.id) / ".lock"):
        tried = lake.attempts(home, dataset.id)
        if not tried or tried[-1]["outcome"] not in GOOD:
            return None
        try:
            listed = _listed(home, dataset, endpoints)
        except IngestError:
            return None
        rows = 0
        for period in _asked(dataset, listed, None):
            part = dataset.for_period(period)
            now = lake.current(home, part.id)
            moved = lake.last_signal(home, part.id) != signal_of(part, listed[period])
            if now is None or now.edition != edition or moved:
                return None
            rows += int(now.meta["rows"])
        lake.note_attempt(home, dataset.id, "unchanged", NOTHING_MOVED, None)
    return Outcome(dataset.id, "unchanged", NOTHING_MOVED, rows=rows)


def _listed(
    home: Home, dataset: Dataset, endpoints: Endpoints, count: Callable[[int], None] = lambda _n: None
) -> dict[str, dict[str, str]]:
    """What the partner's listing says of each month."""
    with storage.work_folder(home.raw(dataset.id)) as work:
        return ask(client_of(dataset, endpoints, count), dataset, work)


def _asked(dataset: Dataset, listed: dict[str, dict[str, str]], periods: Sequence[str] | None) -> list[str]:
    assert dataset.months is not None
    return sorted(listed)[-dataset.months.window :] if periods is None else list(periods)


def _total(home: Home, dataset: Dataset, outcomes: dict[str, Outcome], received: int) -> Outcome:
    worst = min(outcomes.values(), key=lambda outcome: WORST_FIRST.index(outcome.status))
    return Outcome(
        dataset.id, worst.status, _message(outcomes), rows=sum(outcome.rows for outcome in outcomes.values()),
        bytes=received, checks=_checks(home, dataset, outcomes), cause=worst.cause,
    )  # fmt: skip


def _message(outcomes: dict[str, Outcome]) -> str:
    """How many months did what; those in trouble with their whole message."""
    messages = {outcome.message for outcome in outcomes.values()}
    if len(messages) == 1:
        return messages.pop()
    counted = []
    for status in reversed(WORST_FIRST):
        months = [period for period, outcome in outcomes.items() if outcome.status == status]
        if months:
            named = "" if status == "unchanged" else f" ({', '.join(months)})"
            counted.append(f"{len(months)} months {status}{named}")
    troubles = [outcome.message for outcome in outcomes.values() if not outcome.is_good]
    return "; ".join([", ".join(counted), *troubles])


def _checks(home: Home, dataset: Dataset, outcomes: dict[str, Outcome]) -> list[CheckRow]:
    """Each check once. Where nothing was judged now, a month's verdicts are those of the vintage that serves."""
    merged: dict[str, CheckRow] = {}
    for period, outcome in outcomes.items():
        vintage = lake.current(home, dataset.for_period(period).id)
        for row in outcome.checks or (vintage.meta["checks"] if vintage else []):
            known = merged.get(row["check_name"], row)
            shown = known if not known["passed"] else row
            failing = row["failing_rows"] + (known["failing_rows"] if known is not row else 0)
            merged[row["check_name"]] = {**shown, "failing_rows": failing}
    return list(merged.values())
