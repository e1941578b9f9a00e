"""`a87 rebuild`: lake, build and published edition from the raw store alone, and what differs from what is published.

No partner is asked. What serves goes on serving until the new edition, if any figure differs, takes its place.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from ingest import replay, storage
from ingest.registry import datasets
from ingest.storage import Home, sql_name, sql_text
from orchestration import meta, publish, warehouse

if TYPE_CHECKING:
    import dagster as dg

COMPARED = tuple(schema for schema in publish.SCHEMAS if schema != "meta")


@dataclass
class Rebuilt:
    """`troubles` are deliveries that could not be made anew, `errors` a build or a publication that failed; `differs`
    says what is not equal, by table, or is None if nothing was published before."""

    troubles: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)
    differs: dict[str, str] | None = None
    published: bool = False

    @property
    def exit_code(self) -> int:
        return 2 if self.errors else 1 if self.troubles else 0


def rebuild(home: Home, say: Callable[[str], None]) -> Rebuilt:
    """Everything anew from `raw/`; `say` is told of each dataset. Waits for a refresh that is under way."""
    from orchestration.instance import command_line

    done = Rebuilt()
    with command_line(home) as instance:
        _replay_all(home, done, say)
        if not warehouse.serving(home):
            done.errors.append(f"{home.root / 'raw'} holds no delivery that was ever accepted")
            return done
        _build(home, instance, done)
        if done.errors:
            return done
        done.equal, done.differs = compare(home)
        if done.differs or done.differs is None or publish.is_due(home):
            _publish(home, instance, done)
    return done


def compare(home: Home) -> tuple[list[str], dict[str, str] | None]:
    """Tables of the build file equal to those of the published edition, in rows and columns, and what the others are.

    Tables of `meta` tell of runs and times: they are left aside.
    """
    if not home.warehouse.exists():
        return [], None
    with duckdb.connect(config=storage.DUCKDB_CONFIG) as connection:
        for name, file in (("build", warehouse.build_file(home)), ("published", home.warehouse)):
            connection.execute(f"attach {sql_text(file)} as {name} (read_only)")
        build, published = (_contents(connection, name) for name in ("build", "published"))
    equal = [table for table in published if build.get(table) == published[table]]
    differs = {
        table: _difference(build.get(table), published.get(table))
        for table in sorted({*build, *published})
        if table not in equal
    }
    return equal, differs


Content = tuple[tuple[str, ...], int, int, int]  # columns with types, rows, and two sums over the hashes of rows


def _contents(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, Content]:
    """What each table holds, whatever the order of its rows."""
    query = (
        "select schema_name || '.' || table_name, list(column_name || ' ' || data_type order by column_index) "
        f"from duckdb_columns() join duckdb_tables() using (database_name, schema_name, table_name) "
        f"where database_name = ? and schema_name in {COMPARED} group by all order by all"
    )
    found = {}
    for table, columns in connection.execute(query, [database]).fetchall():
        listed = ", ".join(sql_name(column.rpartition(" ")[0]) for column in columns)
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


def _replay_all(home: Home, done: Rebuilt, say: Callable[[str], None]) -> None:
    from orchestration.lake_assets import run_expectations

    for dataset in datasets().values():
        for part in replay.parts(home, dataset):
            replayed = replay.replay(home, part, run_expectations)
            done.troubles += replayed.troubles
            gone = f", {len(replayed.gone)} whose bytes are gone" if replayed.gone else ""
            trouble = f", trouble with {len(replayed.troubles)}" if replayed.troubles else ""
            say(f"{part.id}: {len(replayed.made)} vintages made anew{gone}{trouble}")


def _build(home: Home, instance: dg.DagsterInstance, done: Rebuilt) -> None:
    """All models in a fresh build file."""
    from orchestration.warehouse_assets import PUBLISHED, outdated_assets

    with storage.exclusive(home.build / ".lock"):
        for file in (warehouse.build_file(home), meta.dbt_checks_file(home)):
            file.unlink(missing_ok=True)
    done.errors += _run(home, instance, [key for key in outdated_assets(home) if key != PUBLISHED])


def _publish(home: Home, instance: dg.DagsterInstance, done: Rebuilt) -> None:
    from orchestration.warehouse_assets import PUBLISHED

    done.errors += _run(home, instance, [PUBLISHED])
    done.published = not done.errors


def _run(home: Home, instance: dg.DagsterInstance, assets: list[dg.AssetKey]) -> list[str]:
    """Run this part of the warehouse job; returns what failed."""
    from orchestration.resources import Partners, SilentReporter
    from orchestration.run import cause, run_job

    with (home.build / "dbt.log").open("w") as stream, contextlib.redirect_stdout(stream):
        failures = run_job(instance, (Partners(), SilentReporter(), None), "warehouse", assets)
    return [cause(failure) for failure in failures]
