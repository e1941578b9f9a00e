"""The real dbt models and the real check SQL over a few rows of the lake, without dbt or Great Expectations."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import yaml

from expectations import one_load
from expectations.families import FAMILIES
from expectations.model import Check
from ingest.registry import Dataset, datasets
from orchestration import warehouse

Rows = list[dict[str, Any]]

DBT = Path(__file__).parents[2] / "dbt_project"
WRITTEN = {
    name: {column: kind for column, (kind, _meaning) in table.columns.items()}
    for name, table in {"economy_class": warehouse.ECONOMY_CLASS, "vintage": warehouse.VINTAGE}.items()
}
SEED_TYPES: dict[str, dict[str, str]] = {
    seed["name"]: seed["config"]["column_types"]
    for seed in yaml.safe_load((DBT / "seeds" / "_seeds.yml").read_text())["seeds"]
}
SERIES = ("dataset_id", "indicator_id", "label", "unit", "direction", "comparability", "definition")


class Warehouse:
    """The real dbt models in memory, over rows of the lake, the real seeds and the real registry."""

    def __init__(self, lake_rows: dict[str, Rows]) -> None:
        self.lake_rows, self.built = lake_rows, set[str]()
        self.con = duckdb.connect()
        self.variables = yaml.safe_load((DBT / "dbt_project.yml").read_text())["vars"]
        self.macros = "".join(file.read_text() for file in sorted((DBT / "macros").glob("*.sql")))

    def rows(self, model: str) -> Rows:
        return _dicts(self.con.sql(f"select * from {self.ref(model)}"))

    def failing(self, test: str) -> Rows:
        """What a singular dbt test of the project (`tests/<test>.sql`) finds."""
        return _dicts(self.con.sql(self._rendered(DBT / "tests" / f"{test}.sql")))

    def ref(self, name: str) -> str:
        if name not in self.built:
            self.built.add(name)
            seed = DBT / "seeds" / f"{name}.csv"
            self._seed(seed) if seed.exists() else self._model(name)
        return name

    def source(self, schema: str, name: str) -> str:
        if name not in self.built:
            self.built.add(name)
            if (schema, name) == ("reference", "series"):
                self._table(name, dict.fromkeys(SERIES, "VARCHAR"), _series())
            else:
                lake_columns = {} if schema == "reference" else datasets()[name].lake_columns
                columns = WRITTEN.get(name) or lake_columns | {"snapshot_id": "VARCHAR"}
                self._table(name, columns, self.lake_rows.get(name, []))
        return name

    def _model(self, name: str) -> None:
        (file,) = (DBT / "models").rglob(f"{name}.sql")
        # views on views are planned anew each time, which takes seconds
        kind = "view" if name.startswith("stg_") else "table"
        self.con.execute(f"create {kind} {name} as {self._rendered(file)}")

    def _rendered(self, file: Path) -> str:
        template = jinja2.Environment().from_string(self.macros + file.read_text())
        return template.render(ref=self.ref, source=self.source, var=self.variables.get, config=lambda **_: "")

    def _seed(self, file: Path) -> None:
        rows = [{name: cell or None for name, cell in row.items()} for row in _csv(file)]
        self._table(file.stem, SEED_TYPES[file.stem], rows)

    def _table(self, name: str, columns: dict[str, str], rows: Rows) -> None:
        fill(self.con, name, columns, rows)


def fill(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], rows: Rows) -> None:
    con.execute(f"create table {name} ({', '.join(f'{c} {kind}' for c, kind in columns.items())})")
    if rows:
        marks = ", ".join("?" for _ in columns)
        con.executemany(f"insert into {name} values ({marks})", [[row.get(c) for c in columns] for row in rows])


def prepare(con: duckdb.DuckDBPyConnection, checks: Iterable[Check]) -> None:
    """The tables that checks ask for, over the view or table `candidate`."""
    for name, query in (table for check in checks for table in check.prepare.items()):
        con.execute(f"create table {name} as {query.replace('{batch}', 'candidate')}")


def findings(dataset: Dataset, rows: Rows) -> dict[str, int]:
    """How many rows each check of a single load finds; checks that find nothing are left out."""
    family = FAMILIES.get(dataset.partner)
    checks = [*one_load.checks(dataset), *(family(dataset) if family else ())]
    with duckdb.connect() as con:
        fill(con, "candidate", dataset.lake_columns, rows)
        prepare(con, checks)
        found = {
            c.name: len(con.execute(c.failing.replace("{batch}", "candidate")).fetchall())
            for c in checks
            if c.failing and c.needs == "load"
        }
    return {name: number for name, number in found.items() if number}


def _dicts(relation: duckdb.DuckDBPyRelation) -> Rows:
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def _csv(file: Path) -> Rows:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _series() -> Rows:
    return [
        {"dataset_id": d.id, "indicator_id": s.id} | {name: getattr(s, name) for name in SERIES[2:]}
        for d in datasets().values()
        for s in d.series
    ]
