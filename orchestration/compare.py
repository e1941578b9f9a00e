"""How the build file differs from the published edition, table by table; `meta`, which tells of runs, is left aside."""

from __future__ import annotations

import duckdb

from ingest import storage
from ingest.storage import Home, sql_name, sql_text
from orchestration import publish, warehouse

COMPARED = tuple(schema for schema in publish.SCHEMAS if schema != "meta")
Content = tuple[tuple[str, ...], int, int, int]  # columns with types, rows, and two sums over the hashes of the rows


def compare(home: Home) -> tuple[list[str], dict[str, str] | None]:
    """Tables that are equal in columns and rows, and for each other table in what it differs.

    The latter is None if nothing is published.
    """
    if not home.warehouse.exists():
        return [], None
    with duckdb.connect(config=storage.DUCKDB_CONFIG) as connection:
        for name, file in (("build", warehouse.build_file(home)), ("published", home.warehouse)):
            connection.execute(f"attach {sql_text(file)} as {sql_name(name)} (read_only)")
        build, published = (_contents(connection, name) for name in ("build", "published"))
    equal = [table for table in published if build.get(table) == published[table]]
    differs = {
        table: _difference(build.get(table), published.get(table))
        for table in sorted({*build, *published})
        if table not in equal
    }
    return equal, differs


def _contents(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, Content]:
    """What each table holds, whatever the order of its rows."""
    query = (
        "select schema_name || '.' || table_name, list(column_name || ' ' || data_type order by column_index) "
        "from duckdb_columns() join duckdb_tables() using (database_name, schema_name, table_name) "
        f"where database_name = ? and schema_name in {COMPARED} group by all order by all"
    )
    found = {}
    for table, columns in connection.execute(query, [database]).fetchall():
        listed = ", ".join(sql_name(column.partition(" ")[0]) for column in columns)
        counted = f"select count(*), coalesce(sum(hash({listed})::hugeint), 0), coalesce(bit_xor(hash({listed})), 0)"
        found[table] = (tuple(columns), *connection.execute(f"{counted} from {database}.{table}").fetchall()[0])
    return found


def _difference(build: Content | None, published: Content | None) -> str:
    if build is None:
        return "is published and was not built"
    if published is None:
        return f"is new, with {build[1]} rows"
    if build[0] != published[0]:
        return "has other columns"
    return f"{published[1]} rows are published, {build[1]} were built, and they are not the same"
