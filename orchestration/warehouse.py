"""The private build file: what dbt reads (schema `lake`) and what tells where every number comes from (schema `meta`).

Only one process writes it at a time; analysts never open it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from ingest import lake, storage
from ingest.lake import Vintage
from ingest.registry import Dataset, datasets, partners
from ingest.snapshots import RANK
from ingest.storage import Home, sql_text

DBT_PROJECT = Path(__file__).parent.parent / "dbt_project"
DBT_SOURCES = ("dbt_project.yml", "models", "seeds", "macros", "tests")


def build_file(home: Home) -> Path:
    return home.build / "alliance87_build.duckdb"


def dbt_checks_file(home: Home) -> Path:
    """Results of dbt tests of the current build file, by unique id."""
    return home.build / "dbt_checks.json"


@contextmanager
def open_build(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    home.build.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(build_file(home), config=storage.DUCKDB_CONFIG) as connection:
        yield connection


# --- what goes in ----------------------------------------------------------------------------------------------------


def serving(home: Home) -> dict[str, Vintage]:
    """The vintages the warehouse is built from, by dataset: those of the best edition that is there.

    A live warehouse never falls back on sample figures: a dataset without a vintage of that edition is left empty.
    """
    current = {name: vintage for name in datasets() if (vintage := lake.current(home, name))}
    best = max((RANK[v.edition] for v in current.values()), default=0)
    return {name: v for name, v in current.items() if RANK[v.edition] == best}


def inputs_fingerprint(home: Home) -> str:
    """Hash of everything a build depends on: vintages, registry, dbt project, this package's version."""
    digest = hashlib.sha256(version("alliance87").encode())
    digest.update(json.dumps({name: v.snapshot_id for name, v in serving(home).items()}, sort_keys=True).encode())
    for dataset in datasets().values():
        digest.update(dataset.model_dump_json().encode())
    for file in dbt_source_files():
        digest.update(str(file.relative_to(DBT_PROJECT)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def dbt_source_files() -> list[Path]:
    roots = [DBT_PROJECT / name for name in DBT_SOURCES]
    found = [file for root in roots for file in ([root] if root.is_file() else root.rglob("*"))]
    return sorted(file for file in found if file.is_file())


def prepare(home: Home) -> None:
    """Point the schema `lake` of the build file at the serving vintages, and write the registry's series."""
    vintages = serving(home)
    with open_build(home) as connection:
        connection.execute("create schema if not exists lake")
        for dataset in datasets().values():
            source = vintages[dataset.id].data if dataset.id in vintages else _empty(home, dataset)
            connection.execute(
                f'create or replace view lake."{dataset.id}" as select * from read_parquet({sql_text(source)})'
            )
        _write(connection, "lake.series", _SERIES, _series())


def _empty(home: Home, dataset: Dataset) -> Path:
    file = home.build / "empty" / f"{dataset.id}.parquet"
    lake.write_empty(dataset, file)
    return file


# --- meta ------------------------------------------------------------------------------------------------------------

_SERIES = (
    "dataset_id varchar, indicator_id varchar, label varchar, unit varchar, direction varchar, comparability varchar, "
    "definition varchar"
)
_DATASET = (
    "dataset_id varchar, partner varchar, code varchar, title varchar, description varchar, grain varchar, "
    "licence varchar, homepage varchar, cadence varchar, schedule varchar"
)
_SNAPSHOT = (
    "snapshot_id varchar, partner varchar, dataset_id varchar, url varchar, retrieved_at varchar, "
    "partner_updated varchar, sha256 varchar, bytes bigint, rows bigint, synthetic_rows bigint, licence varchar, "
    "edition varchar, is_serving boolean"
)
_CHECK = (
    "dataset_id varchar, check_name varchar, kind varchar, severity varchar, passed boolean, failing_rows bigint, "
    "observed varchar, message varchar, examples varchar, error varchar, snapshot_id varchar"
)
_ATTEMPT = "dataset_id varchar, asked_at varchar, outcome varchar, message varchar, snapshot_id varchar"
_EDITION = "edition_id varchar, edition varchar, published_at varchar, inputs_fingerprint varchar, code_version varchar"
_REVISION = (
    "dataset_id varchar, old_snapshot_id varchar, new_snapshot_id varchar, key varchar, ref_area varchar, "
    "time_period varchar, change varchar, old_value double, new_value double"
)


def write_meta(home: Home, edition_id: str) -> None:
    """Write schema `meta`: edition, dataset, snapshot, check_result, revision, attempt."""
    vintages = serving(home)
    with open_build(home) as connection:
        connection.execute("create schema if not exists meta")
        edition = next((v.edition for v in vintages.values()), "none")
        row = (edition_id, edition, storage.now(), inputs_fingerprint(home), version("alliance87"))
        _write(connection, "meta.edition", _EDITION, [row])
        _write(connection, "meta.dataset", _DATASET, _datasets())
        _write(connection, "meta.snapshot", _SNAPSHOT, _snapshots(home, vintages, connection))
        _write(connection, "meta.check_result", _CHECK, [*_expectation_rows(vintages), *_dbt_rows(home)])
        _write(connection, "meta.attempt", _ATTEMPT, _attempts(home))
        _write_revisions(connection, home)


def _series() -> list[tuple[Any, ...]]:
    return [
        (d.id, s.id, s.label, s.unit, s.direction, s.comparability, s.definition)
        for d in datasets().values()
        for s in d.series
    ]


def _datasets() -> list[tuple[Any, ...]]:
    rows = []
    for d in datasets().values():
        partner = partners()[d.partner]
        texts = (d.id, d.partner, d.code, d.title, d.description, d.grain, d.licence, d.homepage)
        rows.append((*texts, partner.cadence, partner.schedule))
    return rows


def _snapshots(
    home: Home, vintages: dict[str, Vintage], connection: duckdb.DuckDBPyConnection
) -> Iterator[tuple[Any, ...]]:
    for name in datasets():
        for vintage in lake.vintages(home, name):
            s = vintage.meta["snapshot"]
            query = f"select count(*) from read_parquet({sql_text(vintage.data)}) where is_synthetic"
            synthetic = connection.execute(query).fetchall()[0][0]
            serves = name in vintages and vintages[name].snapshot_id == vintage.snapshot_id
            yield (
                s["snapshot_id"], s["partner"], name, s["url"], s["retrieved_at"], s["partner_updated"], s["sha256"],
                s["bytes"], vintage.meta["rows"], synthetic, s["licence"], s["edition"], serves,
            )  # fmt: skip


def _expectation_rows(vintages: dict[str, Vintage]) -> Iterator[tuple[Any, ...]]:
    for name, vintage in vintages.items():
        for c in vintage.meta["checks"]:
            examples = json.dumps(c["examples"], ensure_ascii=False)
            yield (
                name, c["check_name"], "expectation", c["severity"], c["passed"], c["failing_rows"], c["observed"],
                c["message"], examples, c["error"], vintage.snapshot_id,
            )  # fmt: skip


def _dbt_rows(home: Home) -> Iterator[tuple[Any, ...]]:
    for c in (storage.read_json(dbt_checks_file(home)) or {}).values():
        yield (
            c["model"], c["check_name"], "dbt_test", c["severity"], c["passed"], c["failing_rows"], "", c["message"],
            json.dumps(c["examples"], ensure_ascii=False), c["error"], None,
        )  # fmt: skip


def _attempts(home: Home) -> Iterator[tuple[Any, ...]]:
    for name in datasets():
        for a in lake.attempts(home, name):
            yield (name, a["asked_at"], a["outcome"], a["message"], a["snapshot_id"])


def _write_revisions(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    files = [v.folder / "revision.parquet" for name in datasets() for v in lake.vintages(home, name)]
    listed = ", ".join(sql_text(file) for file in files if file.exists())
    source = f"select * from read_parquet([{listed}])" if listed else None
    connection.execute(f"create or replace table meta.revision ({_REVISION})")
    if source:
        connection.execute(f"insert into meta.revision {source}")


def _write(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Iterator[tuple[Any, ...]] | Sequence[Any]
) -> None:
    connection.execute(f"create or replace table {table} ({columns})")
    listed = list(rows)
    if listed:
        connection.register("written", pd.DataFrame(listed, dtype=object))
        connection.execute(f"insert into {table} select * from written")
        connection.unregister("written")
