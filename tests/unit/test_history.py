"""What the facts said on a day: four editions in which a figure is changed, removed and added again.

The facts are the real dbt models over the vintages of their inputs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import lake
from ingest.registry import datasets
from ingest.snapshots import Snapshot
from ingest.storage import Home
from orchestration import editions, history, publish, warehouse
from tests.quirks.warehouse import Warehouse

DBT = Path(__file__).parents[2] / "dbt_project"
Row = dict[str, Any]


def rate(area: str, value: float, flag: str | None = None) -> Row:
    return {
        "ref_area": area, "source": "BA:1", "indicator": "SDG_0861_SEX_RT", "sex": "SEX_T", "time_period": "2019",
        "obs_value": value, "obs_status": flag,
    }  # fmt: skip


def crop(area: str, value: float, flag: str | None = None) -> Row:
    return {
        "ref_area": area, "item": "328", "item_label": "Seed cotton", "element": "5510", "time_period": "2019",
        "time_period_code": "2019", "unit_measure": "t", "obs_value": value, "obs_flag": flag,
    }  # fmt: skip


def trade(area: str, value: float, flag: str | None = None) -> Row:
    return {
        "freq": "A", "reporter": "DE", "partner": area, "product": "09", "flow": "1", "indicator": "VALUE_IN_EUROS",
        "time_period": "2019", "obs_value": value, "obs_flag": flag,
    }  # fmt: skip


CASES = [
    ("country_progress.fct_observation", "ilo_sdg_0861_sex_rt", rate, ("KEN", "NAM"), "ref_area, obs_value, obs_flag"),
    ("supply_chain.fct_production", "fao_qcl", crop, ("114", "147"), "ref_area, production_t, production_flag"),
    ("supply_chain.fct_trade_flow", "eurostat_ds_045409", trade, ("KE", "NA"), "partner, value_eur, value_flag"),
]
FLAGS = {"rate": "U", "crop": "E", "trade": "p"}


def publish_with(home: Home, folder: Path, fact: str, dataset_id: str, rows: list[Row], edition: str = "live") -> str:
    """Accept the rows as a vintage, build the fact from them with the real models, publish; the edition's id."""
    snapshot_id = f"s{len(list(folder.iterdir()))}"
    dataset, data = datasets()[dataset_id], folder / snapshot_id / "data.parquet"
    lake.write_empty(dataset, data)
    snapshot = Snapshot(
        snapshot_id=snapshot_id, dataset_id=dataset.id, partner=dataset.partner, edition=edition, url="https://x",
        retrieved_at="2026-01-02T03:04:05Z", partner_updated="", signal={}, sha256="5", bytes=1, licence="l",
    )  # fmt: skip
    candidate = lake.Vintage(data.parent, lake.describe(snapshot, 0, None))
    lake.settle(home, dataset.id, candidate, {}, passed=True)
    models = Warehouse({dataset_id: [row | {"is_synthetic": False, "snapshot_id": snapshot_id} for row in rows]})
    models.rows(fact.split(".")[1])
    home.build.mkdir(parents=True, exist_ok=True)
    models.con.execute(f"attach '{warehouse.build_file(home)}' as build")
    tables = {fact: f"from {fact.split('.')[1]}"}
    tables |= dict.fromkeys(publish.MARTS, f"select 1 as one, '{snapshot_id}' as snapshot_id")
    for table, select in tables.items():
        models.con.execute(f"create schema if not exists build.{table.split('.')[0]}")
        models.con.execute(f"create or replace table build.{table} as {select}")
    models.con.close()
    return publish.publish(home).edition_id


def at(edition_id: str) -> datetime:
    return datetime.strptime(edition_id, "%Y%m%dT%H%M%S%fZ")


def as_of(home: Home, fact: str, columns: str, moment: datetime) -> list[tuple[Any, ...]]:
    with editions.open_published(home) as connection:
        return connection.execute(f"select {columns} from {fact}_as_of('{moment}') order by all").fetchall()


