"""The private build file: which vintages go in, and what dbt reads of them (schema `lake`).

Only one process writes it at a time; analysts never open it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from ingest import lake, months, storage
from ingest.lake import Vintage
from ingest.registry import Dataset, datasets
from ingest.registry.corrections import corrections as declared_corrections
from ingest.snapshots import RANK
from ingest.storage import Home, sql_name, sql_text
from orchestration import corrections

DBT_PROJECT = Path(__file__).parent.parent / "dbt_project"
DBT_SOURCES = ("dbt_project.yml", "models", "seeds", "macros", "tests")


def build_file(home: Home) -> Path:
    return home.build / "alliance87_build.duckdb"


@contextmanager
def open_build(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    home.build.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(build_file(home), config=storage.DUCKDB_CONFIG) as connection:
        yield connection


@dataclass(frozen=True)
class Table:
    """A table that Python writes: `columns` is name -> (DuckDB type, meaning)."""

    name: str
    comment: str
    columns: dict[str, tuple[str, str]]


def write_table(connection: duckdb.DuckDBPyConnection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Create or replace the table with these rows, and say what it holds."""
    typed = ", ".join(f"{sql_name(name)} {kind}" for name, (kind, _meaning) in table.columns.items())
    connection.execute(f"create or replace table {table.name} ({typed})")
    connection.execute(f"comment on table {table.name} is {sql_text(table.comment)}")
    for name, (_kind, meaning) in table.columns.items():
        connection.execute(f"comment on column {table.name}.{sql_name(name)} is {sql_text(meaning)}")
    listed = list(rows)
    if listed:
        connection.register("written", pd.DataFrame(listed, dtype=object))
        connection.execute(f"insert into {table.name} select * from written")
        connection.unregister("written")


# --- what goes in ----------------------------------------------------------------------------------------------------


def serving(home: Home) -> dict[str, Vintage]:
    """The vintages the warehouse is built from, by dataset or month: those of the best edition that is there.

    A live warehouse never falls back on sample figures: a dataset without a vintage of that edition is left empty.
    """
    current = {name: v for dataset in datasets().values() for name, v in months.serving(home, dataset).items()}
    best = max((RANK[v.edition] for v in current.values()), default=0)
    return {name: v for name, v in current.items() if RANK[v.edition] == best}


def inputs_fingerprint(home: Home) -> str:
    """Hash of everything a build depends on: vintages, and what `code_fingerprint` names."""
    served = json.dumps({name: v.snapshot_id for name, v in serving(home).items()}, sort_keys=True)
    return hashlib.sha256(f"{code_fingerprint()} {served}".encode()).hexdigest()[:16]


def code_fingerprint() -> str:
    """Hash of registry, corrections, dbt project and the versions of the platform and DuckDB."""
    digest = hashlib.sha256(f"{version('alliance87')} {duckdb.__version__}".encode())
    for dataset in datasets().values():
        digest.update(dataset.model_dump_json().encode())
    for correction in declared_corrections():
        digest.update(correction.model_dump_json().encode())
    for file in dbt_source_files():
        digest.update(str(file.relative_to(DBT_PROJECT)).encode() + file.read_bytes())
    return digest.hexdigest()


def source_states(home: Home) -> dict[str, str]:
    """What each relation of the schema `lake` holds, by name: ids of its vintages, or rows that Python writes."""
    vintages = serving(home)
    states = {dataset.id: _served(home, dataset, vintages) for dataset in datasets().values()}
    written = {table.name: rows for table, rows in _written(home, vintages)}
    return states | {name.removeprefix("lake."): repr(sorted(rows, key=repr)) for name, rows in written.items()}


def _served(home: Home, dataset: Dataset, vintages: dict[str, Vintage]) -> str:
    return repr([vintages[part.id].snapshot_id for part in months.parts(home, dataset) if part.id in vintages])


def dbt_source_files() -> list[Path]:
    roots = [DBT_PROJECT / name for name in DBT_SOURCES]
    found = [file for root in roots for file in ([root] if root.is_file() else root.rglob("*"))]
    return sorted(file for file in found if file.is_file())


def prepare(home: Home) -> None:
    """Point the schema `lake` of the build file at the serving vintages, and write what only Python can tell.

    The views hold the declared corrections; the lake's files hold what was delivered.
    """
    vintages = serving(home)
    with open_build(home) as connection:
        connection.execute("create schema if not exists lake")
        for dataset in datasets().values():
            select = corrections.corrected(dataset, f"({_rows(home, dataset, vintages)})")
            connection.execute(f"create or replace view lake.{sql_name(dataset.id)} as {select}")
        for table, rows in _written(home, vintages):
            write_table(connection, table, rows)


def drop_retired(home: Home, kept: Collection[str]) -> None:
    """Drop the relations of dbt's schemas but these (`schema.name`): what no model makes would be published on."""
    schemas = sorted({relation.partition(".")[0] for relation in kept})
    marks = ", ".join("?" for _ in schemas)
    with open_build(home) as connection:
        for kind in ("table", "view"):
            found = (
                f"select schema_name, {kind}_name from duckdb_{kind}s() where schema_name in ({marks}) and not internal"
            )
            for schema, name in connection.execute(found, schemas).fetchall():
                if f"{schema}.{name}" not in kept:
                    connection.execute(f"drop {kind} {sql_name(schema)}.{sql_name(name)} cascade")


