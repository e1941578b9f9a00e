"""The main job as its users run it: `a87` in a process of its own, on the bundled sample edition."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.registry import datasets
from ingest.sandbox import SampleEdition, Sandbox
from tests.e2e.conftest import Platform

A87 = str(Path(sys.executable).with_name("a87"))
DATA_REQUESTS = (
    ".zip",
    "files?file=",
    "/data/",
    "/indicator/",
    "v2/country?",
    "metadata/dic",
    "raw.githubusercontent.com",
)


ONE_A_PARTNER = {dataset.partner: name for name, dataset in datasets().items()}.values()


def a87(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "A87_HOME": str(home)}
    return subprocess.run([A87, *arguments], env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    home = tmp_path_factory.mktemp("demo") / "data"
    return home, a87(home, "demo")


def test_demo_shows_what_it_made(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    home, run = demo
    assert run.returncode == 0, run.stdout + run.stderr
    for name in datasets():
        assert f"accepted    {name}" in run.stdout
    for text in (
        "checks passed", "checks warned", "supply_chain.mart_exposure:", "country_progress.mart_progress:",
        "generated (synthetic) figures", str(home / "published" / "alliance87.duckdb"), "make dev",
    ):  # fmt: skip
        assert text in run.stdout, text
    seconds = int(run.stdout.split("The job took ")[1].split(" s.")[0])
    assert seconds < 90


def test_every_generated_figure_is_marked_up_to_the_mart(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    """Trade of the sample is generated but for two rows of the Netherlands' imports from the world."""
    home, _run = demo
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


def test_every_table_and_column_says_what_it_holds(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    home, _run = demo
    with duckdb.connect(home / "published" / "alliance87.duckdb", read_only=True) as connection:
        for listing, name in (("tables", "table_name"), ("columns", "table_name || '.' || column_name")):
            silent = f"select {name} from duckdb_{listing}() where not internal and coalesce(comment, '') = ''"
            assert connection.execute(silent).fetchall() == []
        grains = "select table_name from duckdb_tables() where comment not like '%Grain: one row%'"
        assert connection.execute(grains).fetchall() == []


def test_known_figures_arrive_unchanged(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Published figures, followed through every layer to the mart."""
    home, _run = demo
    with duckdb.connect(home / "published" / "alliance87.duckdb", read_only=True) as connection:
        cocoa = connection.execute("""
            select distinct production_t from supply_chain.mart_exposure
            where origin_iso3 = 'CIV' and sector_id = 'cocoa' and year = 2020""").fetchall()
        uzbekistan = connection.execute("""
            select distinct goods_list_edition, is_child_labour_listed, is_forced_labour_listed
            from supply_chain.mart_exposure
            where origin_iso3 = 'UZB' and sector_id = 'cotton' and goods_list_edition is not null
            order by 1""").fetchall()
        bangladesh = connection.execute("""
            select obs_value from country_progress.fct_observation
            where indicator_id = 'SL.TLF.0714.ZS' and iso3 = 'BGD' and year = 2013""").fetchall()
        madagascar = connection.execute("""
            select count(*) from country_progress.mart_progress
            where iso3 in ('MDG', 'FJI') and indicator_id = 'ILAB_WORKING_CHILDREN' and is_comparable""").fetchall()
    assert cocoa == [(2200000.0,)]  # FAOSTAT web export of 2020
    assert uzbekistan == [
        (2014, True, True), (2016, True, True), (2018, False, True), (2020, False, True), (2022, False, False),
    ]  # fmt: skip
    assert bangladesh == [(pytest.approx(5.002084),)]
    assert madagascar == [(0,)]  # a survey printed again is no trend


def test_second_refresh_does_nothing_and_says_so(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    home, _run = demo
    file = home / "published" / "alliance87.duckdb"
    before = hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns
    again = a87(home, "refresh", "--edition", "sample")
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("nothing moved at the partner: no payload was asked for") == len(datasets())
    assert "nothing was rebuilt" in again.stdout
    assert (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns) == before


def test_unchanged_partners_are_asked_for_their_catalogues_only(platform: Platform, earlier_home: Path) -> None:
    with Sandbox(SampleEdition(earlier_home.parent / "sample")) as sandbox:

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


READER = """
import sys, time, duckdb
file, flag = sys.argv[1:]
import pathlib
reads, editions = 0, set()
while reads < 200 or not pathlib.Path(flag).exists():
    with duckdb.connect(file, read_only=True) as connection:
        edition = connection.execute("select edition_id from meta.edition").fetchall()[0][0]
        rows = connection.execute("select count(*) from supply_chain.mart_exposure").fetchall()[0][0]
    assert rows > 0
    reads, editions = reads + 1, editions | {edition}
    time.sleep(0.02)
with duckdb.connect(file, read_only=True) as connection:
    editions.add(connection.execute("select edition_id from meta.edition").fetchall()[0][0])
print(reads, len(editions))
"""


def test_analysts_read_all_the_time_while_a_refresh_runs(platform: Platform, tmp_path: Path) -> None:
    flag = tmp_path / "refresh-has-ended"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(platform.home.warehouse), str(flag)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    began = time.monotonic()
    run = a87(platform.home.root, "refresh", "--edition", "sample", "--dataset", "fao_qcl")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "the warehouse was rebuilt" in run.stdout, time.monotonic() - began
    flag.touch()
    out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err
    reads, editions = map(int, out.split())
    assert reads >= 200
    assert editions == 2  # the one before and the one after


def test_query_and_status_answer_from_what_is_published(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    home, _run = demo
    counted = a87(home, "query", "select count(*) as n from reference.dim_sector", "--format", "csv")
    assert counted.stdout == "n\n7\n"
    shown = a87(home, "status").stdout
    assert all(name in shown for name in datasets())
    refused = a87(home, "query", "drop table meta.edition")
    assert refused.returncode == 1 and "query failed" in refused.stderr
