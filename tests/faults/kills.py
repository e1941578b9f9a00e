"""Kills processes of a refresh at seeded random moments and looks at what is left. For tests, and alone:

    python -m tests.faults.kills --kills 100 --seed 87 --lanes 2 [--home DATA_ROOT]

DATA_ROOT is one that `a87 demo` filled (without it, one is made); it is copied, never touched.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import functools
import hashlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import duckdb
import psutil

from ingest import lake, months, snapshots, storage
from ingest.registry import datasets
from ingest.sandbox import SampleEdition, Sandbox
from ingest.sandbox.sample_edition import BUNDLED
from ingest.storage import Home, sql_text
from orchestration import editions, publish
from orchestration.instance import OPEN

A87 = str(Path(sys.executable).with_name("a87"))
LONGEST = 300  # seconds that a refresh may take
# Small tables, and in each the row whose figure (or title) the partner revises before every refresh.
REVISED: dict[str, tuple[str, str, Callable[[dict[str, str]], bool]]] = {
    "ilab_projects": ("ilab_projects.csv", "title", lambda row: True),
    "fao_oea": ("fao_oea.csv", "value", lambda row: bool(row["value"])),
    "ilo_ilr_cbct_noc_rt": (
        "ilo.csv", "obs_value", lambda row: row["indicator"] == "ILR_CBCT_NOC_RT" and bool(row["obs_value"]),
    ),
}  # fmt: skip
# What a refresh finds revised. The first is the quickest by far; how long it takes is the measure of all moments.
CHOICES = (
    ["ilab_projects"], ["ilab_projects"], ["fao_oea"], ["ilab_projects", "ilo_ilr_cbct_noc_rt"],
)  # fmt: skip
VICTIMS = ("refresh", "dbt", "member", "all")


class RevisingPartners:
    """The sandbox on a copy of the bundled sample in which `revise` changes figures."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(BUNDLED, folder)
        self._folder, self._revisions = folder, 0
        self.sandbox = Sandbox(SampleEdition(folder))

    def revise(self, *chosen: str) -> None:
        """Every revision of a dataset gives it figures that it never had."""
        self._revisions += 1
        for name in chosen:
            table, column, fits = REVISED[name]
            with (self._folder / table).open(encoding="utf-8", newline="") as stream:
                reader = csv.DictReader(stream)
                rows = list(reader)
            row = next(filter(fits, rows))
            given = row[column]
            row[column] = f"{float(given) + 0.001:.3f}" if column != "title" else f"Revision {self._revisions}"
            with (self._folder / table).open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, reader.fieldnames or [], lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        self.sandbox.edition = SampleEdition(self._folder)
        self.sandbox.touch()
        for asked in set(self.sandbox.requests):  # what is made for the first answer is made now, not in a refresh
            self.sandbox.reply(asked)


# --- what is on disk -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What must survive: the edition and its rows, hashes of all accepted vintages and raw snapshots, the journals."""

    edition_id: str
    rows: dict[str, int]
    files: dict[str, str]
    acceptances: dict[str, list[str]]


def look(home: Home) -> Seen:
    edition = editions.published_edition(home)
    assert edition is not None
    with editions.open_published(home) as connection:
        rows = publish._counts(connection, "")
    roots = [*home.root.glob("lake/*/vintages/*"), *home.root.glob("raw/*/*/payload")]
    files = {str(file.relative_to(home.root)): _hash(file) for root in roots for file in _files(root)}
    accepted = {part: [a["accepted_at"] for a in lake.acceptances(home, part)] for part in _parts(home)}
    return Seen(edition["edition_id"], rows, files, accepted)


def faults(home: Home, before: Seen) -> Iterator[str]:
    """What is not as it has to be, whenever a process was killed; nothing if all is well."""
    yield from _json_faults(home)
    yield from _edition_faults(home, before)
    yield from _lake_faults(home)
    now = look(home)
    for name, digest in before.files.items():
        if now.files.get(name) != digest:
            yield f"{name} was there before and is {'changed' if name in now.files else 'gone'}"
    for part, known in before.acceptances.items():
        if lost := set(known) - set(now.acceptances.get(part, [])):
            yield f"{part}: acceptances of {sorted(lost)} are no longer known"


