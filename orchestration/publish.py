"""From the build file to what analysts read: copy into a fresh file, verify, export, rename. Nothing half-done shows.

Where it all lies: orchestration/editions.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingest import storage
from ingest.storage import Home, sql_name, sql_text
from orchestration import editions, history, meta, warehouse
from orchestration.editions import open_published, published_edition

SCHEMAS = ("supply_chain", "country_progress", "reference", "meta")
MARTS = ("supply_chain.mart_exposure", "country_progress.mart_progress")


class PublishRefused(Exception):
    """The build does not pass verification; the published edition stays what it was."""


@dataclass(frozen=True)
class Published:
    edition_id: str
    file: Path
    rows: dict[str, int]  # table -> rows


def is_due(home: Home) -> bool:
    """Whether anything the warehouse is built from changed since it was published.

    Not with nothing to serve, and not while a rollback is in force.
    """
    if not warehouse.serving(home) or editions.hold(home):
        return False
    published = published_edition(home)
    return published is None or published["inputs_fingerprint"] != warehouse.inputs_fingerprint(home)


def publish(home: Home) -> Published:
    """Publish the build file as a new edition. Raises PublishRefused."""
    _refuse_while_held(home)
    moment = editions.next_moment(home)
    edition_id = moment.strftime(editions.ID)
    meta.write_meta(home, edition_id)
    history.write(home, moment)
    with storage.work_folder(editions.folder(home)) as work:
        file = work / "alliance87.duckdb"
        _copy(warehouse.build_file(home), file)
        rows = _verify(file, warehouse.build_file(home))
        _refuse_emptied_marts(home, rows)
        history.create_macros(file)
        _export(file, work, edition_id)
        file.chmod(0o444)
        storage.replace_folder(work, editions.folder(home) / edition_id)
    with storage.exclusive(editions.lock(home)):
        _refuse_while_held(home)
        editions.serve(home, edition_id)
        editions.forget_old(home, edition_id)
    return Published(edition_id, home.warehouse, rows)


def _refuse_while_held(home: Home) -> None:
    held = editions.hold(home)
    if held:
        raise PublishRefused(
            f"a rollback holds edition {held['edition_id']} since {held['since']} ({held['reason']}); "
            "`a87 rollback --end` lifts it"
        )


def _copy(build: Path, fresh: Path) -> None:
    """COPY FROM DATABASE also compacts; what is not for analysts is dropped from the copy."""
    with duckdb.connect(config=storage.DUCKDB_CONFIG) as connection:
        connection.execute(f"attach {sql_text(build)} as build (read_only)")
        connection.execute(f"attach {sql_text(fresh)} as fresh")
        connection.execute("copy from database build to fresh")
        schemas = "select schema_name from duckdb_schemas() where database_name = 'fresh' and not internal"
        for (schema,) in connection.execute(schemas).fetchall():
            if schema not in (*SCHEMAS, "main"):
                connection.execute(f"drop schema fresh.{sql_name(schema)} cascade")
        for kind in ("table", "view"):  # of the schema main, which cannot be dropped itself
            scratch = f"select {kind}_name from duckdb_{kind}s() where database_name = 'fresh' and schema_name = 'main'"
            for (name,) in connection.execute(f"{scratch} and not internal").fetchall():
                connection.execute(f"drop {kind} fresh.main.{sql_name(name)}")
        connection.execute("checkpoint fresh")


def _verify(fresh: Path, build: Path) -> dict[str, int]:
    """Row counts equal to the build's, both marts there, and a known snapshot behind every fact."""
    with duckdb.connect(fresh, read_only=True, config=storage.DUCKDB_CONFIG) as connection:
        connection.execute(f"attach {sql_text(build)} as build (read_only)")
        rows = _counts(connection, "")
        if rows != _counts(connection, "build."):
            raise PublishRefused("the copy does not hold the rows of the build file")
        missing = [table for table in (*MARTS, "meta.edition", "meta.snapshot") if table not in rows]
        if missing:
            raise PublishRefused(f"tables are missing: {missing}; run the whole `warehouse` job")
        for table, column in _snapshot_columns(connection):
            query = (
                f"select count(*) from {table} where {column} is not null "
                f"and {column} not in (select snapshot_id from meta.snapshot)"
            )
            orphans = connection.execute(query).fetchall()[0][0]
            if orphans:
                raise PublishRefused(f"{orphans} rows of {table} name a {column} that meta.snapshot does not hold")
    return rows


def _refuse_emptied_marts(home: Home, rows: dict[str, int]) -> None:
    """A mart that analysts read with rows is not replaced by one without."""
    if home.warehouse.exists():
        with open_published(home) as connection:
            known = _counts(connection, "")
        emptied = [table for table, count in rows.items() if ".mart_" in table and known.get(table) and not count]
        if emptied:
            raise PublishRefused(f"{', '.join(emptied)} would be empty, and is not in the published edition")


def _counts(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, int]:
    return {
        table: connection.execute(f"select count(*) from {database}{table}").fetchall()[0][0]
        for table in _tables(connection)
    }


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    query = (
        "select schema_name || '.' || table_name from duckdb_tables() "
        f"where database_name = current_database() and schema_name in {SCHEMAS} order by all"
    )
    return [row[0] for row in connection.execute(query).fetchall()]


def _snapshot_columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    query = (
        "select schema_name || '.' || table_name, column_name from duckdb_columns() "
        "where database_name = current_database() and schema_name <> 'meta' "
        "and (column_name = 'snapshot_id' or column_name like '%\\_snapshot\\_id' escape '\\') order by all"
    )
    return [(row[0], row[1]) for row in connection.execute(query).fetchall()]


def _export(file: Path, folder: Path, edition_id: str) -> None:
    """Every table as Parquet, described by a Frictionless data package. Sorted: equal tables are equal files."""
    resources = []
    with duckdb.connect(file, read_only=True, config=storage.DUCKDB_CONFIG) as connection:
        for table in _tables(connection):
            schema, name = table.split(".")
            path = folder / "parquet" / schema / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            connection.execute(
                f"copy (from {table} order by all) to {sql_text(path)} (format parquet, compression zstd)"
            )
            resources.append(_resource(connection, schema, name, path.relative_to(folder)))
        sources = connection.execute(
            "select distinct partner || ': ' || title, homepage, licence from meta.dataset order by all"
        ).fetchall()
    package = {
        "name": "alliance87",
        "title": "Alliance 8.7 supply chains and country progress",
        "version": edition_id,
        "created": storage.now(),
        "sources": [{"title": title, "path": path, "licence": licence} for title, path, licence in sources],
        "resources": resources,
    }
    storage.write_json(folder / "datapackage.json", package)


def _resource(connection: duckdb.DuckDBPyConnection, schema: str, name: str, path: Path) -> dict[str, Any]:
    query = (
        "select column_name, data_type, comment from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ? order by column_index"
    )
    columns = connection.execute(query, [schema, name]).fetchall()
    fields = [{"name": c, "type": kind.lower(), "description": text or ""} for c, kind, text in columns]
    return {
        "name": f"{schema}.{name}", "path": str(path), "format": "parquet", "schema": {"fields": fields},
    }  # fmt: skip
