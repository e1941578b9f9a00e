"""What analysts get by the command line: queries that can do nothing but read, and text files that are safe to open.

A cell that begins like a formula is one to a spreadsheet, whoever wrote it: in CSV it gets an apostrophe in front.
Parquet and JSON hold what was delivered.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import duckdb

from ingest import storage
from ingest.formats import csv_writer
from ingest.storage import Home, sql_name, sql_text

# A query shares the machine with a nightly build: so much it may take, and no more.
THREADS, MEMORY, SPILL = 2, "1GB", "4GB"
BATCH = 10_000  # rows fetched at once
MOST_ROWS = 200_000  # in a form that is made of all rows at once
_FORMULA = "^[=+\\-@\t\r\n＝＋－＠]"  # the last four are the wide forms, which spreadsheets in Asia take too
_NUMBER = "^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$"  # a negative number is no formula


@contextmanager
def open_warehouse(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse for SQL of anybody: read-only, without files, network, extensions or settings."""
    with tempfile.TemporaryDirectory(prefix="a87-query-") as spill:
        config: dict[str, Any] = {
            **storage.DUCKDB_CONFIG,
            "enable_external_access": False,
            "python_enable_replacements": False,  # a name of this program is no table
            "threads": THREADS,
            "memory_limit": MEMORY,
            "temp_directory": spill,
            "max_temp_directory_size": SPILL,
            "lock_configuration": True,
        }
        with duckdb.connect(home.warehouse, read_only=True, config=config) as connection:
            yield connection


def batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a result, a few at a time."""
    while rows := cursor.fetchmany(BATCH):
        yield rows


def held_at_once(rows: Iterator[list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """All rows. Raises ValueError for so many that they would fill the machine's memory."""
    held: list[tuple[Any, ...]] = []
    for batch in rows:
        held += batch
        if len(held) > MOST_ROWS:
            raise ValueError(f"more than {MOST_ROWS:,} rows: take --format csv, or Parquet from published/latest")
    return held


def write_csv(out: TextIO, names: Sequence[str], rows: Iterator[list[tuple[Any, ...]]]) -> None:
    """CSV with a header, text cells defused."""
    writer = csv_writer(out)
    writer.writerow(map(defused, names))
    for batch in rows:
        writer.writerows([defused(cell) for cell in row] for row in batch)


def write_json(out: TextIO, names: Sequence[str], rows: Iterator[list[tuple[Any, ...]]]) -> None:
    """A list of objects; what is no number is null. Raises ValueError where two columns have one name, and
    for more than MOST_ROWS rows."""
    if len(set(names)) != len(names):
        raise ValueError("two columns have one name; give them aliases")
    records = [dict(zip(names, map(_json_cell, row), strict=True)) for row in held_at_once(rows)]
    json.dump(records, out, default=str, ensure_ascii=False, indent=1, allow_nan=False)
    out.write("\n")


WRITERS: dict[str, Callable[[TextIO, Sequence[str], Iterator[list[tuple[Any, ...]]]], None]] = {
    "csv": write_csv,
    "json": write_json,
}


def defused(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe in front; all else stays what it is."""
    if isinstance(cell, str) and re.match(_FORMULA, cell) and not re.match(_NUMBER, cell):
        return f"'{cell}"
    return cell


def copy_rows(connection: duckdb.DuckDBPyConnection, rows: str, to: Path) -> None:
    """Write the rows (a FROM clause) to a .parquet file as they are, or to a .csv file with text cells defused."""
    columns = "*"
    if to.suffix == ".csv":
        described = connection.execute(f"describe {rows}").fetchall()
        columns = ", ".join(_defused_column(name, kind) for name, kind, *_more in described)
    connection.execute(f"copy (select {columns} from ({rows})) to {sql_text(to)}")


def _defused_column(name: str, kind: str) -> str:
    column = sql_name(name)
    if kind != "VARCHAR":
        return column
    looks = f"regexp_matches({column}, {sql_text(_FORMULA)}) and not regexp_matches({column}, {sql_text(_NUMBER)})"
    return f"case when {looks} then '''' || {column} else {column} end as {column}"


def _json_cell(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