def leftovers(home: Home) -> Iterator[str]:
    """What a refresh that ended well may not leave: locks, runs, pool slots, work folders, a warehouse that is due."""
    for lock in home.root.rglob("*.lock"):
        if storage.is_held(lock):
            yield f"{lock} is held"
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=OPEN)):
            yield f"run {run.run_id} of {run.job_name} is {run.status.value}"
        for pool in instance.event_log_storage.get_concurrency_keys():
            info = instance.event_log_storage.get_concurrency_info(pool)
            if info.claimed_slots or info.pending_steps:
                yield f"pool {pool} is taken: {info.claimed_slots} {info.pending_steps}"
    for folder in (*home.root.rglob(".work.*"), *home.root.rglob(".next.*"), *home.root.rglob(".old.*")):
        yield f"{folder} was left"
    if publish.is_due(home):
        yield "the warehouse is still due"


def content(warehouse: Path) -> dict[str, tuple[int, int]]:
    """Rows of every published table outside `meta`, and a hash over them in any order."""
    with duckdb.connect(warehouse, read_only=True, config=storage.DUCKDB_CONFIG) as connection:
        return {
            table: connection.execute(f"select count(*), sum(hash(t)::hugeint) from {table} as t").fetchall()[0]
            for table in publish._tables(connection)
            if not table.startswith("meta.")
        }


def _json_faults(home: Home) -> Iterator[str]:
    for kind in ("*.json", "*.ndjson"):
        for file in home.root.rglob(kind):
            if file.name.startswith(".") or "dbt" in file.relative_to(home.root).parts:
                continue
            text = file.read_text(encoding="utf-8")
            for piece in text.splitlines() if kind == "*.ndjson" else [text]:
                try:
                    json.loads(piece)
                except ValueError:
                    yield f"{file} is half-written: {piece[:80]!r}"


def _edition_faults(home: Home, before: Seen) -> Iterator[str]:
    edition = editions.published_edition(home)
    if edition is None:
        yield "nothing is published"
        return
    name = edition["edition_id"]
    with editions.open_published(home) as connection:
        rows = publish._counts(connection, "")
        for table, column in publish._snapshot_columns(connection):
            unknown = connection.execute(
                f"select count(*) from {table} where {column} not in (select snapshot_id from meta.snapshot)"
            ).fetchall()[0][0]
            if unknown:
                yield f"{unknown} rows of {table} name a {column} that nobody knows"
    if name < before.edition_id:
        yield f"edition {name} is older than {before.edition_id}, which was published"
    if name == before.edition_id and rows != before.rows:
        yield "the old edition has other rows"
    if any(count and not rows.get(table) for table, count in before.rows.items() if ".mart_" in table):
        yield "a mart is empty or gone"
    latest = (home.published / "latest").resolve().name
    if latest not in (name, before.edition_id):
        yield f"latest is {latest}, published is {name}"
    for folder in (home.published / "editions").glob("[!.]*"):
        yield from _folder_faults(folder, (folder / "alliance87.duckdb").stat().st_mtime_ns)
    kept = home.published / "editions" / name / "alliance87.duckdb"
    if not kept.samefile(home.warehouse) and _hash(kept) != _hash(home.warehouse):  # a copied root has no hard links
        yield f"the published file is not the one of edition {name}"


@functools.cache  # an edition never changes: `written` would tell
def _folder_faults(folder: Path, written: int) -> list[str]:
    """An edition's folder is whole: its tables and their Parquet files have the same rows."""
    package = storage.read_json(folder / "datapackage.json")
    if package is None or package["version"] != folder.name:
        return [f"{folder} has no data package of its own"]
    found = []
    with duckdb.connect(folder / "alliance87.duckdb", read_only=True, config=storage.DUCKDB_CONFIG) as connection:
        for resource in package["resources"]:
            file = sql_text(folder / resource["path"])
            query = f"select (select count(*) from {resource['name']}) = (select count(*) from read_parquet({file}))"
            if not connection.execute(query).fetchall()[0][0]:
                found.append(f"{resource['name']} of edition {folder.name} has other rows as Parquet")
    return found


