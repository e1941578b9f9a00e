"""Typed Parquet, one folder per vintage: loading, revisions, promotion and quarantine.

lake/<dataset>/vintages/<snapshot_id>/{data.parquet/, revision.parquet, rejected.csv, vintage.json}
                                         data.parquet is a folder of parts, which DuckDB and Spark read as one table;
                                         rejected.csv is there if lines were put aside
lake/<dataset>/quarantine/<snapshot_id>/...      a vintage that did not pass
lake/<dataset>/current.json                      names the vintage everything downstream reads
lake/<dataset>/attempts.ndjson                   one line each time the partner was asked
raw/<dataset>/accepted.ndjson                    one line each time a vintage became current: with the bytes it is all
                                                 that is needed to make the vintages anew (replay.py)
"""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from ingest import storage
from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import TextTable
from ingest.formats.csv_text import LONGEST_LINE
from ingest.formats.sdmx_csv import TRAILING
from ingest.registry import SYNTHETIC_MARK, Column, Dataset
from ingest.snapshots import Edition, Snapshot
from ingest.storage import Home, sql_name, sql_text

KEEP_ATTEMPTS = 500
MOST_REJECTED = 100_000  # lines put aside; a file with more is another format
WORKERS = 2  # parts written at the same time
# A column with more different values than this is written plain: trying a dictionary first costs time, saves nothing.
# Bloom filters are for point look-ups, and the lake is only ever scanned.
PARQUET = "format parquet, compression zstd, dictionary_size_limit 4096, write_bloom_filter false"


@dataclass(frozen=True)
class Vintage:
    """A loaded snapshot: `folder` holds its files, `meta` is vintage.json."""

    folder: Path
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data.parquet"

    @property
    def snapshot_id(self) -> str:
        return str(self.meta["snapshot"]["snapshot_id"])

    @property
    def edition(self) -> Edition:
        edition: Edition = self.meta["snapshot"]["edition"]
        return edition


class VintageGone(Exception):
    """A vintage that the journal of acceptances names is no longer kept."""