@pytest.mark.parametrize(("fact", "dataset_id", "row", "areas", "columns"), CASES)
def test_a_fact_as_it_stood_on_a_day(home: Home, tmp_path: Path, fact, dataset_id, row, areas, columns) -> None:
    (tmp_path / "vintages").mkdir()
    one, other = areas
    flag = FLAGS[row.__name__]
    vintages = [
        [row(one, 1.5), row(other, 7.5)],
        [row(one, 2.5), row(other, 7.5)],  # changed
        [row(other, 7.5)],  # removed
        [row(one, 2.5), row(other, 7.5)],  # added again
        [row(one, 2.5, flag), row(other, 7.5)],  # another flag beside the same figure
    ]
    believed = [
        [(one, 1.5, None), (other, 7.5, None)], [(one, 2.5, None), (other, 7.5, None)], [(other, 7.5, None)],
        [(one, 2.5, None), (other, 7.5, None)], [(one, 2.5, flag), (other, 7.5, None)],
    ]  # fmt: skip
    moments = []
    for rows in vintages:
        moments.append(at(publish_with(home, tmp_path / "vintages", fact, dataset_id, rows)))
        for moment, expected in zip(moments, believed, strict=False):  # whatever is published later
            assert as_of(home, fact, columns, moment) == expected, (moment, len(moments))
    for (earlier, later), expected in zip(pairwise(moments), believed, strict=False):
        assert as_of(home, fact, columns, later - timedelta(microseconds=1)) == expected
        assert as_of(home, fact, columns, earlier + (later - earlier) / 2) == expected
    assert as_of(home, fact, columns, moments[-1] + timedelta(days=9)) == believed[-1]
    with pytest.raises(duckdb.InvalidInputException, match=f"{fact} is known since {moments[0]:%F %T}"):
        as_of(home, fact, columns, moments[0] - timedelta(microseconds=1))
    with editions.open_published(home) as connection:
        kept = connection.execute(f"select change, count(*) from {history.history_table(fact)} group by 1 order by 1")
        assert kept.fetchall() == [("added", 1), ("changed", 2), ("removed", 1)]  # revisions only


FACT, DATASET, ROW, AREAS, COLUMNS = CASES[0]


def test_an_edition_without_changes_adds_nothing(home: Home, tmp_path: Path) -> None:
    (tmp_path / "vintages").mkdir()
    for _edition in (1, 2, 3):
        publish_with(home, tmp_path / "vintages", FACT, DATASET, [ROW("KEN", 1.5)])
    with editions.open_published(home) as connection:
        assert connection.execute("select count(*) from meta.fct_observation_history").fetchall() == [(0,)]


def test_a_fact_starts_anew_with_other_columns_and_with_another_edition(home: Home, tmp_path: Path) -> None:
    (tmp_path / "vintages").mkdir()
    folder = tmp_path / "vintages"
    first = at(publish_with(home, folder, FACT, DATASET, [ROW("KEN", 1.5)], edition="sample"))
    live = at(publish_with(home, folder, FACT, DATASET, [ROW("KEN", 2.5)]))
    with pytest.raises(duckdb.InvalidInputException, match=f"is known since {live:%F %T}"):
        as_of(home, FACT, COLUMNS, first)
    home.warehouse.chmod(0o644)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute(f"alter table {FACT} add column of_an_older_model integer")
    wider = at(publish_with(home, folder, FACT, DATASET, [ROW("KEN", 3.5)]))
    with pytest.raises(duckdb.InvalidInputException, match=f"is known since {wider:%F %T}"):
        as_of(home, FACT, COLUMNS, live)
    assert as_of(home, FACT, COLUMNS, wider) == [("KEN", 3.5, None)]


def test_every_fact_of_the_dbt_project_has_a_key() -> None:
    models = (DBT / "models" / "marts").rglob("fct_*.sql")
    assert sorted(history.facts()) == sorted(f"{file.parent.name}.{file.stem}" for file in models)
    assert history.facts()["supply_chain.fct_production"] == ("ref_area", "item_code", "year")
    assert "source_code" in history.facts()["country_progress.fct_observation"]  # the first of its two tests
