"""Declared corrections: what may be declared, when it is applied, and that the delivery itself stays as it came."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import lake
from ingest.registry import datasets
from ingest.registry.corrections import Correction, corrections, load
from ingest.snapshots import Snapshot
from ingest.storage import Home
from orchestration import meta, warehouse
from orchestration.corrections import corrected

FINDINGS, WDI = datasets()["ilab_findings"], datasets()["world_bank_wdi"]
SAMPLE = Path(__file__).parents[2] / "ingest" / "sandbox" / "sample"
(MONTSERRAT,) = (c for c in corrections() if c.id == "ilab_2022_montserrat_working_children")
ENTRY = """
- id: one
  dataset: world_bank_wdi
  key: {ref_area: BGD, indicator: SL.TLF.0714.ZS, time_period: "2013"}
  column: obs_value
  wrong: 50.0
  right: 5.0
  reason: r
  evidence: e
"""


def declared(folder: Path, text: str) -> tuple[Correction, ...]:
    file = folder / "corrections.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, datasets())


def accept(home: Home, folder: Path, rows: list[dict[str, Any]]) -> lake.Vintage:
    """A vintage of the findings with these rows."""
    data = folder / "vintage" / "data.parquet" / "part-00000.parquet"
    lake.write_empty(FINDINGS, data)
    with duckdb.connect() as con:
        con.execute(f"create table data as from '{data}'")
        for row in rows:
            marks = ", ".join("?" * len(row))
            con.execute(f"insert into data ({', '.join(row)}) values ({marks})", list(row.values()))
        con.execute(f"copy data to '{data}' (format parquet)")
    snapshot = Snapshot(
        snapshot_id="findings-1", dataset_id=FINDINGS.id, partner="ilab", edition="live", url="https://dol.example",
        retrieved_at="2026-01-02T03:04:05Z", partner_updated="", signal={}, sha256="5ec2e7", bytes=1, licence="l",
    )  # fmt: skip
    candidate = lake.Vintage(folder / "vintage", lake.describe(snapshot, len(rows), None))
    return lake.settle(home, FINDINGS.id, candidate, {}, passed=True)


def printed(value: str, **other: str) -> dict[str, Any]:
    return MONTSERRAT.key | {"value_text": value, "is_synthetic": False} | other


def built(home: Home, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(warehouse.build_file(home), read_only=True) as con:
        return con.execute(query).fetchall()


VALUES = "select country, value_text from lake.ilab_findings order by 1"
STATE = "select state, wrong_value, right_value, found_value from lake.correction where correction_id = 'ilab_2022_{}'"
STATE = STATE.format("montserrat_working_children")


def test_the_declared_errors_are_in_the_bundled_sample() -> None:
    with (SAMPLE / "ilab_findings.csv").open(encoding="utf-8", newline="") as stream:
        cells = [row["value"] for row in csv.DictReader(stream) if MONTSERRAT.key.items() <= row.items()]
    assert cells == [MONTSERRAT.wrong]


def test_a_correction_stands_in_the_view_and_the_delivery_keeps_the_error(home: Home, tmp_path: Path) -> None:
    other = printed("0.968", country="Tuvalu")
    vintage = accept(home, tmp_path, [printed("0.968"), other])
    warehouse.prepare(home)
    assert built(home, VALUES) == [("Montserrat", "Unavailable"), ("Tuvalu", "0.968")]
    assert built(home, STATE) == [("applied", "0.968", "Unavailable", "0.968")]
    assert duckdb.sql(f"select distinct value_text from read_parquet('{vintage.data}/*')").fetchall() == [("0.968",)]


@pytest.mark.parametrize("value", ["0.055", "Unavailable", ""])
def test_a_value_that_the_partner_changed_is_not_corrected(home: Home, tmp_path: Path, value: str) -> None:
    accept(home, tmp_path, [printed(value)])
    warehouse.prepare(home)
    assert built(home, VALUES) == [("Montserrat", value)]
    assert built(home, STATE) == [("upstream_changed", "0.968", "Unavailable", value or "nothing")]


def test_without_the_row_or_the_dataset_there_is_nothing_to_correct(home: Home, tmp_path: Path) -> None:
    warehouse.prepare(home)
    assert built(home, STATE) == [("absent", "0.968", "Unavailable", None)]
    accept(home, tmp_path, [printed("0.968", report_year="2020")])
    warehouse.prepare(home)
    assert built(home, STATE) == [("absent", "0.968", "Unavailable", None)]
    assert built(home, VALUES) == [("Montserrat", "0.968")]


def test_analysts_find_the_corrections_in_meta(home: Home, tmp_path: Path) -> None:
    accept(home, tmp_path, [printed("0.968")])
    meta.write_meta(home, "20260101T000000000000Z")
    (row,) = built(home, "select dataset_id, key, ref_area, time_period, state, snapshot_id from meta.correction")
    key = "2022|Montserrat|Children_Work_Statistics|1|Total_Percentage_of_Working_Children"
    assert row == ("ilab_findings", key, "Montserrat", "2022", "applied", "findings-1")


def test_a_declared_correction_makes_a_build_due(home: Home, monkeypatch) -> None:
    before = warehouse.inputs_fingerprint(home)
    monkeypatch.setattr(warehouse, "declared_corrections", lambda: ())
    assert warehouse.inputs_fingerprint(home) != before


@pytest.mark.parametrize(("wrong", "right"), [("50.0", "5.0"), ("50.0", "null"), ("null", "5.0")])
def test_figures_are_corrected_as_numbers(tmp_path: Path, monkeypatch, wrong: str, right: str) -> None:
    text = ENTRY.replace("50.0", wrong).replace("right: 5.0", f"right: {right}")
    monkeypatch.setattr("orchestration.corrections.corrections", lambda: declared(tmp_path, text))
    with duckdb.connect() as con:
        con.execute("create table t (ref_area text, indicator text, time_period text, obs_value double)")
        con.execute(f"insert into t values ('BGD', 'SL.TLF.0714.ZS', '2013', {wrong}), ('BGD', 'x', '2013', {wrong})")
        found = con.execute(f"select indicator, obs_value from ({corrected(WDI, 't')})").fetchall()
    number = {"null": None}.get(wrong, 50.0)
    assert found == [("SL.TLF.0714.ZS", {"null": None}.get(right, 5.0)), ("x", number)]


def test_a_dataset_without_corrections_is_read_as_it_is() -> None:
    assert corrected(datasets()["fao_qcl"], "t") == "select * from t"


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("dataset: world_bank_wdi", "dataset: world_bank_wdx", "no dataset world_bank_wdx"),
        ('time_period: "2013"', 'year: "2013"', "key columns .*year"),
        (', time_period: "2013"', "", "but world_bank_wdi has"),
        ("column: obs_value", "column: value", "value is no column"),
        ("column: obs_value", "column: ref_area", "ref_area is no column of world_bank_wdi that can be corrected"),
        ("column: obs_value", "column: snapshot_id", "snapshot_id is no column"),
        ("column: obs_value", "column: footnote", "footnote holds str, not 50.0"),
        ("wrong: 50.0", 'wrong: "50.0"', "obs_value holds float, not '50.0'"),
        ("right: 5.0", "right: 50.0", "wrong and right are equal"),
        ("  evidence: e", "  evidences: e", "evidences"),
        ('"2013"', "2013", "valid string"),
    ],
)
def test_a_correction_that_fits_nothing_is_refused(tmp_path: Path, was: str, becomes: str, says: str) -> None:
    assert was in ENTRY
    with pytest.raises(ValueError, match=says):
        declared(tmp_path, ENTRY.replace(was, becomes))


def test_an_id_or_a_cell_that_is_declared_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="more than once: one"):
        declared(tmp_path, ENTRY + ENTRY.replace("obs_value", "footnote").replace("50.0", "a").replace("5.0", "b"))
    with pytest.raises(ValueError, match="more than once: world_bank_wdi"):
        declared(tmp_path, ENTRY + ENTRY.replace("id: one", "id: two"))
    assert [c.id for c in declared(tmp_path, ENTRY)] == ["one"]
    assert declared(tmp_path, "# nothing yet\n") == ()
