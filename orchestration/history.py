"""What the warehouse said on a day: the rows of facts that later editions changed, and a macro that puts them back.

meta.<fact>_history      one row an edition and key: what stood there before that edition
meta.fact_history        since when each fact's history is complete
<schema>.<fact>_as_of    table macro of the published file: the fact as it stood at a moment

Only what changed is kept, so the file grows by its revisions. A fact starts anew when its columns change or when
another edition (live, recorded, sample) takes over.
"""

from __future__ import annotations

import functools
from datetime import datetime
from pathlib import Path

import duckdb
import yaml

from ingest import storage
from ingest.storage import Home, sql_name, sql_text
from orchestration.warehouse import DBT_PROJECT, Table, open_build, write_table

FACT_HISTORY = Table(
    "meta.fact_history",
    "Since when the history of each fact is complete. Grain: one row per fact.",
    {
        "fact": ("varchar", "schema and table"),
        "complete_since": ("timestamp", "UTC; the _as_of macro refuses earlier moments"),
    },
)
Columns = dict[str, str]  # name -> DuckDB type


@functools.cache
def facts() -> dict[str, tuple[str, ...]]:
    """Each fact (schema.table) with its key, which is the one that the dbt project tests."""
    keys = {}
    for file in sorted((DBT_PROJECT / "models" / "marts").rglob("*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            tested = [t["unique_combination"] for t in model.get("data_tests", []) if "unique_combination" in t]
            if model["name"].startswith("fct_") and tested:
                keys[f"{file.parent.name}.{model['name']}"] = tuple(tested[0]["arguments"]["columns"])
    return keys


def write(home: Home, moment: datetime) -> None:
    """Write the history tables into the build file: those of the published edition, and what this one changes.

    `moment` is the UTC time of the edition that is about to be published.
    """
    with open_build(home) as connection:
        continues = _attach_published(connection, home)
        since = []
        for fact in facts():
            columns = _columns(connection, "current_database()", fact)
            if columns:
                kept = continues and columns == _columns(connection, "'before'", fact)
                since.append((fact, _complete_since(connection, fact) if kept else moment.replace(tzinfo=None)))
                _write_one(connection, fact, columns, moment, kept=kept)
        write_table(connection, FACT_HISTORY, since)
        if home.warehouse.exists():
            connection.execute("detach before")


def create_macros(file: Path) -> None:
    """Create the _as_of macro of each fact in a copy that is about to be published."""
    with duckdb.connect(file, config=storage.DUCKDB_CONFIG) as connection:
        for fact in facts():
            columns = _columns(connection, "current_database()", fact)
            if columns:
                connection.execute(_macro(fact, columns))


def history_table(fact: str) -> str:
    return f"meta.{fact.split('.')[1]}_history"


def _attach_published(connection: duckdb.DuckDBPyConnection, home: Home) -> bool:
    """Attach the published edition as `before`; whether it has histories that this edition continues."""
    if not home.warehouse.exists():
        return False
    connection.execute(f"attach {sql_text(home.warehouse)} as before (read_only)")
    if not _columns(connection, "'before'", FACT_HISTORY.name):
        return False
    editions = "select edition from meta.edition union select edition from before.meta.edition"
    return len(connection.execute(editions).fetchall()) == 1


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> Columns:
    """Columns of a table without the vintages, which change under equal rows; none if there is no such table."""
    schema, name = table.split(".")
    query = (
        "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ? "
        f"and database_name = {database} and not suffix(column_name, 'snapshot_id') order by column_index"
    )
    return dict(connection.execute(query, [schema, name]).fetchall())


def _complete_since(connection: duckdb.DuckDBPyConnection, fact: str) -> datetime:
    query = "select complete_since from before.meta.fact_history where fact = ?"
    since: datetime = connection.execute(query, [fact]).fetchall()[0][0]
    return since


def _write_one(
    connection: duckdb.DuckDBPyConnection, fact: str, columns: Columns, moment: datetime, *, kept: bool
) -> None:
    history = Table(
        history_table(fact),
        f"Rows of {fact} that a later edition changed, as they stood before it; read them through {fact}_as_of. "
        "Grain: one row per key and edition that changed it.",
        {
            "superseded_at": ("timestamp", "UTC time of the edition that changed the row"),
            "change": (
                "varchar",
                "changed, removed, or added: then there was no row before and only its key stands here",
            ),
            **{name: (kind, f"as in {fact}") for name, kind in columns.items()},
        },
    )
    write_table(connection, history, [])
    if not kept:
        return
    connection.execute(f"insert into {history.name} by name from before.{history.name}")
    if not _equal(connection, fact, columns):
        at = f"timestamp '{moment:%Y-%m-%d %H:%M:%S.%f}'"
        connection.execute(f"insert into {history.name} by name {_changes(fact, columns, at)}")


def _equal(connection: duckdb.DuckDBPyConnection, fact: str, columns: Columns) -> bool:
    """Cheap and nearly always enough: equal rows in any order."""
    row = f"hash({', '.join(map(sql_name, columns))})"
    query = f"select count(*), sum({row}::hugeint), bit_xor({row}) from {{}}{fact}"
    old, new = (connection.execute(query.format(database)).fetchall() for database in ("before.", ""))
    return old == new


def _changes(fact: str, columns: Columns, at: str) -> str:
    """SELECT of what stood in the published fact wherever the new one differs."""
    key = facts()[fact]
    side = (
        f"select {', '.join(map(sql_name, key))}, hash({', '.join(map(sql_name, columns))}) as content from {{}}{fact}"
    )
    both = ", ".join(f"coalesce(o.{name}, n.{name}) as {name}" for name in map(sql_name, key))
    cells = ", ".join(f"{'touched' if name in key else 'before_it'}.{sql_name(name)}" for name in columns)
    return f"""
        with touched as (
            select {both},
                case when o.content is null then 'added' when n.content is null then 'removed' else 'changed' end
                    as change
            from ({side.format("before.")}) as o full join ({side.format("")}) as n on {_same_key(key, "o", "n")}
            where o.content is distinct from n.content
        )
        select {at} as superseded_at, touched.change, {cells}
        from touched left join before.{fact} as before_it on {_same_key(key, "touched", "before_it")}"""


def _macro(fact: str, columns: Columns) -> str:
    """The fact's rows of today where nothing changed since, and elsewhere what the first change since then replaced."""
    key, listed = facts()[fact], ", ".join(map(sql_name, columns))
    return f"""
        create or replace macro {fact}_as_of(moment) as table
        with asked as (
            select case
                when cast(moment as timestamp) >= complete_since then cast(moment as timestamp)
                else error({sql_text(fact)} || ' is known since ' || complete_since
                    || ' UTC; for earlier days see docs/operations.md, as-of')
            end as asked_at
            from meta.fact_history where fact = {sql_text(fact)}
        ),
        first_change as (
            select history.* from {history_table(fact)} as history cross join asked
            where history.superseded_at > asked.asked_at
            qualify row_number() over (partition by {", ".join(map(sql_name, key))} order by history.superseded_at) = 1
        )
        select {listed} from {fact} as today
        where (select asked_at from asked) is not null
            and not exists (select 1 from first_change where {_same_key(key, "first_change", "today")})
        union all
        select {listed} from first_change where change <> 'added'"""


def _same_key(key: tuple[str, ...], one: str, other: str) -> str:
    return " and ".join(f"{one}.{name} is not distinct from {other}.{name}" for name in map(sql_name, key))
