"""The soak: many nights in a row in one process, with partners that revise, break and mend (`make soak`).

Each cycle is a night of the platform's calendar (the clock is moved on by a day): the partners whose schedule falls on
it are asked, all their datasets, through the calls that `a87 refresh` makes; then housekeeping and alerts. After each
night the published warehouse and the reports are compared with the model in `soak_world`; at the end the process must
not have grown. Exit code 1 if any promise broke.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import numpy as np
import psutil
import time_machine

from ingest import lake
from ingest.registry import datasets, partners
from ingest.storage import Home
from orchestration import alerts, publish, retention
from orchestration.instance import open_instance
from orchestration.resources import Partners, SilentReporter
from orchestration.run import refresh_and_publish
from tools.soak_world import FIGURES, Expected, Played, Trouble, World

ROOMS = ("raw", "lake", "build", "published", "dagster")
# Short retention, so that it has something to do within the nights; the disk of this machine is not what is tried.
SETTINGS = {
    "A87_KEEP_RUN_DAYS": "20", "A87_KEEP_VINTAGE_DAYS": "30", "A87_KEEP_QUARANTINE_DAYS": "20", "A87_FREE_GB": "0.1",
}  # fmt: skip
ATTEMPTS = 60  # that are kept of each dataset, for the same reason
MEMORY_BOUND = 0.2  # MB a night that the process may grow, by a line through its last three quarters
DISK_BOUND = 1.2  # highest of the last quarter against that of the second quarter, when retention had begun
SLACK_MB = 5.0  # a room smaller than this is not judged


@dataclass
class Night:
    """What was measured after a night. MB are of 10^6 bytes."""

    number: int
    seconds: float
    asked: int  # datasets
    published: bool
    rss_mb: float
    handles: int
    threads: int
    children: int
    runs: int  # of Dagster
    disk_mb: dict[str, float]
    wrong: list[str] = field(default_factory=list)


class Receiver:
    """A webhook on this machine that keeps what it was sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _keeper(self.messages))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"json://127.0.0.1:{self._server.server_port}/"

    def taken(self) -> list[dict[str, Any]]:
        """What has come since the last call."""
        taken = self.messages[:]
        self.messages.clear()
        return taken