def _lake_faults(home: Home) -> Iterator[str]:
    with lake.connect() as connection:
        for part in _parts(home):
            vintage = lake.current(home, part)
            if vintage is None:
                continue
            if vintage.snapshot_id not in {a["snapshot_id"] for a in lake.acceptances(home, part)}:
                yield f"{part}: {vintage.snapshot_id} serves and was never accepted"
            for known in lake.vintages(home, part):
                found = connection.execute(f"select count(*) from read_parquet({sql_text(known.data)})").fetchall()
                if found[0][0] != known.meta["rows"]:
                    yield f"{part}: {known.snapshot_id} has {found[0][0]} rows, not {known.meta['rows']}"
                snapshot = snapshots.read(home, part, known.snapshot_id)
                if snapshot is None:
                    yield f"{part}: {known.snapshot_id} has no snapshot in the raw store"
                elif snapshot.edition == "sample" and part in REVISED:
                    digest = snapshots.content_hash(snapshot.payload(home), datasets()[part])
                    if digest != snapshot.sha256:
                        yield f"{part}: the bytes of {known.snapshot_id} are not those that came"


def _parts(home: Home) -> list[str]:
    return [part.id for dataset in datasets().values() for part in months.parts(home, dataset)]


def _files(root: Path) -> list[Path]:
    return sorted(file for file in root.rglob("*") if file.is_file())


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


# --- kills -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kill:
    """One process or all of a refresh killed after `moment` seconds: what it was doing, and which edition served then.

    `exit_code` is that of the refresh: negative if it was hit itself.
    """

    victim: str
    moment: float
    phase: str
    published: str  # old or new
    exit_code: int
    recovery: float  # seconds of the refresh after it

    def __str__(self) -> str:
        return (
            f"{self.victim} killed after {self.moment:.1f} s ({self.phase}): the {self.published} edition served, "
            f"the next refresh took {self.recovery:.1f} s"
        )


class Refresh:
    """A running `a87 refresh`: a process of its own, or forked from the forge, which has the libraries loaded."""

    def __init__(self, arguments: list[str], environment: dict[str, str], output: Path, forge: Forge | None) -> None:
        self.output, self._forge = output, forge
        self._process: subprocess.Popen[str] | None = None
        if forge is None:
            with output.open("w") as out:
                self._process = subprocess.Popen(
                    [A87, *arguments], env=environment, stdout=out, stderr=out, text=True, start_new_session=True
                )
            self.pid = self._process.pid
        else:
            self.pid = forge.start(arguments, environment, output)

    def family(self) -> list[psutil.Process]:
        """It and all processes below it."""
        first = psutil.Process(self.pid)
        return [first, *first.children(recursive=True)]

    def wait(self, seconds: float) -> int | None:
        """The exit code, or None if it has not ended by then."""
        if self._forge is not None:
            return self._forge.ended(seconds)
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