def connect(threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A private in-memory DuckDB: few threads, bounded memory, nothing installed or loaded from outside."""
    return duckdb.connect(
        config={
            **storage.DUCKDB_CONFIG,
            "threads": threads,
            "memory_limit": f"{300 * threads}MB",
            "preserve_insertion_order": False,
            "temp_directory": tempfile.gettempdir(),
        }
    )


# --- loading ---------------------------------------------------------------------------------------------------------


def load(dataset: Dataset, tables: Iterable[TextTable], dest: Path) -> int:
    """Write the declared columns of each table to a zstd Parquet part in the folder `dest`; returns the rows of all.

    Tables may still be coming in while the first ones are loaded; their text goes away as it is used up, so disk and
    memory stay flat. One thread a part, so equal tables give equal bytes.
    Columns are mapped by header name, never by position. Lines that are not CSV are put aside in `rejected.csv` beside
    `dest`, as far as the dataset allows any. Raises SchemaDrift (names the columns) and PayloadInvalid (a row that is
    not CSV, with line number and text).
    """
    dest.mkdir()
    rows, waiting = 0, deque[Future[int]]()
    rejected: list[Rejected] = []
    try:
        with _writers() as pool:
            for number, table in enumerate(tables):
                _check_header(dataset, table)
                part = dest / f"part-{number:05d}.parquet"
                waiting.append(pool.submit(_write_part, dataset, table, part, rejected))
                if len(waiting) > WORKERS:
                    rows += waiting.popleft().result()
            rows += sum(done.result() for done in waiting)
        _put_aside(dataset, rows, rejected, dest.with_name("rejected.csv"))
    except BaseException:
        shutil.rmtree(dest)
        raise
    if not any(dest.iterdir()):
        write_empty(dataset, dest / "part-00000.parquet")
    return rows


_of_thread = threading.local()


@contextmanager
def _writers() -> Iterator[ThreadPoolExecutor]:
    """Threads that write parts, each with a connection of its own: to open one a part takes a twentieth of the load."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def start() -> None:
        _of_thread.connection = connect(threads=1)
        opened.append(_of_thread.connection)

    try:
        with ThreadPoolExecutor(WORKERS, initializer=start) as pool:
            yield pool
    finally:
        for connection in opened:
            connection.close()


def _write_part(dataset: Dataset, table: TextTable, part: Path, rejected: list[Rejected]) -> int:
    con: duckdb.DuckDBPyConnection = _of_thread.connection
    try:
        rows = _copy(con, dataset, table, part, rejected)
        _check_trailing(con, dataset, table)
    except (duckdb.IOException, duckdb.OutOfMemoryException):
        raise  # of this machine, such as a full disk, and not the delivery's
    except duckdb.Error as error:
        told = [line for line in str(error).splitlines() if line.strip()]
        since = f" (lines are counted from line {table.lines_before + 1})" if table.lines_before else ""
        raise PayloadInvalid(
            f"rows that are not CSV{since} ({' '.join(told[:3])[:400]})",
            partner=dataset.partner,
            remedy="look at the named line in the raw snapshot; the last good vintage keeps serving",
        ) from error
    if table.is_piece:
        table.path.unlink()
    return int(rows)


def _copy(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, table: TextTable, part: Path, rejected: list[Rejected]
) -> int:
    """Write the part; returns its rows. Adds to `rejected` what is not CSV, or raises duckdb.Error if any such line is
    too much, or if rows and rejected lines are not all lines of the table."""
    copy = f"copy ({{}}) to {sql_text(part)} ({PARQUET})"
    try:
        return int(_one(con, copy.format(_select(dataset, table))))
    except duckdb.InvalidInputException:
        if not dataset.max_rejected_pct:
            raise
        rows = int(_one(con, copy.format(_select(dataset, table, reject=True))))
        found = _rejected(con, table)
        if rows + sum(entry.lines for entry in found) != _data_lines(table):
            raise
        rejected += found
        if len(rejected) > MOST_REJECTED:
            raise
        return rows


class Rejected(NamedTuple):
    """Text that is not CSV: a line, or several of them if a quote was left open."""

    line: int
    text: str
    why: str

    @property
    def lines(self) -> int:
        return self.text.count("\n") + 1


def _rejected(con: duckdb.DuckDBPyConnection, table: TextTable) -> list[Rejected]:
    """DuckDB lists a line once for each of its faults."""
    found = con.execute(
        "select any_value(line), any_value(csv_line), any_value(error_type) from reject_errors "
        "group by line_byte_position order by 1"
    ).fetchall()
    for listing in ("reject_errors", "reject_scans"):  # the connection goes on to other parts
        con.execute(f"drop table {listing}")
    return [Rejected(table.lines_before + line, text.strip(), why) for line, text, why in found]


def _data_lines(table: TextTable) -> int:
    with table.path.open("rb") as stream:
        return sum(1 for _line in stream) - table.skip_lines


def _put_aside(dataset: Dataset, rows: int, rejected: list[Rejected], file: Path) -> None:
    """Write down what is not CSV, or refuse the load if it is too much. Rows never go unseen."""
    if not rejected:
        return
    first, lines = min(rejected), sum(entry.lines for entry in rejected)
    if lines * 100 > dataset.max_rejected_pct * (rows + lines):
        raise PayloadInvalid(
            f"{lines} lines that are not CSV (the first is Line: {first.line}, {first.why}, {first.text[:300]!r})",
            partner=dataset.partner,
            expected=f"at most {dataset.max_rejected_pct:g} % of {rows + lines} lines",
            remedy="look at the named line in the raw snapshot; the last good vintage keeps serving",
        )
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(Rejected._fields)
        writer.writerows(sorted(rejected))


def write_empty(dataset: Dataset, dest: Path) -> None:
    """A Parquet file with the dataset's columns and no rows: what a dataset is before its first acceptance."""
    columns = ", ".join(f"null::{kind} as {sql_name(name)}" for name, kind in dataset.lake_columns.items())
    dest.parent.mkdir(parents=True, exist_ok=True)
    with connect() as con:
        con.execute(f"copy (select {columns} where false) to {sql_text(dest)} (format parquet)")


def undeclared(dataset: Dataset, table: TextTable) -> set[str]:
    """Columns of a delivery that the registry neither takes nor ignores. They are accepted and not loaded."""
    known = {c.source for c in dataset.columns} | {*dataset.ignored, SYNTHETIC_MARK, TRAILING}
    return set(table.header) - known


def _check_header(dataset: Dataset, table: TextTable) -> None:
    needed = {c.source for c in dataset.columns if not c.optional_on_wire}
    missing = sorted(needed - set(table.header))
    if missing:
        raise SchemaDrift(
            f"missing columns {missing}; columns nobody declared {sorted(undeclared(dataset, table))}",
            partner=dataset.partner, expected=f"columns {sorted(needed)}",
            remedy=f"compare the raw file with ingest/registry/{dataset.base_id}.yaml; if the partner renamed a column "
            "and its meaning is the same, change `source` there and refresh again",
        )  # fmt: skip
    if any(end in name for name in table.header for end in "\r\n"):
        raise SchemaDrift("a line end within a column's name", partner=dataset.partner)
    if len(set(table.header)) != len(table.header):
        raise SchemaDrift("a column name twice in the header", partner=dataset.partner)


def _select(dataset: Dataset, table: TextTable, *, reject: bool = False) -> str:
    parts = []
    for column in dataset.columns:
        if column.source not in table.header:
            parts += [f"null::{kind} as {sql_name(name)}" for name, kind in _types_of(column).items()]
        elif column.type == "obs":
            parts += OBS
        else:
            text = sql_name(column.source)
            text = f"if(starts_with({text}, ''''), {text}[2:], {text})" if column.strip_apostrophe else text
            parts.append(f"{text} as {sql_name(column.name)}")
    mark = f"coalesce({sql_name(SYNTHETIC_MARK)} = '1', false)" if SYNTHETIC_MARK in table.header else "false"
    parts.append(f"{mark} as is_synthetic")
    source = _reader(table, reject=reject)
    figure = next((c.source for c in dataset.columns if c.type == "obs" and c.source in table.header), None)
    if figure is not None:  # read once for the three columns that are made of it
        source = (
            f'(select *, trim({sql_name(figure)}) as "a87 text", try_cast("a87 text" as double) as "a87 cast", '
            f"""case when isfinite("a87 cast") and not contains("a87 text", '_') then "a87 cast" end as "a87 number" """
            f"from {source})"
        )
    return f"select {', '.join(parts)} from {source}"


def _types_of(column: Column) -> dict[str, str]:
    if column.type == "obs":
        return {"obs_value": "DOUBLE", "obs_value_text": "VARCHAR", "obs_qualifier": "VARCHAR"}
    return {column.name: "VARCHAR"}


# Number, raw text where it is not one, and the sign of a censored value: '<0.1' is neither 0.1 nor missing. 1e999 and
# nan look like numbers to a cast and are none; DuckDB also takes 1_000.
OBS = (
    '"a87 number" as obs_value',
    """case when "a87 number" is null and "a87 text" <> '' then "a87 text" end as obs_value_text""",
    """case when "a87 number" is null and "a87 text"[1] in ('<', '>')
        and isfinite(try_cast(trim("a87 text"[2:]) as double)) then "a87 text"[1] end as obs_qualifier""",
)


def _reader(table: TextTable, *, reject: bool = False) -> str:
    """`reject` skips lines that are not CSV and lists them in the connection's table reject_errors."""
    columns = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in table.header)
    return (
        f"read_csv({sql_text(table.path)}, auto_detect=false, header=false, skip={table.skip_lines}, delim=',', "
        f"quote='\"', escape='\"', columns={{{columns}}}, max_line_size={LONGEST_LINE}, "
        f"store_rejects={str(reject).lower()})"
    )