def _keeper(messages: list[dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    return Handler


class Soak:
    """One data root, one calendar, one model."""

    def __init__(self, home: Home, played: Played, receiver: Receiver, seed: int) -> None:
        self.home, self.world, self.receiver = home, World(played, seed), receiver
        self.door = Partners(edition="sample", sandbox_url=played.url)
        self.open: set[str] = set()  # incidents that were told and have not ended
        self.nights: list[Night] = []
        self.counts: Counter[str] = Counter()
        self._sandbox, self._process = played.pid, psutil.Process()

    def first(self) -> None:
        """The first load, and the first reports: what is open now is not the soak's."""
        self._refresh(list(datasets()))
        self.open = set(self._messages()[0])

    def night(self, moment: datetime) -> Night:
        """One night, judged and measured."""
        began = time.perf_counter()
        asked = {name for name, partner in partners().items() if falls_on(partner.schedule, moment)}
        expected = self.world.night(asked, moment)
        before = _identity(self.home.warehouse)
        chosen = [name for name, dataset in datasets().items() if dataset.partner in asked]
        wrong = self._refresh(chosen)
        moved = _identity(self.home.warehouse) != before
        wrong += self._judge_edition(expected, moved) + self._judge_figures() + self._judge_reports(expected)
        self.counts["published"] += moved
        night = self._measure(len(self.nights) + 1, time.perf_counter() - began, len(chosen), moved, wrong)
        self.nights.append(night)
        return night

    def _refresh(self, chosen: list[str]) -> list[str]:
        """What the schedules, the warehouse sensor, housekeeping and the incidents' sensor do in a night."""
        result = refresh_and_publish(self.home, self.door, SilentReporter(), chosen)
        with open_instance(self.home) as instance:
            retention.tidy(self.home, instance, datetime.now(UTC))
        alerts.tell(self.home)
        return [f"a step of ours failed: {error}" for error in result.errors]

    # --- judging ---

    def _judge_edition(self, expected: Expected, moved: bool) -> list[str]:
        if moved == expected.moves:
            return []
        return ["a new edition, and nothing good had moved" if moved else "a good revision was not published"]

    def _judge_figures(self) -> list[str]:
        """Every figure that analysts read is the one that the model holds published."""
        wrong = []
        with publish.open_published(self.home) as connection:
            for figure in FIGURES:
                wanted = float(figure.told(self.world.published[figure.dataset]))
                found = connection.execute(figure.query).fetchall()
                if len(found) != 1 or abs(found[0][0] - wanted) > 1e-9 * abs(wanted):
                    wrong.append(f"{figure.dataset}: analysts read {found}, and must read {wanted}")
        return wrong

    def _judge_reports(self, expected: Expected) -> list[str]:
        """Each fault was told once when it came and once when it went; else only late partners are."""
        opened, ended = self._messages()
        wrong = [f"told again: {told}" for told in opened if told in self.open or opened.count(told) > 1]
        wrong += [f"ended without having been told: {told}" for told in ended if told not in self.open]
        self.open = (self.open | set(opened)) - set(ended)
        for what, told, troubles in (("reported", opened, expected.opened), ("taken back", ended, expected.ended)):
            left = [message for message in told if message.split()[0] != "partner-late"]
            for trouble in troubles:
                mine = [message for message in left if trouble.is_told_by(message)]
                self.counts[what] += len(mine) == 1
                if len(mine) != 1:
                    wrong.append(f"{trouble.text} was {what} {len(mine)} times: {told}")
                left = [message for message in left if message not in mine]
            wrong += [f"{what} without a fault: {message}" for message in left]
        return wrong

    def _messages(self) -> tuple[list[str], list[str]]:
        """Incidents, as `<kind> <key>`, that the messages since the last call open and end."""
        titles = [message["title"].partition("] ")[2] for message in self.receiver.taken()]
        self.counts["messages"] += len(titles)
        ended = [title.removeprefix("over: ") for title in titles if title.startswith("over: ")]
        return [title for title in titles if not title.startswith("over: ")], ended

    # --- measuring ---

    def _measure(self, number: int, seconds: float, asked: int, moved: bool, wrong: list[str]) -> Night:
        with open_instance(self.home) as instance:
            runs = instance.get_runs_count()
        gc.collect()  # what waits to be collected is no leak
        children = [child for child in self._process.children(recursive=True) if child.pid != self._sandbox]
        return Night(
            number, round(seconds, 1), asked, moved, round(self._process.memory_info().rss / 1e6, 1),
            self._process.num_fds(), self._process.num_threads(), len(children), runs,
            {room: round(_bytes(self.home.root / room) / 1e6, 2) for room in ROOMS}, wrong,
        )  # fmt: skip


def falls_on(cron: str, moment: datetime) -> bool:
    """Whether a schedule has a tick on that day; ours are of each day or of one day of the week."""
    _minute, _hour, day, month, weekday = cron.split()
    if (day, month) != ("*", "*"):
        raise ValueError(f"a schedule that is neither daily nor weekly: {cron!r}")
    return weekday in ("*", str(moment.isoweekday() % 7))


def _identity(file: Path) -> tuple[int, int, int]:
    stat = file.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _bytes(room: Path) -> int:
    """On disk; a file with several names counts once."""
    sizes = {}
    for path in room.rglob("*"):
        stat = path.lstat()
        sizes[stat.st_ino] = stat.st_blocks * 512
    return sum(sizes.values())


# --- the verdict -----------------------------------------------------------------------------------------------------


def verdict(nights: list[Night]) -> list[str]:
    """What broke: promises of single nights, and growth over all of them."""
    broken = [f"night {night.number}: {text}" for night in nights for text in night.wrong]
    later = nights[len(nights) // 4 :]
    slope = growth([night.rss_mb for night in later])
    if slope > MEMORY_BOUND:
        broken.append(f"memory grows by {slope:.2f} MB a night, {MEMORY_BOUND} are allowed")
    for name in ("handles", "threads", "children"):
        before, after = (max(getattr(night, name) for night in part) for part in (halves(later)))
        if after > before:
            broken.append(f"{name}: at most {before}, later {after}")
    quarter = max(1, len(nights) // 4)
    for room in ROOMS:
        before, after = (
            max(night.disk_mb[room] for night in part)
            for part in (nights[quarter : 2 * quarter + 1], nights[-quarter:])
        )
        if after > before * DISK_BOUND and after > SLACK_MB:
            broken.append(f"{room}: {before:.1f} MB after half of the nights, {after:.1f} MB at the end")
    return broken


def growth(values: list[float]) -> float:
    """By how much a line through the values rises from one to the next."""
    return float(np.polyfit(range(len(values)), values, 1)[0]) if len(values) > 1 else 0.0


Each = TypeVar("Each")


def halves(values: list[Each]) -> tuple[list[Each], list[Each]]:
    middle = max(1, len(values) // 2)
    return values[:middle], values[middle:] or values[-1:]


def report(soak: Soak, seed: int, broken: list[str]) -> dict[str, Any]:
    """The figures of the run, for docs/reliability.md."""
    nights = soak.nights
    later = nights[len(nights) // 4 :]
    return {
        "nights": len(nights),
        "seed": seed,
        "minutes": round(sum(night.seconds for night in nights) / 60, 1),
        "dataset_requests": sum(night.asked for night in nights),
        "faults": len(soak.world.begun),
        "faults_by_kind": dict(sorted(Counter(text.partition("=")[2] for text in soak.world.begun).items())),
        "reported_once": soak.counts["reported"],
        "taken_back_once": soak.counts["taken back"],
        "messages": soak.counts["messages"],
        "revisions": soak.world.revised,
        "editions_published": soak.counts["published"],
        "memory_mb": [later[0].rss_mb, max(night.rss_mb for night in later), later[-1].rss_mb],
        "memory_growth_mb_a_night": round(growth([night.rss_mb for night in later]), 3),
        "handles": [later[0].handles, later[-1].handles],
        "threads": [later[0].threads, later[-1].threads],
        "children_left": max(night.children for night in nights),
        "dagster_runs": [later[0].runs, later[-1].runs],
        "disk_mb": {room: [later[0].disk_mb[room], later[-1].disk_mb[room]] for room in ROOMS},
        "broken": broken,
        "by_night": [asdict(night) for night in nights],
    }


@contextmanager
def calendar() -> Iterator[Callable[[], datetime]]:
    """A clock that runs on from today; each call moves it to the same hour of the next day."""
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:

        def next_day() -> datetime:
            traveller.shift(timedelta(days=1))
            return datetime.now(UTC)

        yield next_day


def run(home: Home, nights: int, seed: int, scratch: Path) -> dict[str, Any]:
    """All nights on the data root; prints a line each. Returns the report."""
    receiver = Receiver()
    os.environ.update(SETTINGS, A87_HOME=str(home.root), A87_ALERT_URLS=receiver.url)
    shorter = mock.patch.object(lake, "KEEP_ATTEMPTS", ATTEMPTS)
    with Played(scratch) as played, calendar() as next_day, shorter:
        soak = Soak(home, played, receiver, seed)
        soak.first()
        for _ in range(nights):
            _show(soak.night(next_day()), soak.world.troubles)
    broken = verdict(soak.nights)
    return report(soak, seed, broken)


def _show(night: Night, troubles: list[Trouble]) -> None:
    disk = sum(night.disk_mb.values())
    print(
        f"{night.number:4} {night.seconds:6.1f} s  {'published' if night.published else '-':9}  "
        f"{night.rss_mb:7.1f} MB  {night.handles:3} handles  {night.threads:2} threads  {night.children} children  "
        f"{night.runs:4} runs  {disk:7.1f} MB disk  {' '.join(trouble.text for trouble in troubles)}",
        flush=True,
    )
    for text in night.wrong:
        print(f"     WRONG: {text}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Nights in compressed time against the sandbox; see the module.")
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--home", type=Path, required=True, help="data root; an empty one is filled first")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go, as JSON")
    asked = parser.parse_args()
    home = Home(asked.home.resolve())
    home.root.mkdir(parents=True, exist_ok=True)
    figures = run(home, asked.nights, asked.seed, home.root / "sandbox")
    asked.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for name, value in figures.items():
        if name != "by_night":
            print(f"{name:26} {value}")
    print("all promises kept" if not figures["broken"] else "BROKEN")
    return bool(figures["broken"])


if __name__ == "__main__":
    sys.exit(main())
