"""Readers that query the published warehouse in a loop while edition after edition is published. For tests, and alone:

    python -m tests.faults.readers --readers 8 --publishes 20

A session opens the file, or follows `latest` once, and reads several tables: all of them must be of one edition.
Readers are analysts with DuckDB and nothing of ours. The publications are real ones of a small build: no dbt, no lake.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

# The build's tables; every row of every table holds the number of the publication.
TABLES = {
    "country_progress.mart_progress": 20_000,
    "supply_chain.mart_exposure": 5_000,
    "reference.dim_area": 250,
}
PATIENCE = 60  # seconds until every reader has to have read an edition
ONE: dict[str, str | bool | int | float | list[str]] = {"threads": 1}
PAUSE = 0.1  # seconds between two sessions: eight that never rest would leave the publication no processor
Session = tuple[str, int]  # edition and number that were read


@dataclass(frozen=True)
class Figures:
    """`mixed` are sessions that saw more than one edition, or one whose number is that of another."""

    publishes: int
    sessions: int
    editions_seen: int
    errors: list[str]
    mixed: list[str]
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.publishes} publications, {self.sessions} sessions, {self.editions_seen} editions seen, "
            f"{len(self.errors)} errors, {len(self.mixed)} sessions with more than one edition, {self.seconds:.0f} s"
        )


# --- readers ---------------------------------------------------------------------------------------------------------


def read_file(published: Path) -> set[Session]:
    """One connection to the warehouse file, as an analyst's."""
    with duckdb.connect(published / "alliance87.duckdb", read_only=True, config=ONE) as connection:
        return _read_connection(connection)


def _read_connection(connection: duckdb.DuckDBPyConnection) -> set[Session]:
    seen: set[Session] = set()
    for table in (*TABLES, *TABLES):
        ((edition,),) = connection.execute("select edition_id from meta.edition").fetchall()
        numbers = connection.execute(f"select distinct number from {table}").fetchall()
        seen |= {(edition, number) for (number,) in numbers}
    return seen


def read_parquet(published: Path) -> set[Session]:
    """The folder behind `latest`, which stays at least until three more editions are published."""
    folder = (published / "latest").resolve()
    edition = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["version"]
    seen: set[Session] = set()
    with duckdb.connect(config=ONE) as connection:
        for table in TABLES:
            file = folder / "parquet" / f"{table.replace('.', '/')}.parquet"
            seen |= {(edition, n) for (n,) in connection.execute(f"select distinct number from '{file}'").fetchall()}
    return seen


def read_on(published: Path, number: int, newest: Any, stop: Any, results: Any) -> None:
    """A process of sessions until `stop`; the last reader keeps its first connection open all the time."""
    session: Callable[[Path], set[Session]] = read_parquet if number % 4 == 1 else read_file
    kept = duckdb.connect(published / "alliance87.duckdb", read_only=True, config=ONE) if number == 0 else None
    sessions, seen, errors = 0, set(), []
    mixed: list[str] = []
    while not stop.is_set():
        try:
            found = _read_connection(kept) if kept else session(published)
        except (duckdb.Error, OSError, ValueError) as error:
            errors.append(f"reader {number}: {type(error).__name__}: {error}")
            break
        sessions += 1
        if len(found) != 1:
            mixed.append(f"reader {number}: {sorted(found)}")
        seen |= found
        time.sleep(PAUSE)
        newest[number] = 10**9 if kept else max(n for _edition, n in found)
    results.put((sessions, seen, errors, mixed))


# --- publications ----------------------------------------------------------------------------------------------------


def run(root: Path, readers: int, publishes: int) -> Figures:
    """Publish while the readers read; each next edition waits until every reader has met the last one."""
    began = time.monotonic()
    numbers = {_publish(root, 0): 0}
    context = multiprocessing.get_context("spawn")
    newest, stop, results = context.Array("i", [-1] * readers), context.Event(), context.Queue()
    processes = [
        context.Process(target=read_on, args=(root / "published", number, newest, stop, results), daemon=True)
        for number in range(readers)
    ]
    for process in processes:
        process.start()
    try:
        _wait_for(newest, processes, 0)
        for number in range(1, publishes + 1):
            numbers[_publish(root, number)] = number
            _wait_for(newest, processes, number)
    finally:
        stop.set()
    told = [results.get(timeout=PATIENCE) for _process in processes]
    for process in processes:
        process.join(PATIENCE)
    seen = set().union(*(seen for _sessions, seen, _errors, _mixed in told))
    wrong = [f"edition {edition} with figures of {n}" for edition, n in seen if numbers.get(edition) != n]
    return Figures(
        publishes, sum(sessions for sessions, *_rest in told), len({edition for edition, _number in seen}),
        [error for *_rest, errors, _mixed in told for error in errors],
        [text for *_rest, mixed in told for text in mixed] + wrong, time.monotonic() - began,
    )  # fmt: skip


def _wait_for(newest: Any, processes: list[Any], number: int) -> None:
    until = time.monotonic() + PATIENCE
    while min(newest) < number and time.monotonic() < until and all(process.is_alive() for process in processes):
        time.sleep(0.01)


def _publish(root: Path, number: int) -> str:
    """A build with this number in every row, published; returns the edition's id."""
    from ingest.storage import Home
    from orchestration import publish, warehouse

    home = Home(root)
    with warehouse.open_build(home) as connection:
        for table, rows in TABLES.items():
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            made = f"select {number} as number, range as id from range({rows})"
            connection.execute(f"create or replace table {table} as {made}")
    return publish.publish(home).edition_id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--publishes", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = run(Path(folder), given.readers, given.publishes)
    sys.stdout.write("\n".join([str(figures), *figures.errors, *figures.mixed]) + "\n")
    raise SystemExit(bool(figures.errors or figures.mixed))


if __name__ == "__main__":
    main()