def _written(home: Home, vintages: dict[str, Vintage]) -> list[tuple[Table, list[tuple[Any, ...]]]]:
    """The tables that only Python can tell, with their rows."""
    return [
        (SERIES, _series()),
        (VINTAGE, _vintages(vintages)),
        (CORRECTION, list(corrections.rows(vintages))),
        (ECONOMY_CLASS, _economy_classes(home)),
    ]


def _rows(home: Home, dataset: Dataset, vintages: dict[str, Vintage]) -> str:
    """SELECT of the serving vintage, or of those of all months, with their ids."""
    held = [vintages[part.id] for part in months.parts(home, dataset) if part.id in vintages]
    if not held:
        empty = home.build / "empty" / f"{dataset.id}.parquet"
        lake.write_empty(dataset, empty)
        return f"select *, null::varchar as snapshot_id from read_parquet({sql_text(empty)})"
    return " union all ".join(_vintage_rows(dataset, vintage) for vintage in held)


def _vintage_rows(dataset: Dataset, vintage: Vintage) -> str:
    """A column declared since the vintage was loaded is null until the next load."""
    held = set(lake.columns(vintage.data))
    columns = ", ".join(
        sql_name(name) if name in held else f"null::{kind} as {sql_name(name)}"
        for name, kind in dataset.lake_columns.items()
    )
    return (
        f"select {columns}, {sql_text(vintage.snapshot_id)} as snapshot_id from read_parquet({sql_text(vintage.data)})"
    )


SERIES = Table(
    "lake.series",
    "Series that the registry takes from the datasets. Grain: one row per dataset and indicator.",
    {
        "dataset_id": ("varchar", "dataset of the registry"),
        "indicator_id": ("varchar", "the partner's series id, or ours where it has none"),
        "label": ("varchar", "short name"),
        "unit": ("varchar", "unit of the figures"),
        "direction": ("varchar", "direction of good: up, down or none"),
        "comparability": ("varchar", "what makes years comparable: indicator, survey, source or none"),
        "definition": ("varchar", "what is counted"),
    },
)

CORRECTION = Table(
    "lake.correction",
    "Errors of the partners that the registry corrects, and what became of each in the serving vintages. "
    "Grain: one row per correction.",
    corrections.COLUMNS,
)


def _series() -> list[tuple[Any, ...]]:
    return [
        (d.id, s.id, s.label, s.unit, s.direction, s.comparability, s.definition)
        for d in datasets().values()
        for s in d.series
    ]


VINTAGE = Table(
    "lake.vintage",
    "The vintages behind the views of this schema. Grain: one row per dataset that has one.",
    {
        "dataset_id": ("varchar", "dataset of the registry"),
        "snapshot_id": ("varchar", "the delivery, as in every row of the view"),
        "retrieved_at": ("varchar", "UTC, ISO 8601"),
        "partner_updated": ("varchar", "the partner's own stamp of the update, as printed"),
    },
)


def _vintages(vintages: dict[str, Vintage]) -> list[tuple[Any, ...]]:
    names = ("snapshot_id", "retrieved_at", "partner_updated")
    return [(name, *(v.meta["snapshot"][column] for column in names)) for name, v in vintages.items()]


ECONOMY_CLASS = Table(
    "lake.economy_class",
    "Region and income group by fiscal year, from live country lists. Grain: one row per economy and fiscal year.",
    {
        "ref_area": ("varchar", "three-letter World Bank code"),
        "fiscal_year": ("integer", "2026 runs from 1 July 2025 to 30 June 2026"),
        "region": ("varchar", "region in that year"),
        "income_group_id": ("varchar", "income group in that year"),
        "income_group": ("varchar", "its name"),
        "source": ("varchar", "the list that says so"),
    },
)


def _economy_classes(home: Home) -> list[tuple[Any, ...]]:
    """The Bank's list gives the present only, so its day of retrieval dates it; the last list of a year counts.

    A sandbox replays the list of another day: its vintages say nothing of the year in which they were fetched.
    """
    found: dict[tuple[str, int], tuple[Any, ...]] = {}
    for vintage in lake.vintages(home, "world_bank_country"):
        if vintage.edition == "live":
            day = date.fromisoformat(vintage.meta["snapshot"]["retrieved_at"][:10])
            year = day.year + (day.month >= 7)
            for area, *group in _economies(vintage.data):
                found[area, year] = (area, year, *group, f"country list of {day}")
    return list(found.values())


def _economies(file: Path) -> list[tuple[Any, ...]]:
    query = (
        "select trim(ref_area), trim(region_label), trim(income_group_id), trim(income_group_label) "
        f"from read_parquet({sql_text(file)}) where region_id <> 'NA'"
    )
    with lake.connect() as connection:
        return connection.execute(query).fetchall()
