"""All five recorded reports of USDOL through parser, lake and dbt models, against tables parsed elsewhere."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import lake
from ingest.partners import connector
from ingest.registry import datasets, partners
from tests.conftest import SHARED
from tests.quirks.warehouse import Warehouse, findings

YEARS = ("2014", "2016", "2018", "2020", "2022")
WIRE, REFERENCE = SHARED / "wire" / "ilab", SHARED / "reference" / "ilab"
pytestmark = pytest.mark.skipif(not WIRE.is_dir(), reason="../shared with recorded payloads is not here")

Load = Callable[[str], Path]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """A dataset as the recorded files have it, as Parquet."""

    def load(dataset_id: str) -> Path:
        dataset = datasets()[dataset_id]
        folder = tmp_path_factory.mktemp(dataset_id)
        payload, data = folder / "payload", folder / "data.parquet"
        payload.mkdir()
        kind = "goods" if dataset.code == "goods" else "findings"
        for year in YEARS:
            (payload / f"{year}.xml").symlink_to(WIRE / f"{kind}_{year}.xml")
        lake.load(dataset, connector(partners()["ilab"]).read(dataset, payload, folder), data)
        return data

    return load


def warehouse(load: Load, *dataset_ids: str) -> Warehouse:
    """dbt's models over the recorded tables."""
    made = Warehouse({})
    for name in dataset_ids:
        table = f"read_parquet('{load(name)}/*.parquet')"
        made.con.execute(f"create table {name} as select *, 'snapshot' as snapshot_id from {table}")
        made.built.add(name)
    return made


