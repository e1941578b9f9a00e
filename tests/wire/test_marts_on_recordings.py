"""All marts over the recorded payloads, in a data root that also holds sample figures of other datasets.

The recordings hold the datasets below whole; of the others they hold excerpts, which their partners' tests read. Those
datasets are empty here, as in a warehouse whose partners have not answered yet: sample figures never fill the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from ingest.http import Endpoints
from ingest.refresh import refresh
from ingest.registry import datasets
from ingest.sandbox import SampleEdition, Sandbox
from ingest.storage import Home
from orchestration import cli
from tests.conftest import SHARED
from tests.unit.test_dbt_project import MARTS

WIRE = SHARED / "wire"
pytestmark = pytest.mark.skipif(not WIRE.is_dir(), reason="../shared with recorded payloads is not here")
RECORDED = (
    "eurostat_toc", "ilab_conventions", "ilab_enforcement", "ilab_findings", "ilab_goods", "ilab_legal_standards",
    "ilab_projects", "ilab_suggested_actions", "ilo_sdg_0831_sex_eco_rt", "ilo_sdg_0861_sex_rt",
)  # fmt: skip
SAMPLE = ("fao_qcl", "ilab_goods")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A data root that `a87 refresh --edition recorded` filled, built and published; all tests of dbt passed."""
    home = Home(tmp_path_factory.mktemp("recorded") / "data")
    with Sandbox(SampleEdition()) as sandbox:
        doors = Endpoints.sandbox(sandbox.url)
        for name in SAMPLE:
            done = refresh(home, datasets()[name], edition="sample", endpoints=doors, check=lambda *_: [])
            assert done.status == "accepted", done.message
    chosen = [word for name in RECORDED for word in ("--dataset", name)]
    result = CliRunner(env={"A87_HOME": str(home.root)}).invoke(
        cli.app, ["refresh", "--edition", "recorded", "--recordings", str(WIRE), *chosen]
    )
    assert result.exit_code == 0, result.stdout
    return home


@pytest.fixture(scope="module")
def built(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """What was published of it."""
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        yield connection


def rows(built: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return built.execute(sql).fetchall()


def test_the_command_line_publishes_from_recordings(built):
    assert rows(built, "select edition from meta.edition") == [("recorded",)]
    assert rows(built, "select count(*) from supply_chain.fct_goods_list") == [(2_055,)]


def test_every_published_table_is_there_and_says_what_it_holds(built):
    told = dict(
        rows(
            built,
            "select schema_name || '.' || table_name, comment from duckdb_tables() "
            "where schema_name in ('supply_chain', 'country_progress', 'reference')",
        )
    )
    assert len(told) == len(MARTS)
    assert all(comment for comment in told.values())
    silent = "select table_name, column_name from duckdb_columns() where comment is null"
    assert rows(built, f"{silent} and schema_name in ('supply_chain', 'country_progress', 'reference')") == []


def test_what_was_not_recorded_is_empty_and_nothing_of_the_sample_stands_in_for_it(built):
    for table in ("supply_chain.fct_production", "supply_chain.fct_trade_flow", "supply_chain.mart_exposure"):
        assert rows(built, f"select count(*) from {table}") == [(0,)]
    with_mark = rows(
        built,
        "select schema_name || '.' || table_name from duckdb_columns() where column_name = 'is_synthetic' "
        "and schema_name in ('supply_chain', 'country_progress', 'reference')",
    )
    assert len(with_mark) > 10
    for (table,) in with_mark:
        assert rows(built, f"select count(*) from {table} where is_synthetic") == [(0,)], table


def test_cotton_of_uzbekistan_leaves_the_list_by_steps(built):
    listed = rows(
        built,
        "select edition, is_child_labour_listed, is_forced_labour_listed from supply_chain.fct_goods_list "
        "where iso3 = 'UZB' and good_id = 'cotton' order by edition",
    )
    assert listed == [(2014, True, True), (2016, True, True), (2018, False, True), (2020, False, True)]
    changes = rows(
        built,
        "select edition, change_kind from supply_chain.fct_goods_list_change "
        "where iso3 = 'UZB' and good_id = 'cotton' order by edition",
    )
    # child labour goes in 2018, forced child labour in 2020
    assert changes == [(2018, "flags changed"), (2020, "flags changed"), (2022, "removed")]


@pytest.mark.trap(2, "the recorded reports of Madagascar and Fiji make no trend")
def test_a_survey_that_reports_repeat_makes_no_progress(built):
    found = rows(
        built,
        "select iso3, latest_obs_value, obs_change, trend_per_year, is_comparable from country_progress.mart_progress "
        "where indicator_id = 'ILAB_WORKING_CHILDREN' and iso3 in ('MDG', 'FJI')",
    )
    assert {iso3 for iso3, *_ in found} == {"MDG", "FJI"}
    assert {row[2:] for row in found} == {(None, None, False)}
    assert {round(value, 1) for iso3, value, *_ in found if iso3 == "MDG"} >= {43.2}


def test_series_of_the_ilo_are_compared_where_they_may_be(built):
    (compared,) = rows(
        built,
        "select count(*) from country_progress.mart_progress "
        "where indicator_id in ('SDG_0831_SEX_ECO_RT', 'SDG_0861_SEX_RT') and obs_change is not null",
    )[0]
    assert compared > 100
