"""How hard this process may lean on a partner: one pace for each partner, whatever client or thread asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime

from ingest import storage

IN_FLIGHT = 1  # the World Bank asks for one request at a time, and no partner promises to bear more than two
LONGEST_WAIT = 600.0  # whatever Retry-After says


class Pace:
    """Slots for requests under way, and the earliest moment of the next one."""

    def __init__(self, in_flight: int = IN_FLIGHT) -> None:
        self._slots = threading.BoundedSemaphore(in_flight)
        self._lock = threading.Lock()
        self._free_at = 0.0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Held from the request to the last byte of its body."""
        with self._slots:
            yield

    def turn(self, interval: float) -> None:
        """Sleep until a request may go out; the next one waits `interval` seconds more."""
        while (pause := self._claim(interval)) > 0:
            time.sleep(pause)  # and look again: another thread may have been told to hold off meanwhile

    def hold_off(self, seconds: float) -> None:
        """The partner asked for quiet (Retry-After), which goes for every client of it."""
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic() + seconds)

    def _claim(self, interval: float) -> float:
        with self._lock:
            now = time.monotonic()
            if now >= self._free_at:
                self._free_at = now + interval
                return 0.0
            return self._free_at - now


_paces: dict[str, Pace] = {}
_paces_lock = threading.Lock()


def pace_of(partner: str) -> Pace:
    """The one pace that all clients of this partner share."""
    with _paces_lock:
        return _paces.setdefault(partner, Pace())


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from now; partners send a number or an HTTP date."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - storage.utcnow()).total_seconds())
