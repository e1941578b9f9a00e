"""The command line: what it answers before anything is published, and what it refuses."""

from __future__ import annotations

import json

import duckdb
import pytest
from typer.testing import CliRunner

from ingest import lake
from ingest.registry import datasets
from ingest.sandbox import Fault
from orchestration.cli import app


@pytest.fixture
def a87(home):
    """Run `a87` on an empty data root."""
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, list(arguments))


@pytest.fixture
def published(home):
    """A warehouse with one table."""
    home.published.mkdir(parents=True)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create schema reference")
        connection.execute("create table reference.dim_area (iso3 varchar, label varchar, share_pct double)")
        connection.execute("""
            insert into reference.dim_area values ('NAM', 'Namibia', 8.5), ('CIV', 'Côte d''Ivoire, "CI"', null)""")
    return home


SELECT = "select * from reference.dim_area order by iso3 desc"


# --- query -----------------------------------------------------------------------------------------------------------


def test_a_query_before_the_first_publication_says_what_to_do(a87):
    done = a87("query", "select 1")
    assert done.exit_code == 1
    assert "nothing is published" in done.output
    assert "make demo" in done.output


def test_a_query_as_csv(a87, published):
    done = a87("query", SELECT, "--format", "csv")
    assert done.exit_code == 0
    assert done.output == 'iso3,label,share_pct\nNAM,Namibia,8.5\nCIV,"Côte d\'Ivoire, ""CI""",\n'


def test_csv_is_the_default_where_there_is_no_terminal(a87, published):
    assert a87("query", SELECT).output == a87("query", SELECT, "--format", "csv").output


def test_a_query_as_json(a87, published):
    assert json.loads(a87("query", SELECT, "--format", "json").output) == [
        {"iso3": "NAM", "label": "Namibia", "share_pct": 8.5},
        {"iso3": "CIV", "label": 'Côte d\'Ivoire, "CI"', "share_pct": None},
    ]


def test_a_query_as_a_table_shows_every_cell(a87, published):
    output = a87("query", SELECT, "--format", "table").output
    assert all(word in output for word in ("iso3", "NAM", "Namibia", "8.5"))


def test_no_rows_still_have_their_header(a87, published):
    done = a87("query", "select iso3 from reference.dim_area where false", "--format", "csv")
    assert (done.exit_code, done.output) == (0, "iso3\n")


def test_sql_that_fails_is_told_on_stderr(a87, published):
    done = a87("query", "select * from reference.dim_good")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "query failed: " in done.stderr
    assert "dim_good" in done.stderr


@pytest.mark.parametrize("sql", ["drop table reference.dim_area", "insert into reference.dim_area values ('X', '', 1)"])
def test_analysts_cannot_change_the_warehouse(a87, published, sql):
    assert a87("query", sql).exit_code == 1
    assert a87("query", "select count(*) as n from reference.dim_area").output == "n\n2\n"


def test_square_brackets_in_data_are_no_markup(a87, published):
    result = a87("query", "select 'see [note] and [/b]' as \"[t]\"", "--format", "table")
    assert result.exit_code == 0
    assert "see [note] and [/b]" in result.stdout
    assert "[t]" in result.stdout


def test_two_columns_of_one_name_are_refused_as_json(a87, published):
    result = a87("query", "select 1 as a, 2 as a", "--format", "json")
    assert result.exit_code == 2
    assert "two columns have one name" in result.output


def test_what_is_no_number_is_null_in_json(a87, published):
    result = a87("query", "select 'nan'::double as a, 'inf'::double as b", "--format", "json")
    assert json.loads(result.stdout) == [{"a": None, "b": None}]


def test_an_unknown_format_is_refused(a87, published):
    result = a87("query", "select 1", "--format", "xml")
    assert result.exit_code == 2
    assert "choose table, csv or json" in result.output


def test_a_value_that_json_does_not_know_is_text(a87, published):
    done = a87("query", "select date '2026-02-17' as day, 1.50::decimal(9, 2) as amount", "--format", "json")
    assert json.loads(done.output) == [{"day": "2026-02-17", "amount": "1.50"}]


