"""Great Expectations on DuckDB. Importing this module costs seconds: import it where it is used."""

from __future__ import annotations

import itertools
import os
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ["GX_ANALYTICS_ENABLED"] = "False"  # read once, at import

import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.exceptions.exceptions import GreatExpectationsError
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from sqlalchemy.exc import SQLAlchemyError

from expectations.model import CANDIDATE, CannotRun, Expect
from ingest.storage import sql_text

ROWS_QUERY = "unexpected_rows_query"  # GX's name
_ONE_AT_A_TIME = threading.Lock()  # GX keeps its current context in a global


class BufferedEngine(SqlAlchemyExecutionEngine):
    """GX reads results after closing the connection, which duckdb-engine does not survive: fetch before it closes."""

    def execute_query(self, query: Any) -> Any:
        with self.get_connection() as connection:
            return connection.execute(query).freeze()()


class DuckDBDatasource(SQLDatasource):
    """Registers itself with GX as `add_duckdb_sql`."""

    type: str = "duckdb_sql"  # type: ignore[assignment]  # GX finds a datasource by this name; its parent says "sql" only
    execution_engine_override = BufferedEngine


@contextmanager
def workbench(views: Mapping[str, Path]) -> Iterator[Workbench]:
    """A workbench with one view per Parquet file. Raises CannotRun for a file that cannot be read."""
    with tempfile.TemporaryDirectory(prefix="a87-expectations-") as spill:
        bench = Workbench(spill)
        try:
            bench.add_views(views)
            yield bench
        finally:
            bench.close()


class Workbench:
    """An in-memory DuckDB that Great Expectations and our own SQL share. It spills to `spill`, if it must."""

    def __init__(self, spill: str) -> None:
        # A named in-memory database is one database for all connections of this process.
        self._url = f"duckdb:///:memory:{uuid.uuid4().hex}"
        config = {
            "threads": 2,
            "memory_limit": "600MB",  # with GX itself a load of any size stays below 1 GB
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._options = {"connect_args": {"config": config}}
        self._engine = sa.create_engine(self._url, **self._options)
        self._connection = self._engine.connect()
        self._number = itertools.count(1)

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def add_views(self, views: Mapping[str, Path]) -> None:
        for name, path in views.items():
            self._execute(f"create view {name} as select * from read_parquet({sql_text(path)})")
        self._connection.commit()

    def add_tables(self, tables: Mapping[str, str]) -> None:
        """Tables by name, each out of a SELECT in which {batch} stands for the load. Raises CannotRun."""
        for name, sql in tables.items():
            self._execute(f"create table {name} as {sql.replace('{batch}', CANDIDATE)}")
        self._connection.commit()

    def select(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a SELECT in which {batch} stands for the load. Raises CannotRun."""
        return [dict(row) for row in self._execute(sql.replace("{batch}", CANDIDATE)).mappings()]

    def _execute(self, sql: str) -> sa.CursorResult[Any]:
        try:
            return self._connection.exec_driver_sql(sql)
        except SQLAlchemyError as error:
            self._connection.rollback()
            raise CannotRun(str(error)) from error

    def validate(self, wanted: Mapping[str, Sequence[Expect]]) -> dict[str, tuple[bool, str]]:
        """One GX validation of the load. Check name -> (passed, why it could not run).

        Only verdicts are taken from GX; counts and examples are cheaper by `select`. Raises CannotRun.
        """
        expectations, broken = [], dict[str, tuple[bool, str]]()
        for name, expects in wanted.items():
            try:
                expectations += [
                    getattr(gxe, expect.expectation)(**self._asked_once(expect.arguments), meta={"check": name})
                    for expect in expects
                ]
            except CannotRun as error:
                broken[name] = (False, str(error))
        try:
            with _ONE_AT_A_TIME:
                results = self._validate(gx.ExpectationSuite(name="load", expectations=expectations))
        except (GreatExpectationsError, SQLAlchemyError) as error:
            raise CannotRun(str(error)) from error
        return {name: broken.get(name) or _verdict(results, name, len(expects)) for name, expects in wanted.items()}

    def _asked_once(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """GX puts a query for unexpected rows twice, to count and to show them; a verdict needs one of them at most."""
        query = arguments.get(ROWS_QUERY)
        if query is None:
            return arguments
        table = f"unexpected_{next(self._number)}"
        self.add_tables({table: f"select 1 as unexpected from ({query}) limit 1"})
        return {**arguments, ROWS_QUERY: f"select * from {table} /* made of {{batch}} */"}

    def _validate(self, suite: gx.ExpectationSuite) -> Sequence[Any]:
        context = gx.get_context(mode="ephemeral", project_config=_quiet())
        source = context.data_sources.add_duckdb_sql(name="load", connection_string=self._url, kwargs=self._options)
        asset = source.add_table_asset(CANDIDATE, table_name=CANDIDATE)
        try:
            batch = asset.add_batch_definition_whole_table(CANDIDATE).get_batch()
            return list(batch.validate(suite, result_format="BOOLEAN_ONLY").results)
        finally:
            source.get_execution_engine().close()
            source.get_engine().dispose()


def _quiet() -> DataContextConfig:
    """Everything in memory, no Data Docs, no progress bars, no telemetry."""
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )


def _verdict(results: Sequence[Any], name: str, wanted: int) -> tuple[bool, str]:
    mine = [result for result in results if result.expectation_config.meta["check"] == name]
    errors = [message for result in mine for message in _errors(result.exception_info or {})]
    if errors:
        return False, errors[0]
    if len(mine) != wanted:
        return False, f"Great Expectations answered {len(mine)} of {wanted} expectations"
    return all(result.success for result in mine), ""


def _errors(info: Mapping[str, Any]) -> list[str]:
    """Messages of a result's exceptions; GX nests them by metric where a metric failed."""
    entries = [info] if "raised_exception" in info else info.values()
    return [str(entry["exception_message"]) for entry in entries if entry.get("raised_exception")]