def _check_trailing(con: duckdb.DuckDBPyConnection, dataset: Dataset, table: TextTable) -> None:
    if TRAILING in table.header:
        query = f"select count(*) from {_reader(table)} where coalesce({sql_name(TRAILING)}, '') <> ''"
        if _one(con, query):
            raise SchemaDrift("text in the nameless last field", partner=dataset.partner)


def columns(file: Path) -> list[str]:
    """Names of a Parquet file's columns, in order."""
    with connect() as con:
        return [row[0] for row in con.execute(f"describe select * from read_parquet({sql_text(file)})").fetchall()]


def same_content(dataset: Dataset, old: Path, new: Path) -> bool:
    """Whether two Parquet files hold the same rows in any order, stamps of extraction left aside."""
    row = f"hash({', '.join(map(sql_name, dataset.content_columns))})"
    query = f"select count(*), sum({row}::hugeint), bit_xor({row}) from read_parquet({{}})"
    with connect() as con:
        one, other = (con.execute(query.format(sql_text(file))).fetchall() for file in (old, new))
    return one == other


# --- revisions -------------------------------------------------------------------------------------------------------


def revise(dataset: Dataset, old: Path, new: Path, dest: Path, old_id: str, new_id: str) -> dict[str, Any]:
    """Write what changed between two Parquet files by key; returns counts, sizes of change and what it touches.

    Rows of `dest`: dataset_id, old_snapshot_id, new_snapshot_id, key, ref_area, time_period, change, old_value,
    new_value. Keys that occur twice in either file are left to the uniqueness check.
    """
    key = " || '|' || ".join(f"coalesce({sql_name(c)}, '')" for c in dataset.key)
    value = "obs_value" if dataset.has_obs else "null::double"
    area = sql_name(dataset.area_column) if dataset.area_column else "null::varchar"
    period = sql_name(dataset.period_column) if dataset.period_column else "null::varchar"
    same = ", ".join(sql_name(c) for c in dataset.compared_columns if c != "obs_value") or "null"
    noise = f"{dataset.tolerances.value_noise!r} * greatest(abs(n.value), abs(o.value))"
    hashed = f"hash({', '.join(map(sql_name, dataset.key))})"
    side = (
        f"select {key} as key, any_value({area}) as ref_area, any_value({period}) as time_period, "
        f"any_value({value}) as value, any_value(hash({same})) as content from read_parquet({{}}) "
        f"where {hashed} in (from touched) group by 1"
    )
    everything = f"hash({', '.join(map(sql_name, dataset.compared_columns))})::hugeint"
    with connect() as con:
        # Few keys change. Hashes of all rows find them in a fraction of the time and memory that their texts take.
        con.execute(f"""
            create table touched as
            select k from (
                select {hashed} as k, {everything} as content from read_parquet({sql_text(new)})
                union all select {hashed} as k, -{everything} as content from read_parquet({sql_text(old)})
            ) group by k having sum(content) <> 0""")
        con.execute(f"""
            copy (
                select {sql_text(dataset.base_id)} as dataset_id, {sql_text(old_id)} as old_snapshot_id,
                    {sql_text(new_id)} as new_snapshot_id, key, coalesce(n.ref_area, o.ref_area) as ref_area,
                    coalesce(n.time_period, o.time_period) as time_period,
                    case when o.content is null then 'added' when n.content is null then 'removed'
                         else 'changed' end as change,
                    o.value as old_value, n.value as new_value
                from ({side.format(sql_text(old))}) o full join ({side.format(sql_text(new))}) n using (key)
                where o.content is distinct from n.content or (o.value is null) <> (n.value is null)
                    or abs(n.value - o.value) > {noise} order by key
            ) to {sql_text(dest)} (format parquet, compression zstd)""")
        row = con.execute(f"""
            select count(*) filter (change = 'added'), count(*) filter (change = 'removed'),
                count(*) filter (change = 'changed'),
                median(abs(new_value - old_value) / abs(old_value)) filter (change = 'changed' and old_value <> 0),
                max(abs(new_value - old_value) / abs(old_value)) filter (change = 'changed' and old_value <> 0),
                count(distinct ref_area), min(time_period), max(time_period)
            from read_parquet({sql_text(dest)})""").fetchone()
        old_rows = _one(con, f"select count(*) from read_parquet({sql_text(old)})")
    assert row is not None
    added, removed, changed, median, largest, areas, first, last = row
    return {
        "old_snapshot_id": old_id, "old_rows": old_rows, "added": added, "removed": removed, "changed": changed,
        "median_relative_change": median, "max_relative_change": largest,
        "areas_touched": areas, "first_period_touched": first, "last_period_touched": last,
    }  # fmt: skip


