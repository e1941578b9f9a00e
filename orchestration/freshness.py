"""How fresh each dataset is, out of the lake and the raw store: when its partner last changed it, when we last asked,
when we last accepted, and by when each of this is due. Judged against the rhythm that the registry declares.

Whoever shows or tells lateness (`a87 status`, meta.freshness, the check partner_on_time, alerts) asks here.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from ingest import lake, months, snapshots
from ingest.registry import Dataset, Rhythm, datasets, partners
from ingest.snapshots import RANK
from ingest.storage import Home

SLACK = timedelta(hours=1)  # clocks of several machines


@dataclass(frozen=True)
class Freshness:
    """Moments are aware (UTC); None: there is none, or nothing is due."""

    dataset_id: str
    partner_changed_at: datetime | None  # the partner's newest stamp that we were told, else our last acceptance
    asked_at: datetime | None  # whatever came of it
    accepted_at: datetime | None
    partner_due_at: datetime | None  # None for a source that has ended
    ask_due_at: datetime | None

    def partner_is_late(self, now: datetime) -> bool:
        """The partner should have published by now. A dataset that we were never given is not the partner's delay."""
        return self.partner_due_at is not None and now > self.partner_due_at

    def we_are_late(self, now: datetime) -> bool:
        """We should have asked by now. A dataset that was never asked for is not late: nothing has begun.

        An asking that lies ahead is of a clock that was wrong and excuses nobody: the next one puts it right.
        """
        return self.ask_due_at is not None and (now > self.ask_due_at or self._asked_ahead(now))

    def _asked_ahead(self, now: datetime) -> bool:
        return self.asked_at is not None and self.asked_at > now + SLACK

    def in_words(self, now: datetime) -> str:
        """Lateness in a few words: ours first, since as long as we do not ask we cannot know of the partner's."""
        words = [] if self.asked_at else ["never asked"]
        if self.ask_due_at is not None and self.we_are_late(now):
            ahead = f"last asked {self.asked_at:%F %H:%M}, by a wrong clock"
            words.append(ahead if self._asked_ahead(now) else f"we are late since {self.ask_due_at:%F %H:%M}")
        if self.partner_due_at is not None and self.partner_is_late(now):
            words.append(f"partner late since {self.partner_due_at:%F}")
        if not words and self.has_ended:
            words.append("source has ended")
        return "; ".join(words) or "on time"

    def of_the_partner(self, now: datetime) -> str:
        """One sentence on the partner with its reason, for whoever has to look into it."""
        changed = f"last changed {self.partner_changed_at:%F}" if self.partner_changed_at else "nothing delivered yet"
        if self.partner_due_at is None:
            return f"{changed}; {self._rhythm.in_words if self.has_ended else 'nothing is due'}"
        if not self.partner_is_late(now):
            return f"{changed}, due again by {self.partner_due_at:%F}"
        return (
            f"late: {changed}, due again by {self.partner_due_at:%F} ({self._rhythm.in_words}); what to do: look on "
            "the partner's site whether it moved, has a successor or has ended, and say so in the registry's `rhythm`"
        )

    @property
    def has_ended(self) -> bool:
        return self._rhythm.every_days is None

    @property
    def _rhythm(self) -> Rhythm:
        return datasets()[self.dataset_id].rhythm


def all_of(home: Home) -> list[Freshness]:
    """Of every dataset, in the order of the registry."""
    return [of(home, dataset) for dataset in datasets().values()]


def of(home: Home, dataset: Dataset) -> Freshness:
    """Of one dataset; of one in months, the newest month counts."""
    accepted, asked = _accepted_at(home, dataset), _asked_at(home, dataset)
    changed = _partner_changed_at(home, dataset) or accepted
    hours = partners()[dataset.partner].freshness_hours
    return Freshness(
        dataset.id,
        partner_changed_at=changed,
        asked_at=asked,
        accepted_at=accepted,
        partner_due_at=_partner_due_at(home, dataset, changed),
        ask_due_at=asked + timedelta(hours=hours) if asked else None,
    )


def _asked_at(home: Home, dataset: Dataset) -> datetime | None:
    attempts = lake.attempts(home, dataset.id)
    return datetime.fromisoformat(attempts[-1]["asked_at"]) if attempts else None


def _accepted_at(home: Home, dataset: Dataset) -> datetime | None:
    serving = months.serving(home, dataset).values()
    return max((datetime.fromisoformat(vintage.meta["settled_at"]) for vintage in serving), default=None)


def _partner_changed_at(home: Home, dataset: Dataset) -> datetime | None:
    """The newest stamp that we were told; that of a delivery which we hold back counts too, it is not a delay.

    Only stamps of the best edition: those of a sandbox say nothing of the partner.
    """
    told = [entry for part in _newest(home, dataset) for entry in _signals(home, part)]
    best = max((rank for rank, _signal in told), default=0)
    stamps = [snapshots.moment(str(signal.get("updated", ""))) for rank, signal in told if rank == best]
    newest = max(filter(None, stamps), default=None)
    return newest.astimezone(UTC) if newest else None


def _signals(home: Home, part: Dataset) -> list[tuple[int, dict[str, Any]]]:
    """What the partner's catalogue said of each delivery, and last of what serves, with the rank of the edition."""
    told = [(RANK[snapshot.edition], snapshot.signal) for snapshot in snapshots.held(home, part.id)]
    vintage = lake.current(home, part.id)
    return [*told, (RANK[vintage.edition], lake.last_signal(home, part.id) or {})] if vintage else told


def _partner_due_at(home: Home, dataset: Dataset, changed: datetime | None) -> datetime | None:
    """A month is due so many days after the end of the one before: the stamp of that one moves with its revisions."""
    rhythm = dataset.rhythm
    if rhythm.every_days is None or changed is None:
        return None
    ends = [_end_of(part.period) for part in _newest(home, dataset) if part.period]
    return max(ends, default=changed) + timedelta(days=rhythm.every_days + rhythm.grace_days)


def _newest(home: Home, dataset: Dataset) -> list[Dataset]:
    """The dataset itself, or the newest month that the partner delivered, or nothing."""
    if dataset.months is None:
        return [dataset]
    newest_first = reversed(months.parts(home, dataset))
    return list(islice((part for part in newest_first if _signals(home, part)), 1))


def _end_of(period: str) -> datetime:
    year, month = int(period[:4]), int(period[4:])
    return datetime(year, month, monthrange(year, month)[1], tzinfo=UTC) + timedelta(days=1)
