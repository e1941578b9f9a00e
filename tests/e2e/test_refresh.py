"""The main job as its users run it: `a87` in a process of its own, on the bundled sample edition."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.registry import datasets
from ingest.sandbox import SampleEdition, Sandbox
from orchestration import warehouse
from tests.e2e.conftest import Demo, Platform, a87, revised_sample

DATA_REQUESTS = (
    ".zip",
    "files?file=",
    "/data/",
    "/indicator/",
    "v2/country?",
    "metadata/dic",
    "raw.githubusercontent.com",
)


# Their content depends on no clock, as that of Eurostat's table of contents does.
ONE_A_PARTNER = ("fao_oea", "ilo_sdg_0861_sex_rt", "world_bank_wgi", "eurostat_ert_bil_eur_a", "ilab_goods")


def test_demo_shows_what_it_made(demo: Demo) -> None:
    for name in datasets():
        assert f"accepted    {name}" in demo.stdout
    for text in (
        "checks passed", "checks warned", "supply_chain.mart_exposure:", "country_progress.mart_progress:",
        "generated (synthetic) figures", str(demo.home / "published" / "alliance87.duckdb"), "make dev",
    ):  # fmt: skip
        assert text in demo.stdout, text


def test_every_generated_figure_is_marked_up_to_the_mart(demo: Demo) -> None:
    """Trade of the sample is generated but for two rows of the Netherlands' imports from the world."""
    home = demo.home
    with duckdb.connect(home / "published" / "alliance87.duckdb", read_only=True) as connection:

        def one(query: str) -> Any:
            return connection.execute(query).fetchall()[0][0]

        assert one("select count(*) from supply_chain.mart_exposure") == one(
            "select count(*) from supply_chain.mart_exposure where is_synthetic and synthetic_parts like '%trade%'"
        )
        assert one("select count(*) from country_progress.mart_progress where not is_synthetic") > 0
        # Prevalence, goods lists and assessments are never generated.
        assert one("select sum(synthetic_rows) from meta.snapshot where partner = 'ilab'") == 0
        assert one("select synthetic_rows from meta.snapshot where dataset_id = 'ilo_sdg_a871_sex_age_rt'") == 0
        children = "from country_progress.fct_observation where indicator_id like 'SL.TLF.0714%'"
        assert one(f"select count(*) {children}") > 281
        assert one(f"select count(*) {children} and is_synthetic") == 0
        assert one("select edition from meta.edition") == "sample"


def test_every_table_and_column_says_what_it_holds(demo: Demo) -> None:
    home = demo.home
    with duckdb.connect(home / "published" / "alliance87.duckdb", read_only=True) as connection:
        for listing, name in (("tables", "table_name"), ("columns", "table_name || '.' || column_name")):
            silent = f"select {name} from duckdb_{listing}() where not internal and coalesce(comment, '') = ''"
            assert connection.execute(silent).fetchall() == []
        grains = "select table_name from duckdb_tables() where comment not like '%Grain: one row%'"
        assert connection.execute(grains).fetchall() == []


def test_known_figures_arrive_unchanged(demo: Demo) -> None:
    """Published figures, followed through every layer to the mart."""
    home = demo.home
    with duckdb.connect(home / "published" / "alliance87.duckdb", read_only=True) as connection:
        cocoa = connection.execute("""
            select production_t from supply_chain.fct_production
            where iso3 = 'CIV' and item_code = '661' and year = 2020""").fetchall()
        uzbekistan = connection.execute("""
            select distinct goods_list_edition, is_child_labour_listed, is_forced_labour_listed
            from supply_chain.mart_exposure
            where origin_iso3 = 'UZB' and sector_id = 'cotton' and stage = 'raw' and year >= 2017
            order by 1""").fetchall()
        bangladesh = connection.execute("""
            select obs_value from country_progress.fct_observation
            where indicator_id = 'SL.TLF.0714.ZS' and iso3 = 'BGD' and year = 2013""").fetchall()
        madagascar = connection.execute("""
            select count(*) from country_progress.mart_progress
            where iso3 in ('MDG', 'FJI') and indicator_id = 'ILAB_WORKING_CHILDREN' and is_comparable""").fetchall()
    assert cocoa == [(2200000.0,)]  # FAOSTAT web export of 2020
    assert uzbekistan == [
        (2016, True, True), (2018, False, True), (2020, False, True), (2022, False, False),
    ]  # fmt: skip
    assert bangladesh == [(pytest.approx(5.002084),)]
    assert madagascar == [(0,)]  # a survey printed again is no trend