# --- vintages --------------------------------------------------------------------------------------------------------


def current(home: Home, dataset_id: str) -> Vintage | None:
    """The vintage everything downstream reads, or None before the first acceptance."""
    name = current_id(home, dataset_id)
    return _open(home.lake(dataset_id) / "vintages" / name) if name else None


def current_id(home: Home, dataset_id: str) -> str | None:
    """The name of the vintage that serves, whether it is there or not."""
    pointer = storage.read_json(home.lake(dataset_id) / "current.json")
    return str(pointer["snapshot_id"]) if pointer else None


def last_signal(home: Home, dataset_id: str) -> dict[str, Any] | None:
    """What the partner's catalogue said when the current vintage was last confirmed."""
    pointer = storage.read_json(home.lake(dataset_id) / "current.json")
    return pointer["signal"] if pointer else None


def vintages(home: Home, dataset_id: str) -> list[Vintage]:
    """The accepted vintages that are kept, oldest first."""
    found = [_open(file.parent) for file in (home.lake(dataset_id) / "vintages").glob("*/vintage.json")]
    return sorted(found, key=lambda v: str(v.meta["settled_at"]))


def was_accepted(home: Home, dataset_id: str, snapshot_id: str) -> bool:
    return (home.lake(dataset_id) / "vintages" / snapshot_id).exists()