def reference(table: str) -> list[dict[str, str]]:
    with (REFERENCE / f"{table}.tsv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def by_year(rows: list[dict[str, Any]]) -> list[int]:
    counted = Counter(str(row["report_year"]) for row in rows)
    return [counted[year] for year in YEARS]


COUNTS = {
    "ilab_conventions": [840, 810, 786, 786, 786],
    "ilab_legal_standards": [560, 1728, 1638, 1667, 1572],
    "ilab_enforcement": [0, 4433, 4029, 4082, 3136],
    "ilab_suggested_actions": [1593, 1747, 1918, 2245, 2148],
    "ilab_projects": [0, 0, 0, 573, 589],
}
REPEATED = {"ilab_conventions": 6, "ilab_enforcement": 1, "ilab_projects": 5}


@pytest.mark.parametrize("dataset_id", COUNTS)
def test_rows_of_every_report(load: Load, dataset_id: str) -> None:
    found = duckdb.sql(f"select report_year, copies from read_parquet('{load(dataset_id)}/*.parquet')").fetchall()
    assert by_year([{"report_year": year} for year, _copies in found]) == COUNTS[dataset_id]
    assert sum(copies != "1" for _year, copies in found) == REPEATED.get(dataset_id, 0)
    assert {copies for _year, copies in found} <= {"1", "2"}


@pytest.mark.parametrize("dataset_id", COUNTS)
def test_recorded_reports_pass_the_checks_of_one_load(load: Load, dataset_id: str) -> None:
    relation = duckdb.sql(f"select * from read_parquet('{load(dataset_id)}/*.parquet')")
    rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    assert findings(datasets()[dataset_id], rows) == EXPECTED_FINDINGS.get(dataset_id, {})


# 23 numbers among yes and no in penalties for the worst forms, six cells in other facts.
EXPECTED_FINDINGS: dict[str, dict[str, int]] = {
    "ilab_conventions": {"printed_once": 6},
    "ilab_enforcement": {"one_kind_of_answer": 29, "printed_once": 1},
    "ilab_projects": {"printed_once": 5},
}


def test_treaties(load: Load) -> None:
    found = warehouse(load, "ilab_conventions").rows("fct_ratification")
    assert all(row["convention_id"] and row["iso3"] for row in found)
    told = {(str(row["report_year"]), row["iso3"], row["convention_id"]): row["is_ratified"] for row in found}
    assert told == {
        (r["report_year"], r["iso3"], r["convention"]): {"1": True, "0": False, "": None}[r["ratified"]]
        for r in reference("conventions")
    }


def test_legal_standards(load: Load) -> None:
    found = warehouse(load, "ilab_legal_standards").rows("stg_ilab__legal_standards")
    keys = ("report_year", "country", "standard", "territory")
    printed = {
        (*(str(row[k] or "") for k in keys),): tuple(
            row[k] for k in ("established_text", "age_text", "calculated_age_text", "conforms_text") if k in row
        )
        for row in found
    }
    assert printed == {
        (*(r[k].strip() for k in keys),): (r["established_raw"], r["age_raw"], r["conforms_raw"])
        for r in reference("legal_standards")
    }
    assert all(row["standard_id"] for row in found)
    ages = Counter((row["age_years"], row["age_missing_reason"]) for row in found)
    assert (ages[18.0, None], ages[17.5, None], ages[None, "several_ages"]) == (978 + 119 + 2, 12, 9)
    assert ages[None, "not_a_number"] == 0
    assert Counter(row["is_conforming"] for row in found) == {True: 4642 + 16 + 1, False: 1382, None: 560 + 469 + 95}
    assert Counter(row["established_footnote"] for row in found)["*"] == 64 + 16
    assert Counter(row["established_missing_reason"] for row in found)["no_answer"] == 0


def test_enforcement_facts(load: Load) -> None:
    found = warehouse(load, "ilab_enforcement").rows("stg_ilab__enforcement")
    keys = ("report_year", "country", "territory", "measure")
    facts = [row for row in found if row["section"] == "Enforcements"]
    kinds = {"boolean": "yes_no", "number": "number"}
    assert {
        (*(str(row[k] or "") for k in keys),): (
            row["value_text"], row["value_kind"], row["value_n"], row["currency"] or "", row["footnote"] or "",
        )
        for row in facts
    } == {
        (*(r[k].strip() for k in keys),): (
            r["value_raw"], kinds.get(r["value_kind"], "missing"),
            float(r["value_num"]) if r["value_kind"] == "number" else None, r["currency"], r["footnote"],
        )
        for r in reference("enforcement")
    }  # fmt: skip
    assert all(row["missing_reason"] in {None, "unknown", "not_applicable", "unavailable"} for row in found)
    mechanisms = Counter(row["is_yes"] for row in found if row["section"] == "Mechanisms")
    assert mechanisms == {True: 1308, False: 182, None: 94}


def test_suggested_actions(load: Load) -> None:
    rows = warehouse(load, "ilab_suggested_actions").rows("fct_suggested_action")
    assert by_year(rows) == COUNTS["ilab_suggested_actions"]
    assert all(row["iso3"] for row in rows)
    areas = {"Laws": "Legal_Framework", "Policies": "Government_Policies"}
    expected: Counter[tuple[str, str, str]] = Counter()
    for r in reference("suggested_action_counts"):
        expected[r["report_year"], r["iso3"], areas.get(r["area"], r["area"])] += int(r["n_actions"])
    found = Counter((str(row["report_year"]), row["iso3"], row["area"]) for row in rows)
    assert found == +expected
    years = {row["years_text"]: (row["first_year_named"], row["last_year_named"]) for row in rows}
    assert years.pop(None) == (None, None)
    assert years["2010 – 2011, 2013 – 2014"] == (2010, 2014)
    assert years["2009 – 2014 2009 – 2014"] == years["2009 - 2014"] == years["2009\xad – 2014"] == (2009, 2014)
    assert {last for _first, last in years.values()} == {2013, 2014}


def test_projects(load: Load) -> None:
    rows = warehouse(load, "ilab_projects").rows("fct_ilab_project")
    expected = {
        (r["report_year"], r["iso3"], r["title"], r["link"].replace(" ", "")) for r in reference("ilab_projects")
    }
    assert {(str(r["report_year"]), r["iso3"], r["title"], r["link"] or "") for r in rows} == expected
    assert by_year(rows) == COUNTS["ilab_projects"]


@pytest.mark.trap(8, "over five recorded editions six removals, not sixteen")
def test_changes_of_the_goods_list(load: Load) -> None:
    """By raw name there are 16 removals; really 6 (trap 12)."""
    rows = warehouse(load, "ilab_goods").rows("fct_goods_list_change")
    kinds = {"flag_changed": "flags changed"}
    assert {(str(r["edition_before"]), str(r["edition"]), r["change_kind"], r["good_id"], r["iso3"]) for r in rows} == {
        (r["from_edition"], r["to_edition"], kinds.get(r["change"], r["change"]), r["good_id"], r["iso3"])
        for r in reference("goods_list_changes")
    }
    assert Counter(r["change_kind"] for r in rows) == {"added": 120, "flags changed": 16, "renamed": 9, "removed": 6}


def test_stories_of_the_goods_list(load: Load) -> None:
    """Pairs an edition, origins of cotton, and four known ends: each as (edition, child labour, forced labour)."""
    rows = warehouse(load, "ilab_goods").rows("fct_goods_list")
    editions = (2014, 2016, 2018, 2020, 2022)

    def story(iso3: str, good_id: str) -> list[tuple[int, bool, bool]]:
        return sorted(
            (row["edition"], row["is_child_labour_listed"], row["is_forced_labour_listed"])
            for row in rows
            if (row["iso3"], row["good_id"]) == (iso3, good_id)
        )

    assert [sum(row["edition"] == edition for row in rows) for edition in editions] == [353, 379, 418, 438, 467]
    cotton = [{r["iso3"] for r in rows if (r["good_id"], r["edition"]) == ("cotton", edition)} for edition in editions]
    assert [len(origins) for origins in cotton] == [18, 18, 17, 17, 16]
    assert story("UZB", "cotton") == [
        (2014, True, True), (2016, True, True), (2018, False, True), (2020, False, True),
    ]  # fmt: skip
    assert [edition for edition, *_flags in story("PRY", "cotton")] == [2014, 2016]
    assert [edition for edition, *_flags in story("JOR", "garments")] == [2014]
    assert [edition for edition, *_flags in story("NAM", "cattle")] == [2014, 2016, 2018]
    assert {row["valid_to_year"] for row in rows if row["edition"] == 2020} == {2021}


def test_treaties_by_panel(load: Load) -> None:
    """More countries have ratified C138 in every report; by raw counts fewer in 2018 than in 2014 (trap 10)."""
    rows = {r["report_year"]: r for r in warehouse(load, "ilab_conventions").rows("mart_ratification")
            if r["convention_id"] == "C138"}  # fmt: skip
    assert [rows[int(year)]["countries_ratified"] for year in YEARS] == [113, 111, 108, 110, 115]
    assert [rows[int(year)]["panel_ratified"] for year in YEARS] == [105, 106, 107, 108, 113]
    assert len({row["panel_countries"] for row in rows.values()}) == 1
    assert all(row["countries_ratified"] <= row["countries_assessed"] for row in rows.values())


def test_the_report_year_stands_in_the_text(tmp_path: Path) -> None:
    """Report 2018 under the name of 2016 is refused (trap 17)."""
    from ingest.errors import PayloadInvalid

    payload = tmp_path / "payload"
    payload.mkdir()
    (payload / "2016.xml").symlink_to(WIRE / "findings_2018.xml")
    with pytest.raises(
        PayloadInvalid, match=r"2016\.xml: the text of 0 of 131 profiles is about 2016.*\('2018', 119\)"
    ):
        connector(partners()["ilab"]).read(datasets()["ilab_conventions"], payload, tmp_path)
