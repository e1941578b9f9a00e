"""`a87 status`: how every dataset stands, as a table for people and as JSON for programs. Reads disk only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from ingest import lake, months, storage
from ingest.lake import Vintage
from ingest.refresh import GOOD
from ingest.registry import Dataset, datasets
from ingest.storage import Home
from orchestration import freshness
from orchestration.freshness import Freshness

HEADINGS = ("dataset", "edition", "rows", "partner changed", "accepted", "asked", "on time", "checks")


def table(home: Home) -> Table:
    """One row per dataset. Ages are those of our doings, the partner's day is as it says."""
    now, shown = storage.utcnow(), Table(*HEADINGS, box=None)
    for dataset in datasets().values():
        fresh, vintages = freshness.of(home, dataset), list(months.serving(home, dataset).values())
        shown.add_row(
            dataset.id,
            ", ".join(dict.fromkeys(vintage.edition for vintage in vintages)) or "-",
            str(sum(vintage.meta["rows"] for vintage in vintages)) if vintages else "-",
            f"{fresh.partner_changed_at:%F}" if fresh.partner_changed_at else "-",
            _age(fresh.accepted_at, now),
            _attempt_cell(home, fresh, now),
            _lateness_cell(fresh, now),
            _check_cell(vintages),
        )
    return shown


def troubles(home: Home) -> list[str]:
    """The whole message of each dataset whose last attempt went wrong, with markup."""
    last = [lake.attempts(home, name)[-1:] for name in datasets()]
    return [
        f"[bold red]{attempt['outcome']}[/] {attempt['asked_at']} {escape(attempt['message'])}"
        for attempts in last
        for attempt in attempts
        if attempt["outcome"] not in GOOD
    ]


def records(home: Home) -> list[dict[str, Any]]:
    """One object per dataset: moments in UTC, ISO 8601, or null; flags of lateness as of now."""
    now = storage.utcnow()
    return [_record(home, dataset, now) for dataset in datasets().values()]


def _record(home: Home, dataset: Dataset, now: datetime) -> dict[str, Any]:
    fresh, vintages = freshness.of(home, dataset), list(months.serving(home, dataset).values())
    last = (lake.attempts(home, dataset.id) or [{}])[-1]
    return {
        "dataset_id": dataset.id,
        "partner": dataset.partner,
        "edition": vintages[-1].edition if vintages else None,
        "rows": sum(vintage.meta["rows"] for vintage in vintages),
        "snapshot_ids": [vintage.snapshot_id for vintage in vintages],
        "partner_changed_at": _iso(fresh.partner_changed_at),
        "asked_at": _iso(fresh.asked_at),
        "accepted_at": _iso(fresh.accepted_at),
        "partner_due_at": _iso(fresh.partner_due_at),
        "ask_due_at": _iso(fresh.ask_due_at),
        "partner_is_late": fresh.partner_is_late(now),
        "we_are_late": fresh.we_are_late(now),
        "source_has_ended": fresh.has_ended,
        "last_outcome": last.get("outcome"),
        "last_cause": last.get("cause") or None,
        "last_message": last.get("message"),
        "checks_warned": _warned(vintages),
    }


def _attempt_cell(home: Home, fresh: Freshness, now: datetime) -> str:
    attempts = lake.attempts(home, fresh.dataset_id)
    if not attempts:
        return "-"
    outcome = attempts[-1]["outcome"]
    return f"[{'green' if outcome in GOOD else 'red'}]{outcome}[/] {_age(fresh.asked_at, now)} ago"


def _lateness_cell(fresh: Freshness, now: datetime) -> str:
    colour = "red" if fresh.we_are_late(now) else "yellow" if fresh.partner_is_late(now) else ""
    return f"[{colour}]{fresh.in_words(now)}[/]" if colour else fresh.in_words(now)


def _check_cell(vintages: list[Vintage]) -> str:
    judged, warned = sum(len(vintage.meta["checks"]) for vintage in vintages), _warned(vintages)
    failed = sum(not check["passed"] for vintage in vintages for check in vintage.meta["checks"])
    return f"{judged - failed} passed" + (f", warned: {', '.join(warned)}" if warned else "")


def _warned(vintages: list[Vintage]) -> list[str]:
    """Names of the checks that a serving vintage did not pass, each once."""
    checks = [check for vintage in vintages for check in vintage.meta["checks"]]
    return list(dict.fromkeys(check["check_name"] for check in checks if not check["passed"]))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _age(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "-"
    seconds = (now - moment).total_seconds()
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