def accepted_vintage(home: Home, dataset_id: str, snapshot_id: str) -> Vintage | None:
    folder = home.lake(dataset_id) / "vintages" / snapshot_id
    return _open(folder) if folder.exists() else None


def _open(folder: Path) -> Vintage:
    return Vintage(folder, storage.read_json(folder / "vintage.json"))


def describe(snapshot: Snapshot, rows: int, revision: dict[str, Any] | None) -> dict[str, Any]:
    """The content of vintage.json before the checks have spoken."""
    return {"snapshot": asdict(snapshot), "rows": rows, "revision": revision, "checks": []}


def settle(home: Home, dataset_id: str, candidate: Vintage, signal: dict[str, Any], *, passed: bool) -> Vintage:
    """Move a checked candidate to its place; if it passed it becomes `current` in one rename."""
    last = [a["accepted_at"] for a in acceptances(home, dataset_id)[-1:]]
    candidate.meta["settled_at"] = storage.after(*last or [None]).isoformat(timespec="microseconds")
    storage.write_json(candidate.folder / "vintage.json", candidate.meta)
    place = home.lake(dataset_id) / ("vintages" if passed else "quarantine") / candidate.snapshot_id
    storage.replace_folder(candidate.folder, place)
    if passed:
        keep_journal(home, dataset_id)  # first: what `current` names can be made anew
        confirm(home, dataset_id, candidate.snapshot_id, signal)
    return Vintage(place, candidate.meta)


