"""Tells people of incidents: one message when one opens, none while it lasts, one when it is over.

What has been told to which channel is in `alerts/incidents.json` of the data root. It is written before the first
message and after each, so a process that dies between the two tells again: a message may come twice, never not at all.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ingest import storage
from ingest.storage import Home
from orchestration.incidents import BLIND, KINDS, MAX_NAMED, Incident, open_incidents, published

if TYPE_CHECKING:
    from dagster import DagsterInstance

MAX_CAUSE = 1500  # characters
DAEMON_DEAD_AFTER = timedelta(minutes=10)
OF_PARTNERS = ("partner-unavailable", "partner-late")
OPENED, ENDED = "opened", "ended"
# Schemes with the name of a server where most others (pover, opsgenie, slack) have a key.
WITH_SERVER = {"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"}


@dataclass
class Told:
    """What one call did. `failed` names channels that took no message; they are tried again at the next call."""

    sent: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"{len(self.sent)} messages sent"
        return f"{text}; did not get through to {', '.join(self.failed)}" if self.failed else text


class Channel(Protocol):
    """Where messages go. `label` may be shown and stored: it holds no secret."""

    label: str

    def send(self, title: str, body: str, *, ended: bool) -> bool:
        """Whether the message was taken."""


def tell(home: Home, instance: DagsterInstance | None = None, channels: list[Channel] | None = None) -> Told:
    """Look what is wrong and tell each channel (those of A87_ALERT_URLS) what it does not know yet.

    One process at a time looks and tells, so nobody tells of what another has seen end.
    """
    told = Told()
    channels = channels_of_env() if channels is None else channels
    if not channels:
        return told
    with storage.exclusive(_file(home).with_name(".lock")):
        known: dict[str, dict[str, Any]] = storage.read_json(_file(home)) or {}
        _reconcile(known, open_incidents(home, instance, _ids_of_open(known)))
        _save(home, known)
        for channel in channels:
            _tell_channel(home, channel, known, told)
        done = [key for key, one in known.items() if one["ended_at"] and all(_is_told(one, c) for c in channels)]
        for key in done:
            del known[key]
        _save(home, known)
    return told


def preview(home: Home) -> list[tuple[str, str]]:
    """Titles and texts for all that is wrong now, told or not."""
    now: dict[str, dict[str, Any]] = {}
    _reconcile(now, open_incidents(home, None, _ids_of_open(storage.read_json(_file(home)) or {})))
    return [message(home, one) for one in now.values()]


def _ids_of_open(known: dict[str, dict[str, Any]]) -> list[str]:
    return [key for key, one in known.items() if not one["ended_at"]]


def _reconcile(known: dict[str, dict[str, Any]], found: list[Incident]) -> None:
    """Bring what was known up to what is found. Comes an incident back before a channel was told of its end, then to
    that channel it never ended."""
    now = storage.now()
    for incident in found:
        one = known.setdefault(incident.id, {"since": _stamp(incident.since), "ended_at": "", "told": {}})
        if one["ended_at"]:
            still = {label: what for label, what in one["told"].items() if what == OPENED}
            one.update(since=_stamp(incident.since), ended_at="", told=still)
        one["incident"] = asdict(incident) | {"since": _stamp(incident.since)}
    if any(incident.key.startswith(BLIND) for incident in found):
        return  # what was not found may only not have been seen
    still_open = {incident.id for incident in found}
    for key, one in known.items():
        if key not in still_open and not one["ended_at"]:
            one["ended_at"] = now


def _tell_channel(home: Home, channel: Channel, known: dict[str, dict[str, Any]], told: Told) -> None:
    """The first message that is not taken ends this round for the channel, so that one that is down costs little."""
    for key, one in known.items():
        if _is_told(one, channel):
            continue
        title, body = message(home, one)
        if not channel.send(title, body, ended=bool(one["ended_at"])):
            told.failed.append(channel.label)
            return
        one["told"][channel.label] = ENDED if one["ended_at"] else OPENED
        _save(home, known)
        told.sent.append(f"{key} to {channel.label}")


def _is_told(one: dict[str, Any], channel: Channel) -> bool:
    return bool(one["told"].get(channel.label) == (ENDED if one["ended_at"] else OPENED))


def _file(home: Home) -> Path:
    return home.root / "alerts" / "incidents.json"


def _save(home: Home, known: dict[str, dict[str, Any]]) -> None:
    if (storage.read_json(_file(home)) or {}) != known:
        storage.write_json(_file(home), known)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


# --- messages --------------------------------------------------------------------------------------------------------


def message(home: Home, one: dict[str, Any]) -> tuple[str, str]:
    """Title and text for an incident of the state file."""
    told = one["incident"]
    incident = Incident(**(told | {"since": datetime.fromisoformat(one["since"])}))
    where = f"[alliance87 {os.environ.get('A87_ENV', 'dev')}]"
    if one["ended_at"]:
        lasted = datetime.fromisoformat(one["ended_at"]) - incident.since
        return f"{where} over: {incident.id}", _text(
            home, incident, f"Over since {one['ended_at']}: lasted {_span(lasted)}."
        )
    return f"{where} {incident.id}", _text(home, incident, f"Since {_stamp(incident.since)}.")


def _text(home: Home, incident: Incident, when: str) -> str:
    more = f" and {len(incident.datasets) - MAX_NAMED} more" if len(incident.datasets) > MAX_NAMED else ""
    parts = [
        ("", when),
        ("Datasets", ", ".join(incident.datasets[:MAX_NAMED]) + more),
        ("Cause", incident.cause[:MAX_CAUSE]),
        ("Examples", "".join(f"\n- {example}" for example in incident.examples)),
        ("Run", _link(incident.run_id)),
        ("Serves", "".join(f"\n- {line}" for line in (*incident.serving, published(home)))),
        ("What to do", KINDS[incident.kind]),
        ("Runbook", f"docs/runbook.md#{incident.kind}"),
    ]
    return "\n".join(f"{name}: {text}" if name else text for name, text in parts if text)


def _link(run_id: str) -> str:
    base = os.environ.get("A87_UI_URL", "").rstrip("/")
    return f"{base}/runs/{run_id}" if base and run_id else run_id


def _span(length: timedelta) -> str:
    minutes = max(0, round(length.total_seconds() / 60))
    days, hours = divmod(minutes // 60, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


# --- channels --------------------------------------------------------------------------------------------------------


def channels_of_env() -> list[Channel]:
    """Those of A87_ALERT_URLS, apart by commas or white space. The URLs are the operator's and hold passwords."""
    urls = re.split(r"[\s,]+(?=[a-zA-Z0-9]+://)", os.environ.get("A87_ALERT_URLS", "").strip(" ,\n"))
    channels: list[Channel] = []
    for number, url in enumerate(filter(None, urls), 1):
        channels.append(Apprise(url, number))
    return channels