def test_second_refresh_does_nothing_and_says_so(platform: Platform) -> None:
    file = platform.home.warehouse
    before = hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns
    again = a87(platform.home.root, "refresh", "--edition", "sample")
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("nothing moved at the partner: no payload was asked for") == len(datasets())
    assert "nothing was rebuilt" in again.stdout
    assert (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns) == before


def test_unchanged_partners_are_asked_for_their_catalogues_only(platform: Platform) -> None:
    with Sandbox(SampleEdition()) as sandbox:

        def asked() -> list[str]:
            sandbox.reset_requests()
            assert not platform.refresh(sandbox, *ONE_A_PARTNER).built
            assert set(platform.statuses.values()) == {"unchanged"}
            return sandbox.requests

        def payloads(requests: list[str]) -> list[str]:
            return [request for request in requests if any(text in request for text in DATA_REQUESTS)]

        first = asked()
        assert len(first) == len(set(first)) and not payloads(first)
        sandbox.touch()
        assert payloads(asked())  # the catalogue moved, the content did not
        again = asked()
        assert len(again) == len(set(again)) and not payloads(again)


def test_query_and_status_answer_from_what_is_published(demo: Demo) -> None:
    home = demo.home
    counted = a87(home, "query", "select count(*) as n from reference.dim_sector", "--format", "csv")
    assert counted.stdout == "n\n10\n"
    shown = a87(home, "status").stdout
    assert all(name in shown for name in datasets())
    refused = a87(home, "query", "drop table meta.edition")
    assert refused.returncode == 1 and "query failed" in refused.stderr


def test_a_revision_rebuilds_what_is_downstream_and_ends_as_a_whole_build_would(
    platform: Platform, tmp_path: Path
) -> None:
    build = warehouse.build_file(platform.home)
    with duckdb.connect(build) as connection:
        connection.execute("create table supply_chain.fct_given_up as select 'old' as snapshot_id")
    before = content(build)
    with Sandbox(revised_sample(tmp_path / "sample")) as sandbox:
        sandbox.touch()
        result = platform.refresh(sandbox, "fao_qcl")
    assert (result.built, result.errors, platform.statuses) == (True, [], {"fao_qcl": "accepted"})
    after = content(build)
    assert {table for table in before if before[table] != after.get(table)} == {
        "supply_chain.fct_given_up", "supply_chain.fct_production", "supply_chain.mart_sector_profile",
        "country_progress.mart_cotton_fact_sheet",
    }  # fmt: skip
    log = result.log.read_text()
    assert "model supply_chain.fct_production " in log and "model supply_chain.fct_goods_list " not in log

    whole = shutil.copy(build, tmp_path / "whole.duckdb")
    environment = {**os.environ, "A87_BUILD_FILE": str(whole)}
    dbt = [str(Path(sys.executable).with_name("dbt")), "--quiet", "run", "--target-path", str(tmp_path / "target")]
    subprocess.run(dbt, cwd=warehouse.DBT_PROJECT, env=environment, check=True, timeout=200)
    assert content(Path(whole)) == after


def content(file: Path) -> dict[str, tuple[int, int]]:
    """Rows and a hash over all of them for each table that dbt makes for analysts."""
    with duckdb.connect(file, read_only=True) as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where schema_name in ('supply_chain', 'country_progress', 'reference')"
        ).fetchall()
        counted = "select count(*), coalesce(sum(hash(rows)), 0) from {} as rows"
        return {name: connection.execute(counted.format(name)).fetchall()[0] for (name,) in names}