def served_at(home: Home, dataset_id: str, moment: datetime) -> tuple[datetime, Vintage] | None:
    """The vintage that served at a moment (with time zone) and since when, or None before the first acceptance.

    Raises VintageGone if it was deleted since.
    """
    known = {v.snapshot_id: v for v in vintages(home, dataset_id)}
    accepted = [(datetime.fromisoformat(a["accepted_at"]), a["snapshot_id"]) for a in acceptances(home, dataset_id)]
    before = [entry for entry in accepted if entry[0] <= moment]
    if not before:
        return None
    since, name = max(before)
    if name not in known:
        raise VintageGone(f"{name}, which served from {since:%F %T} UTC, was deleted when its time was over")
    return since, known[name]


def acceptances(home: Home, dataset_id: str) -> list[dict[str, Any]]:
    """Each time that a vintage became current, oldest first: accepted_at, snapshot_id, rows, revision, signal.

    A partner that takes a revision back sends an old vintage again, whose folder knows its last acceptance only.
    """
    # a process may have died before it wrote the line
    known = [_acceptance(vintage) for vintage in vintages(home, dataset_id)]
    every = {a["accepted_at"]: a for a in (*known, *_noted(home, dataset_id))}
    ordered = sorted(every.values(), key=lambda a: str(a["accepted_at"]))
    # one that died later, before `current` named the vintage, left a line more: it was accepted once again
    return [a for a, after in pairwise((*ordered, {"snapshot_id": ""})) if a["snapshot_id"] != after["snapshot_id"]]


def _acceptance(vintage: Vintage) -> dict[str, Any]:
    meta = vintage.meta
    told = {"rows": meta["rows"], "revision": meta["revision"], "signal": meta["snapshot"]["signal"]}
    return {"accepted_at": meta["settled_at"], "snapshot_id": vintage.snapshot_id, **told}


def _noted(home: Home, dataset_id: str) -> list[dict[str, Any]]:
    """The journal's lines. Data roots of earlier versions have it in the lake until the next acceptance."""
    for path in (journal(home, dataset_id), home.lake(dataset_id) / "accepted.ndjson"):
        if path.exists():
            return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    return []


def journal(home: Home, dataset_id: str) -> Path:
    return home.raw(dataset_id) / "accepted.ndjson"


def keep_journal(home: Home, dataset_id: str) -> None:
    """Write every acceptance that is known to the journal. The caller holds the dataset's lock."""
    lines = [json.dumps(a, ensure_ascii=False) + "\n" for a in acceptances(home, dataset_id)]
    storage.write_text(journal(home, dataset_id), "".join(lines))
    (home.lake(dataset_id) / "accepted.ndjson").unlink(missing_ok=True)


def confirm(home: Home, dataset_id: str, snapshot_id: str, signal: dict[str, Any]) -> None:
    """Make a vintage `current`, or note that it still is what the partner's catalogue describes as `signal`."""
    storage.write_json(home.lake(dataset_id) / "current.json", {"snapshot_id": snapshot_id, "signal": signal})


def note_attempt(
    home: Home, dataset_id: str, outcome: str, message: str, snapshot_id: str | None, *, cause: str = "",
    run_id: str = "",
) -> None:  # fmt: skip
    """Fetch outcomes are data: since when a feed fails is a question people ask."""
    path = home.lake(dataset_id) / "attempts.ndjson"
    line = {
        "asked_at": storage.now(), "outcome": outcome, "message": message, "snapshot_id": snapshot_id, "cause": cause,
        "run_id": run_id,
    }  # fmt: skip
    lines = [*(path.read_text().split("\n")[:-1] if path.exists() else []), json.dumps(line, ensure_ascii=False)]
    storage.write_text(path, "\n".join(lines[-KEEP_ATTEMPTS:]) + "\n")


def attempts(home: Home, dataset_id: str) -> list[dict[str, Any]]:
    path = home.lake(dataset_id) / "attempts.ndjson"
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


def _one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = con.execute(query).fetchone()
    assert row is not None
    return row[0]
