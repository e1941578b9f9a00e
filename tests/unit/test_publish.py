"""From vintages to the build file, and from the build file to what analysts read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dagster import DagsterInstance

from ingest import lake, storage
from ingest.registry import Dataset, datasets
from ingest.snapshots import Snapshot
from ingest.storage import Home
from orchestration import editions, incidents, meta, publish, warehouse
from orchestration.publish import PublishRefused

WDI = datasets()["world_bank_wdi"]
CHECK = {
    "check_name": "value_range", "severity": "WARN", "passed": False, "failing_rows": 2, "observed": "-1 to 4",
    "message": "2 rows outside", "examples": [{"ref_area": "NA", "obs_value": -1}], "error": "",
}  # fmt: skip


def snapshot_of(dataset: Dataset, edition: str, snapshot_id: str) -> Snapshot:
    return Snapshot(
        snapshot_id=snapshot_id, dataset_id=dataset.id, partner=dataset.partner, edition=edition,
        url="https://partner.example/data", retrieved_at="2026-01-02T03:04:05Z", partner_updated="2025-12-31",
        signal={"updated": "2025-12-31"}, sha256="5ec2e7", bytes=4321, licence=dataset.licence,
    )  # fmt: skip


def write_parquet(dataset: Dataset, file: Path, rows: list[dict[str, Any]]) -> None:
    lake.write_empty(dataset, file)
    with duckdb.connect() as connection:
        connection.execute(f"create table data as from '{file}'")
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            values = ", ".join("?" * len(row))
            connection.execute(f"insert into data ({names}) values ({values})", list(row.values()))
        connection.execute(f"copy data to '{file}' (format parquet)")


def figure(ref_area: str, year: str, value: float, synthetic: bool = False) -> dict[str, Any]:
    return {
        "ref_area": ref_area, "indicator": "SL.TLF.0714.ZS", "time_period": year, "obs_value": value,
        "is_synthetic": synthetic,
    }  # fmt: skip


@pytest.fixture
def accept(home, tmp_path):
    """Accept a vintage with these rows and checks; its revision is against the vintage before."""

    def accept(snapshot_id: str, edition: str = "sample", dataset: Dataset = WDI, rows=(), checks=()) -> lake.Vintage:
        folder = tmp_path / "candidates" / snapshot_id
        before = lake.current(home, dataset.id)
        write_parquet(dataset, folder / "data.parquet", list(rows))
        revision = None
        if before is not None:
            revision = lake.revise(
                dataset, before.data, folder / "data.parquet", folder / "revision.parquet",
                before.snapshot_id, snapshot_id,
            )  # fmt: skip
        meta = lake.describe(snapshot_of(dataset, edition, snapshot_id), len(rows), revision)
        meta["checks"] = list(checks)
        return lake.settle(home, dataset.id, lake.Vintage(folder, meta), {"updated": snapshot_id}, passed=True)

    return accept


def make_build(home: Home, *, without: str = "", snapshot_id: str = "wdi-1", figure: float = 1.5) -> None:
    """A build file with both marts, a dimension, and what is not for analysts."""
    statements = {
        "country_progress.mart_progress": f"select 'NA' as iso2, {figure}::double as share_pct, '{snapshot_id}' as "
        "snapshot_id",
        "supply_chain.mart_exposure": f"select 'CIV' as origin_iso3, '{snapshot_id}' as production_snapshot_id, "
        "null::varchar as trade_snapshot_id",
        "reference.dim_area": "select 'NAM' as iso3, 'Namibia' as name",
        "intermediate.int_areas": "select 1 as internal",
    }
    with warehouse.open_build(home) as connection:
        for table, select in statements.items():
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            if table != without:
                connection.execute(f"create or replace table {table} as {select}")
        connection.execute("create schema if not exists staging")
        connection.execute("create or replace view staging.stg_areas as from intermediate.int_areas")
        connection.execute("comment on column reference.dim_area.iso3 is 'ISO 3166-1 alpha-3'")


def ask(home: Home, query: str) -> list[tuple[Any, ...]]:
    with editions.open_published(home) as connection:
        return connection.execute(query).fetchall()


def publish_some(home: Home, number: int) -> list[str]:
    """Editions with the figures 0, 1, 2 ... in mart_progress; returns their ids."""
    made = []
    for figure in range(number):
        make_build(home, figure=figure)
        made.append(publish.publish(home).edition_id)
    return made


def figure_read(home: Home) -> tuple[float, float]:
    """The figure of mart_progress in the file and in the Parquet files of `latest`."""
    ((in_file,),) = ask(home, "select share_pct from country_progress.mart_progress")
    file = home.published / "latest" / "parquet" / "country_progress" / "mart_progress.parquet"
    ((in_parquet,),) = duckdb.sql(f"select share_pct from '{file}'").fetchall()
    return in_file, in_parquet


def built(home: Home, query: str) -> list[tuple[Any, ...]]:
    with warehouse.open_build(home) as connection:
        return connection.execute(query).fetchall()


# --- publish ---------------------------------------------------------------------------------------------------------


def test_a_build_becomes_the_warehouse_that_analysts_read(home, accept):
    accept("wdi-1")
    make_build(home)
    published = publish.publish(home)
    assert published.file == home.warehouse
    assert published.rows["country_progress.mart_progress"] == 1
    assert published.rows["meta.dataset"] == len(datasets())
    assert ask(home, "from country_progress.mart_progress") == [("NA", 1.5, "wdi-1")]
    edition = editions.published_edition(home)
    assert (edition["edition_id"], edition["edition"]) == (published.edition_id, "sample")


def test_what_is_not_for_analysts_is_not_in_the_file(home, accept):
    accept("wdi-1")
    make_build(home)
    warehouse.prepare(home)
    publish.publish(home)
    tables = "select distinct schema_name from duckdb_{}() where not internal and database_name = current_database()"
    assert {row[0] for row in ask(home, tables.format("tables"))} == {
        "country_progress", "meta", "reference", "supply_chain",
    }  # fmt: skip
    assert ask(home, tables.format("views")) == []
    assert {row[0] for row in ask(home, tables.format("schemas"))} <= {*publish.SCHEMAS, "main"}


def test_nobody_writes_to_what_is_published(home, accept):
    accept("wdi-1")
    make_build(home)
    publish.publish(home)
    assert home.warehouse.stat().st_mode & 0o777 == 0o444
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        ask(home, "delete from reference.dim_area")


@pytest.mark.parametrize("missing", ["country_progress.mart_progress", "supply_chain.mart_exposure"])
def test_a_build_without_a_mart_is_refused(home, accept, missing):
    accept("wdi-1")
    make_build(home, without=missing)
    with pytest.raises(PublishRefused, match=rf"tables are missing: \['{missing}'\]; run the whole `warehouse` job"):
        publish.publish(home)


def test_a_fact_from_an_unknown_snapshot_is_refused(home, accept):
    accept("wdi-1")
    make_build(home, snapshot_id="wdi-of-nowhere")
    with pytest.raises(
        PublishRefused,
        match=r"1 rows of country_progress.mart_progress name a snapshot_id that meta.snapshot does not hold",
    ):
        publish.publish(home)


def test_a_part_of_a_mart_from_an_unknown_snapshot_is_refused(home, accept):
    accept("wdi-1")
    make_build(home)
    with warehouse.open_build(home) as connection:
        connection.execute("update supply_chain.mart_exposure set trade_snapshot_id = 'trade-of-nowhere'")
    with pytest.raises(PublishRefused, match=r"1 rows of supply_chain.mart_exposure name a trade_snapshot_id"):
        publish.publish(home)


def test_a_fact_may_name_a_vintage_that_no_longer_serves(home, accept):
    accept("wdi-1")
    accept("wdi-2")
    make_build(home, snapshot_id="wdi-1")
    publish.publish(home)
    serving = ask(home, "select snapshot_id, is_serving from meta.snapshot order by 1")
    assert serving == [("wdi-1", False), ("wdi-2", True)]


def test_a_refused_build_leaves_what_is_published_as_it_was(home, accept):
    accept("wdi-1")
    make_build(home)
    first = publish.publish(home)
    content = home.warehouse.read_bytes()
    make_build(home, snapshot_id="wdi-of-nowhere", figure=9)
    with pytest.raises(PublishRefused):
        publish.publish(home)
    assert home.warehouse.read_bytes() == content
    assert [folder.name for folder in (home.published / "editions").iterdir()] == [first.edition_id]
    assert (home.published / "latest").resolve().name == first.edition_id


def test_an_open_reader_keeps_its_edition_while_the_next_is_published(home, accept):
    accept("wdi-1")
    make_build(home, figure=1.5)
    publish.publish(home)
    query = "select share_pct from country_progress.mart_progress"
    with editions.open_published(home) as reader:
        assert reader.execute(query).fetchall() == [(1.5,)]
        make_build(home, figure=2.5)
        publish.publish(home)
        assert reader.execute(query).fetchall() == [(1.5,)]
    assert ask(home, query) == [(2.5,)]


def test_nothing_half_done_lies_beside_what_is_published(home, accept):
    accept("wdi-1")
    make_build(home)
    edition = publish.publish(home).edition_id
    assert sorted(path.name for path in home.published.iterdir()) == ["alliance87.duckdb", "editions", "latest"]
    assert [path.name for path in (home.published / "editions").iterdir()] == [edition]


def test_the_three_editions_before_are_kept(home, accept):
    accept("wdi-1")
    made = publish_some(home, 5)
    kept = sorted((home.published / "editions").iterdir())
    assert [folder.name for folder in kept] == made[1:]
    figures = []
    for folder in kept:
        with duckdb.connect(folder / "alliance87.duckdb", read_only=True) as connection:
            figures += connection.execute("select share_pct from country_progress.mart_progress").fetchall()
    assert figures == [(1.0,), (2.0,), (3.0,), (4.0,)]
    assert (home.published / "latest").resolve() == kept[-1].resolve()


def test_equal_tables_are_equal_files_whatever_the_order_of_their_rows(home, accept):
    accept("wdi-1")
    files = []
    for order in ("asc", "desc"):
        make_build(home)
        with warehouse.open_build(home) as connection:
            connection.execute(
                f"create or replace table reference.dim_area as from range(200000) t(n) order by n {order}"
            )
        edition = publish.publish(home).edition_id
        files.append(editions.folder(home) / edition / "parquet" / "reference" / "dim_area.parquet")
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_clock_that_goes_back_reorders_no_editions(home, accept, monkeypatch):
    accept("wdi-1")
    made = publish_some(home, 4)
    monkeypatch.setattr(storage, "utcnow", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    made += publish_some(home, 2)
    assert made == sorted(made)
    assert editions.kept(home) == made[2:]
    assert editions.published_edition(home)["edition_id"] == made[-1]


# --- rollback --------------------------------------------------------------------------------------------------------


def test_a_rollback_serves_the_edition_before_and_holds_it(home, accept):
    accept("wdi-1")
    made = publish_some(home, 3)
    assert editions.roll_back(home, None, "figures doubted") == made[1]
    assert figure_read(home) == (1.0, 1.0)
    accept("wdi-2")
    assert not publish.is_due(home)
    with pytest.raises(PublishRefused, match=r"holds edition .*figures doubted.*a87 rollback --end"):
        publish.publish(home)
    assert figure_read(home) == (1.0, 1.0)
    assert editions.end_rollback(home)
    assert publish.is_due(home)
    make_build(home, snapshot_id="wdi-2", figure=9)
    publish.publish(home)
    assert figure_read(home) == (9.0, 9.0)


def test_a_rollback_goes_to_the_edition_that_is_named(home, accept):
    accept("wdi-1")
    made = publish_some(home, 4)
    editions.roll_back(home, made[0], "")
    assert figure_read(home) == (0.0, 0.0)


def test_a_rollback_to_what_is_not_there_or_not_sound_changes_nothing(home, accept):
    accept("wdi-1")
    made = publish_some(home, 2)
    spoiled = editions.folder(home) / made[0] / "alliance87.duckdb"
    spoiled.chmod(0o644)
    spoiled.write_bytes(b"half a file")
    for asked in ("20200101T000000000000Z", "../editions", made[0], None):
        with pytest.raises(editions.RollbackRefused):
            editions.roll_back(home, asked, "")
    assert figure_read(home) == (1.0, 1.0)
    assert editions.hold(home) is None


def test_from_a_damaged_warehouse_a_rollback_goes_to_the_newest_sound_edition(home, accept, monkeypatch):
    monkeypatch.setenv("A87_FREE_GB", "0")
    accept("wdi-1")
    made = publish_some(home, 4)
    for name in made[2:]:
        spoiled = editions.folder(home) / name / "alliance87.duckdb"
        spoiled.chmod(0o644)
        with spoiled.open("r+b") as stream:  # in place: the published name is a link to the same file
            stream.truncate(5000)
    with pytest.raises(editions.WarehouseDamaged, match="a87 rollback"):
        publish.is_due(home)
    assert editions.serving(home) == made[3]
    assert [(one.kind, one.key) for one in incidents.open_incidents(home, DagsterInstance.ephemeral())] == [
        ("warehouse-damaged", "warehouse")
    ]
    assert editions.roll_back(home, None, "") == made[1]
    assert figure_read(home) == (1.0, 1.0)


def test_a_publication_that_was_under_way_finds_the_hold(home, accept, monkeypatch):
    accept("wdi-1")
    publish_some(home, 2)
    make_build(home, figure=7)
    export = publish._export

    def rolling_back_meanwhile(*arguments) -> None:
        export(*arguments)
        editions.roll_back(home, None, "meanwhile")

    monkeypatch.setattr(publish, "_export", rolling_back_meanwhile)
    with pytest.raises(PublishRefused):
        publish.publish(home)
    assert figure_read(home) == (0.0, 0.0)


def test_a_publication_killed_between_its_renames_is_mended_by_the_next(home, accept, monkeypatch):
    accept("wdi-1")
    publish_some(home, 1)
    accept("wdi-2")
    make_build(home, snapshot_id="wdi-2", figure=5)
    rename = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target == home.warehouse:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", killed)
        publish.publish(home)
    assert figure_read(home) == (0.0, 5.0)
    assert publish.is_due(home)
    publish.publish(home)
    assert figure_read(home) == (5.0, 5.0)


def test_the_warehouse_is_stored_once_for_both_its_names(home, accept):
    accept("wdi-1")
    make_build(home)
    edition = publish.publish(home).edition_id
    assert home.warehouse.samefile(home.published / "editions" / edition / "alliance87.duckdb")


def test_the_parquet_files_hold_the_same_rows(home, accept):
    accept("wdi-1")
    make_build(home)
    published = publish.publish(home)
    folder = home.published / "latest" / "parquet"
    files = {f"{file.parent.name}.{file.stem}" for file in folder.glob("*/*.parquet")}
    assert files == set(published.rows)
    assert duckdb.sql(f"from '{folder}/reference/dim_area.parquet'").fetchall() == [("NAM", "Namibia")]


def test_the_data_package_describes_every_table_and_its_sources(home, accept):
    accept("wdi-1")
    make_build(home)
    published = publish.publish(home)
    package = json.loads((home.published / "latest" / "datapackage.json").read_text())
    assert (package["name"], package["version"]) == ("alliance87", published.edition_id)
    resources = {resource["name"]: resource for resource in package["resources"]}
    assert set(resources) == set(published.rows)
    assert resources["reference.dim_area"] == {
        "name": "reference.dim_area",
        "path": "parquet/reference/dim_area.parquet",
        "format": "parquet",
        "schema": {
            "fields": [
                {"name": "iso3", "type": "varchar", "description": "ISO 3166-1 alpha-3"},
                {"name": "name", "type": "varchar", "description": ""},
            ]
        },
    }
    assert {
        "title": "fao: Crops and livestock products",
        "path": "https://www.fao.org/faostat/en/#data/QCL",
        "licence": "CC BY-NC-SA 3.0 IGO",
    } in package["sources"]
    assert len(package["sources"]) == len(datasets())


def test_a_data_root_with_an_apostrophe_in_its_path_can_be_published(tmp_path):
    home = Home(tmp_path / "Côte d'Ivoire")
    make_build(home)
    with warehouse.open_build(home) as connection:
        connection.execute("delete from country_progress.mart_progress; delete from supply_chain.mart_exposure")
    warehouse.prepare(home)
    publish.publish(home)
    assert ask(home, "select iso3 from reference.dim_area") == [("NAM",)]


def test_a_mart_with_rows_is_never_replaced_by_an_empty_one(home, accept):
    accept("wdi-1")
    make_build(home)
    publish.publish(home)
    with warehouse.open_build(home) as connection:
        connection.execute("delete from supply_chain.mart_exposure")
    with pytest.raises(publish.PublishRefused, match=r"supply_chain\.mart_exposure would be empty"):
        publish.publish(home)
    assert ask(home, "select count(*) from supply_chain.mart_exposure") == [(1,)]


def test_what_somebody_left_in_the_schema_main_stays_private(home, accept):
    accept("wdi-1")
    make_build(home)
    with warehouse.open_build(home) as connection:
        connection.execute("create table main.scratch as select 1 as a; create view main.peek as from main.scratch")
    publish.publish(home)
    assert ask(home, "select count(*) from duckdb_tables() where schema_name = 'main'") == [(0,)]
    assert ask(home, "select count(*) from duckdb_views() where schema_name = 'main' and not internal") == [(0,)]


# --- whether it is due -----------------------------------------------------------------------------------------------


def test_the_first_vintage_makes_the_first_publication_due(home, accept):
    assert editions.published_edition(home) is None
    assert not publish.is_due(home)  # nothing to serve: an empty warehouse is never published
    accept("wdi-1")
    assert publish.is_due(home)


def test_nothing_is_due_after_a_publication_until_a_vintage_is_accepted(home, accept):
    accept("wdi-1")
    make_build(home)
    publish.publish(home)
    assert not publish.is_due(home)
    accept("wdi-2")
    assert publish.is_due(home)


def test_a_catalogue_that_moved_alone_makes_nothing_due(home, accept):
    accept("wdi-1")
    make_build(home)
    publish.publish(home)
    lake.confirm(home, WDI.id, "wdi-1", {"updated": "later"})
    lake.note_attempt(home, WDI.id, "failed", "HTTP 503", "wdi-1")
    assert not publish.is_due(home)


def test_a_changed_model_makes_a_publication_due(home, accept, tmp_path, monkeypatch):
    project = tmp_path / "dbt"
    (project / "models").mkdir(parents=True)
    model = project / "models" / "a.sql"
    model.write_text("select 1")
    monkeypatch.setattr(warehouse, "DBT_PROJECT", project)
    monkeypatch.setattr(warehouse, "DBT_SOURCES", ("models",))
    accept("wdi-1")
    make_build(home)
    publish.publish(home)
    assert not publish.is_due(home)
    model.write_text("select 2")
    assert publish.is_due(home)


def test_a_changed_entry_of_the_registry_changes_the_fingerprint(home, monkeypatch):
    before = warehouse.inputs_fingerprint(home)
    relabelled = WDI.model_copy(update={"title": "Another title"})
    monkeypatch.setattr(warehouse, "datasets", lambda: {**datasets(), WDI.id: relabelled})
    assert warehouse.inputs_fingerprint(home) != before


# --- what the warehouse is built from --------------------------------------------------------------------------------


def test_nothing_serves_an_empty_data_root(home):
    assert warehouse.serving(home) == {}


@pytest.mark.parametrize(
    ("editions", "served"),
    [
        ({"world_bank_wdi": "sample", "fao_qcl": "sample"}, {"world_bank_wdi", "fao_qcl"}),
        ({"world_bank_wdi": "live", "fao_qcl": "sample"}, {"world_bank_wdi"}),
        ({"world_bank_wdi": "sample", "fao_qcl": "recorded"}, {"fao_qcl"}),
        ({"world_bank_wdi": "live", "fao_qcl": "recorded"}, {"world_bank_wdi"}),
    ],
)
def test_lower_editions_never_fill_the_gaps_of_a_higher_one(home, accept, editions, served):
    for name, edition in editions.items():
        accept(f"{name}-{edition}", edition, datasets()[name])
    assert set(warehouse.serving(home)) == served


def test_the_lake_schema_shows_the_serving_vintages_and_empty_datasets(home, accept):
    accept("wdi-1", rows=[figure("NAM", "2019", 4.5)])
    accept("wdi-2", rows=[figure("NAM", "2019", 5.5)])
    accept("qcl-1", "live", datasets()["fao_qcl"], [{"ref_area": "107", "obs_value": 3.0}])
    warehouse.prepare(home)
    assert built(home, "select ref_area, obs_value from lake.fao_qcl") == [("107", 3.0)]
    # The sample figures are no part of a live warehouse.
    assert built(home, "from lake.world_bank_wdi") == []
    described = built(home, "select column_name, column_type from (describe lake.world_bank_wdi)")
    assert dict(described) == WDI.lake_columns | {"snapshot_id": "VARCHAR"}
    views = built(home, "select view_name from duckdb_views() where schema_name = 'lake' order by 1")
    assert {row[0] for row in views} == set(datasets())


def test_the_newest_vintage_serves(home, accept):
    accept("wdi-1", rows=[figure("NAM", "2019", 4.5)])
    accept("wdi-2", rows=[figure("NAM", "2019", 5.5)])
    warehouse.prepare(home)
    assert built(home, "select ref_area, obs_value from lake.world_bank_wdi") == [("NAM", 5.5)]


def test_the_series_of_the_registry_are_a_table(home):
    warehouse.prepare(home)
    warehouse.prepare(home)  # again over the same file
    rows = built(
        home,
        "select dataset_id, label, unit, direction, comparability from lake.series where indicator_id = 'SI.POV.GINI'",
    )
    assert rows == [("world_bank_wdi", "Gini index", "index 0-100", "down", "indicator")]
    assert built(home, "select count(*) from lake.series") == [(sum(len(d.series) for d in datasets().values()),)]


# --- meta ------------------------------------------------------------------------------------------------------------


def test_meta_snapshot_tells_where_a_vintage_comes_from(home, accept):
    accept("wdi-1", rows=[figure("NAM", "2019", 4.5), figure("BGD", "2019", 1.0, synthetic=True)])
    meta.write_meta(home, "20260102T030405Z")
    assert built(home, "from meta.snapshot") == [
        (
            "wdi-1", "world_bank", "world_bank_wdi", None, "https://partner.example/data", "2026-01-02T03:04:05Z",
            "2025-12-31", "5ec2e7", 4321, 2, 1, "CC BY 4.0", "sample", True,
        )
    ]  # fmt: skip


def test_meta_edition_is_one_row(home, accept):
    accept("wdi-1", "recorded")
    meta.write_meta(home, "first")
    meta.write_meta(home, "second")
    rows = built(home, "select edition_id, edition, inputs_fingerprint from meta.edition")
    assert rows == [("second", "recorded", warehouse.inputs_fingerprint(home))]


def test_meta_of_an_empty_data_root_says_so(home):
    meta.write_meta(home, "first")
    assert built(home, "select edition from meta.edition") == [("none",)]
    for table in ("snapshot", "check_result", "revision", "attempt"):
        assert built(home, f"from meta.{table}") == []


def test_meta_dataset_lists_the_registry(home):
    meta.write_meta(home, "first")
    rows = built(home, "select partner, code, licence, schedule from meta.dataset where dataset_id = 'ilab_goods'")
    goods = datasets()["ilab_goods"]
    assert rows == [("ilab", goods.code, goods.licence, "20 4 * * 1")]
    assert built(home, "select count(*) from meta.dataset") == [(len(datasets()),)]


def test_meta_check_result_holds_expectations_of_the_serving_vintage_with_examples(home, accept):
    accept("wdi-1", checks=[{**CHECK, "message": "of the vintage before"}])
    accept("wdi-2", checks=[CHECK])
    meta.write_meta(home, "first")
    assert built(home, "from meta.check_result") == [
        (
            "world_bank_wdi", "value_range", "expectation", "WARN", False, 2, "-1 to 4", "2 rows outside",
            '[{"ref_area": "NA", "obs_value": -1}]', "", "wdi-2",
        )
    ]  # fmt: skip


def test_meta_check_result_holds_the_tests_of_dbt(home):
    known = {
        "test.alliance87.not_null_x": {
            "model": "reference.dim_area", "check_name": "not_null_dim_area_iso3", "severity": "ERROR", "passed": True,
            "failing_rows": 0, "message": "", "examples": [], "error": "",
        }
    }  # fmt: skip
    storage.write_json(meta.dbt_checks_file(home), known)
    meta.write_meta(home, "first")
    assert built(home, "from meta.check_result") == [
        (
            "reference.dim_area", "not_null_dim_area_iso3", "dbt_test", "ERROR", True, 0, "", "", "[]", "", None,
        )
    ]  # fmt: skip


def test_meta_revision_tells_what_changed_between_vintages(home, accept):
    accept("wdi-1", rows=[figure("BGD", "2013", 5.0), figure("NAM", "2019", 4.5), figure("FJI", "2020", 2.0)])
    accept("wdi-2", rows=[figure("BGD", "2013", 5.0), figure("NAM", "2019", 6.5), figure("UGA", "2021", 3.0)])
    meta.write_meta(home, "first")
    query = "select old_snapshot_id, new_snapshot_id, key, change, old_value, new_value from meta.revision order by key"
    assert built(home, query) == [
        ("wdi-1", "wdi-2", "FJI|SL.TLF.0714.ZS|2020", "removed", 2.0, None),
        ("wdi-1", "wdi-2", "NAM|SL.TLF.0714.ZS|2019", "changed", 4.5, 6.5),
        ("wdi-1", "wdi-2", "UGA|SL.TLF.0714.ZS|2021", "added", None, 3.0),
    ]


def test_meta_load_sums_up_what_each_vintage_changed(home, accept):
    accept("wdi-1", rows=[figure("BGD", "2013", 5.0), figure("NAM", "2019", 4.0), figure("FJI", "2020", 2.0)])
    accept("wdi-2", rows=[figure("BGD", "2013", 5.0), figure("NAM", "2019", 6.0), figure("UGA", "2021", 3.0)])
    meta.write_meta(home, "first")
    query = """
        select old_snapshot_id, rows, old_rows, added, removed, changed, median_relative_change, max_relative_change,
            areas_touched, first_period_touched, last_period_touched
        from meta.load order by accepted_at"""
    assert built(home, query) == [
        (None, 3, None, None, None, None, None, None, None, None, None),
        ("wdi-1", 3, 3, 1, 1, 1, 0.5, 0.5, 3, "2019", "2021"),
    ]


def test_meta_load_keeps_both_acceptances_of_a_revision_taken_back(home, accept):
    for snapshot_id, value in (("wdi-1", 5.0), ("wdi-2", 6.0), ("wdi-1", 5.0)):
        accept(snapshot_id, rows=[figure("BGD", "2013", value)])
    meta.write_meta(home, "first")
    assert built(home, "select snapshot_id, old_snapshot_id, changed from meta.load order by accepted_at") == [
        ("wdi-1", None, None), ("wdi-2", "wdi-1", 1), ("wdi-1", "wdi-2", 1),
    ]  # fmt: skip


def test_meta_attempt_keeps_failures(home, accept):
    accept("wdi-1")
    lake.note_attempt(home, WDI.id, "accepted", "15 rows", "wdi-1")
    lake.note_attempt(home, WDI.id, "failed", "HTTP 503", "wdi-1")
    meta.write_meta(home, "first")
    rows = built(home, "select dataset_id, outcome, message, snapshot_id from meta.attempt")
    assert rows == [
        ("world_bank_wdi", "accepted", "15 rows", "wdi-1"),
        ("world_bank_wdi", "failed", "HTTP 503", "wdi-1"),
    ]


def test_another_version_of_duckdb_makes_a_publication_due(home, accept, monkeypatch):
    accept("wdi-1")
    make_build(home)
    publish.publish(home)
    assert not publish.is_due(home)
    monkeypatch.setattr(duckdb, "__version__", "99.0.0")
    assert publish.is_due(home)