class Forge:
    """tests/faults/forge.py at work."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forge"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        assert self._line() == "ready"

    def start(self, arguments: list[str], environment: dict[str, str], output: Path) -> int:
        asked = {"arguments": arguments, "environment": environment, "output": str(output)}
        self._in.write(json.dumps(asked).encode() + b"\n")
        return int(self._line())

    def ended(self, seconds: float) -> int | None:
        ready, _, _ = select.select([self._out], [], [], seconds)
        return int(self._line()) if ready else None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _line(self) -> str:
        return self._out.readline().decode().strip()


@dataclass
class Killer:
    """Refreshes one data root again and again, and kills. Of `whole_every` refreshes one is a command from scratch."""

    home: Home
    partners: RevisingPartners
    random: random.Random
    forge: Forge | None = None
    whole_every: int = 5
    length: float = 0.0  # seconds of a refresh that nobody kills
    kills: list[Kill] = field(default_factory=list)

    def warm_up(self) -> None:
        """Two refreshes in peace: the root may have been filled by other code; then to know how long one takes."""
        for _ in range(2):
            self.partners.revise(*CHOICES[0])
            self.length = self.refresh_in_peace(CHOICES[0])

    def kill(self, victim: str = "") -> Kill:
        """Kill once, look, refresh again, look again. Raises AssertionError with all that is wrong."""
        while True:
            chosen = self.random.choice(CHOICES)
            self.partners.revise(*chosen)
            before = look(self.home)
            moment = self.length * self.random.random()
            hit = self._kill_after(victim or self.random.choice(VICTIMS), moment, chosen)
            if hit is not None:
                break
            self.length = max(self.length * 0.95, 5.0)  # it had ended already
        who, phase, code = hit
        said = f"{who} killed after {moment:.1f} s ({phase}) of a refresh of {chosen}: "
        wrong = list(faults(self.home, before))
        assert not wrong, said + "; ".join(wrong)
        edition = editions.published_edition(self.home)
        assert edition is not None
        served = "old" if edition["edition_id"] == before.edition_id else "new"
        try:
            took = self.refresh_in_peace(chosen)
        except AssertionError as error:
            raise AssertionError(said + str(error)) from error
        wrong = [*faults(self.home, before), *leftovers(self.home)]
        if look(self.home).edition_id == before.edition_id:
            wrong.append("the revision was never published")
        assert not wrong, said + "after the next refresh " + "; ".join(wrong)
        self.kills.append(Kill(who, moment, phase, served, code, took))
        return self.kills[-1]

    def environment(self) -> dict[str, str]:
        told = {"A87_HOME": str(self.home.root), "A87_SANDBOX_URL": self.partners.sandbox.url}
        return {**os.environ, **told, "PYTHONUNBUFFERED": "1"}

    def start(self, chosen: list[str]) -> Refresh:
        """A refresh of these datasets, from now on in the background."""
        # The edition is named: its default is read when the command line is imported, in the forge long ago.
        arguments = ["refresh", "--edition", "sample", *(word for name in chosen for word in ("--dataset", name))]
        forge = self.forge if self.random.randrange(self.whole_every) else None
        _, output = tempfile.mkstemp(dir=self.home.root.parent, prefix="refresh.", suffix=".log")
        return Refresh(arguments, self.environment(), Path(output), forge)

    def refresh_in_peace(self, chosen: list[str]) -> float:
        """Seconds it took. Raises AssertionError unless it ends well."""
        began = time.monotonic()
        refresh = self.start(chosen)
        code = refresh.wait(LONGEST)
        assert code == 0, f"a refresh in peace ended with {code}: {refresh.output.read_text()[-3000:]}"
        return time.monotonic() - began

    def _kill_after(self, victim: str, moment: float, chosen: list[str]) -> tuple[str, str, int] | None:
        """Victim, phase and exit code; None if the refresh ended before."""
        refresh = self.start(chosen)
        if refresh.wait(moment) is not None:
            return None
        family = refresh.family()
        phase = _phase(self.home, refresh.output.read_text())
        hit = self._chosen(victim, family)
        name = "all" if len(hit) == len(family) > 1 else _name(hit[0], refresh.pid)
        for one in hit:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
        code = refresh.wait(LONGEST)
        assert code is not None, f"the refresh hangs since one of its processes was killed while {phase}"
        _gone, alive = psutil.wait_procs(family, timeout=20)
        assert not alive, f"{alive} outlived the refresh, killed while {phase}"
        return name, phase, code

    def _chosen(self, victim: str, family: list[psutil.Process]) -> list[psutil.Process]:
        if victim == "all":
            return family
        if victim == "dbt":  # before and after it, the refresh
            return [one for one in family[1:] if _is_dbt(one)][:1] or family[:1]
        return [self.random.choice(family) if victim == "member" else family[0]]


def _name(process: psutil.Process, refresh: int) -> str:
    return "refresh" if process.pid == refresh else "dbt" if _is_dbt(process) else "helper"


def _is_dbt(process: psutil.Process) -> bool:
    try:
        return any(word.endswith(("/dbt", "/dbt.sh")) for word in process.cmdline())
    except psutil.Error:  # it has ended
        return False


def _phase(home: Home, told: str) -> str:
    """What the refresh is doing, as its output and the disk tell."""
    if "building the warehouse" not in told:
        return "refreshing" if any(home.root.glob("raw/*/.work.*")) or told else "starting"
    if "was rebuilt" in told:
        return "ending"
    if any((home.published / "editions").glob(".work.*")):
        return "publishing"
    log = (home.build / "dbt.log").read_text()
    return "build done" if "Completed successfully" in log else "dbt at work" if log else "before dbt"


@contextlib.contextmanager
def killer(base: Path, folder: Path, seed: int, whole_every: int = 5) -> Iterator[Killer]:
    """A killer on a copy of the data root `base` in `folder`, with revising partners at work."""
    shutil.copytree(base, folder / "home", symlinks=True)
    partners = RevisingPartners(folder / "sample")
    with contextlib.ExitStack() as stack:
        stack.enter_context(partners.sandbox)
        forge = stack.enter_context(contextlib.closing(Forge())) if whole_every > 1 else None
        yield Killer(Home(folder / "home"), partners, random.Random(seed), forge, whole_every)


def campaign(base: Path, folder: Path, kills: int, seed: int) -> list[Kill]:
    """So many kills, then a comparison with a data root that was never hit. Raises AssertionError."""
    with killer(base, folder, seed) as hunting:
        hunting.warm_up()
        spared = folder / "spared"
        shutil.copytree(hunting.home.root, spared, symlinks=True)
        for number in range(1, kills + 1):
            _say(f"seed {seed}, {number}/{kills}: {hunting.kill()}")
        battered = hunting.home
        hunting.refresh_in_peace(sorted(REVISED))
        hunting.home = Home(spared)
        hunting.refresh_in_peace(sorted(REVISED))
        differing = _differences(content(battered.warehouse), content(hunting.home.warehouse))
        assert not differing, f"not what a data root holds that was never hit: {differing}"
        return hunting.kills


def _differences(one: dict[str, tuple[int, int]], other: dict[str, tuple[int, int]]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def summary(kills: list[Kill]) -> str:
    def counted(names: list[str]) -> str:
        return ", ".join(f"{count} {name}" for name, count in sorted(Counter(names).items()))

    longest = max((kill.recovery for kill in kills), default=0.0)
    return (
        f"{len(kills)} kills; hit: {counted([k.victim for k in kills])}; while: {counted([k.phase for k in kills])}; "
        f"then served: {counted([k.published for k in kills])}; longest recovery {longest:.0f} s; nothing was lost"
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=int(os.environ.get("A87_KILLS", "100")))
    parser.add_argument("--seed", type=int, default=87)
    parser.add_argument("--lanes", type=int, default=2, help="data roots that are hit at the same time")
    parser.add_argument("--home", type=Path, help="a data root filled by `a87 demo`")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="a87_kills.") as name:
        folder = Path(name)
        base = options.home or folder / "base"
        if options.home is None:
            subprocess.run([A87, "demo"], env={**os.environ, "A87_HOME": str(base)}, check=True, capture_output=True)
        shares = [
            options.kills // options.lanes + (lane < options.kills % options.lanes) for lane in range(options.lanes)
        ]
        with ProcessPoolExecutor(options.lanes) as pool:
            lanes = [
                pool.submit(campaign, base, folder / f"lane{lane}", share, options.seed + lane)
                for lane, share in enumerate(shares) if share
            ]  # fmt: skip
            done = [kill for lane in lanes for kill in lane.result()]
    _say(f"{summary(done)}; {(time.monotonic() - began) / 60:.0f} min, seed {options.seed}, {options.lanes} lanes")


if __name__ == "__main__":
    main()