class Apprise:
    """A channel behind an apprise URL: json://, mailto://, slack:// and a hundred more."""

    def __init__(self, url: str, number: int) -> None:
        import apprise

        asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY, async_mode=False)
        with _silent():
            try:
                self._plugin = apprise.Apprise.instantiate(url, asset=asset)
            except Exception:  # noqa: BLE001 - the error may quote the URL
                self._plugin = None
        schema = getattr(self._plugin, "schema", "")
        host = getattr(self._plugin, "host", None) if schema in WITH_SERVER else None
        self.label = f"{number} {schema}://{host or ''}" if self._plugin else f"{number} (not an apprise URL)"

    def send(self, title: str, body: str, *, ended: bool) -> bool:
        import apprise

        if self._plugin is None:
            return False
        kind = apprise.NotifyType.SUCCESS if ended else apprise.NotifyType.FAILURE
        one = apprise.Apprise(self._plugin, asset=self._plugin.asset)
        with _silent():
            try:
                return bool(one.notify(body, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT))
            except Exception:  # noqa: BLE001 - the error may quote the URL; the caller names the channel
                return False


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Logs of what sends hold URLs, and those hold passwords and tokens."""
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3.connectionpool", "requests")]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was


# --- health ----------------------------------------------------------------------------------------------------------


def health(home: Home) -> list[str]:
    """A line a problem, for whoever watches from outside: a daemon that is dead cannot tell of itself.

    What only the partner can mend is no problem here: it lasts for weeks, and what comes meanwhile must still show.
    """
    from orchestration import environment
    from orchestration.instance import open_instance

    try:
        with open_instance(home) as instance:
            known = storage.read_json(_file(home)) or {}
            found = open_incidents(home, instance, _ids_of_open(known))
            lines = [f"{one.id}: {one.cause.splitlines()[0]}" for one in found if one.kind not in OF_PARTNERS]
            beats = [beat.timestamp for beat in instance.get_daemon_heartbeats().values()]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a problem to tell of in one line
        return [f"the data root or its Dagster instance cannot be read: {type(error).__name__}: {error}"]
    for channel in channels_of_env():
        if waiting := [key for key, one in known.items() if not _is_told(one, channel)]:
            lines.append(f"alerts: {len(waiting)} messages wait for channel {channel.label}")
    if environment.current().unattended:
        lines += _of_daemon(max(beats, default=0.0))
    return lines


def _of_daemon(last_beat: float) -> list[str]:
    if storage.utcnow().timestamp() - last_beat <= DAEMON_DEAD_AFTER.total_seconds():
        return []
    said = f"since {datetime.fromtimestamp(last_beat, UTC):%F %T} UTC" if last_beat else "ever"
    return [f"daemon: no sign of life {said}; start it (docs/deploy.md)"]