# --- refresh: what is refused before anything starts -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--edition", "nonsense"), "choose live, sample or recorded"),
        (("--edition", "Live"), "choose live, sample or recorded"),
        (("--partner", "nonsense"), "'nonsense' is none of fao, ilo, world_bank, eurostat, ilab"),
        (
            ("--dataset", "fao_qcl", "--dataset", "fao_qlc"),
            "no dataset fao_qlc in the registry; `a87 status` lists them",
        ),
        (("--partner", "fao", "--dataset", "fao_qcl"), "name a partner or datasets, not both"),
        (("--edition", "recorded"), "name a folder of recorded payloads"),
        (("--edition", "recorded", "--recordings", "not/there"), "name a folder of recorded payloads"),
    ],
)
def test_a_refresh_with_a_wrong_option_is_refused(a87, home, arguments, says):
    done = a87("refresh", *arguments)
    assert done.exit_code == 2
    assert says in " ".join(done.output.replace("│", " ").split())
    assert not home.root.exists()


def test_a_refresh_of_named_datasets_asks_for_no_other(a87, home):
    done = a87(
        "refresh", "--edition", "sample", "--dataset", "ilab_goods", "--dataset", "ilo_source",
        "--fault", "ilab=status:404", "--fault", "ilo=status:404",
    )  # fmt: skip
    assert done.exit_code == 1, done.output
    assert {name for name in datasets() if lake.attempts(home, name)} == {"ilab_goods", "ilo_source"}
    assert done.output.count("request refused") == 2


# --- status ----------------------------------------------------------------------------------------------------------


def test_a_refresh_asks_the_sandbox_that_runs_unless_it_is_to_play_something_itself(a87, sandbox, monkeypatch):
    monkeypatch.setenv("A87_SANDBOX_URL", sandbox.url)
    sandbox.faults.append(Fault.parse("fao=status:404"))
    asked = ("refresh", "--edition", "sample", "--dataset", "fao_oea")
    assert a87(*asked, "--fault", "fao=status:404").exit_code == 1 and not sandbox.requests
    a87(*asked)
    assert sandbox.requests


def test_the_status_of_an_empty_root_names_every_dataset(a87):
    done = a87("status")
    assert done.exit_code == 0
    assert done.output.count("never asked") == len(datasets())
    assert "fao_qcl" in done.output
    assert "nothing is published yet" in done.output


def test_the_status_shows_the_last_failure_and_its_remedy(a87, home):
    lake.note_attempt(
        home, "fao_qcl", "failed", "fao_qcl: partner unavailable: HTTP 503; what to do: nothing now", None
    )
    output = a87("status").output
    assert "failed" in output
    assert "fao_qcl: partner unavailable: HTTP 503; what to do: nothing now" in output


def test_without_a_command_the_help_is_shown(a87):
    output = a87().output
    assert all(command in output for command in ("demo", "refresh", "status", "query", "dev", "sandbox"))


# --- as-of -----------------------------------------------------------------------------------------------------------


def test_a_dataset_as_of_a_day_is_written_to_a_file(a87, home, tmp_path):
    dataset = datasets()["fao_qcl"]
    for name, value in (("first", 1.5), ("second", 2.5)):
        data = tmp_path / name / "data.parquet"
        lake.write_empty(dataset, data)
        duckdb.execute(
            f"copy (select * replace (s.v as obs_value) from (select {value} as v) s "
            f"left join '{data}' on true) to '{data}.new' (format parquet)"
        )
        (tmp_path / name / "data.parquet.new").replace(data)
        snapshot = {"snapshot_id": name, "edition": "live", "signal": {}}
        meta = {"snapshot": snapshot, "rows": 1, "revision": None, "checks": []}
        lake.settle(home, dataset.id, lake.Vintage(data.parent, meta), {}, passed=True)
    file = tmp_path / "qcl.parquet"
    done = a87("as-of", "fao_qcl", "2999-01-01", "--to", str(file))
    assert (done.exit_code, duckdb.sql(f"select obs_value from '{file}'").fetchall()) == (0, [(2.5,)])
    assert "second, which served from" in done.output
    done = a87("as-of", "fao_qcl", "2001-01-01", "--to", str(file))
    assert done.exit_code == 1
    assert "nothing had been accepted by 2001-01-01" in done.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("fao_qcx", "2026-01-01", "--to", "x.csv"), "no dataset fao_qcx"),
        (("fao_qcl", "2026-01-01", "--to", "x.txt"), "ends in .parquet or .csv"),
        (("fao_qcl", "yesterday", "--to", "x.csv"), "yesterday"),
    ],
)
def test_as_of_refuses_what_it_does_not_know(a87, arguments, says):
    done = a87("as-of", *arguments)
    assert done.exit_code == 2
    assert says in done.output
