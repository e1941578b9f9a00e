"""The traps that are no quirk of one partner, each with its evidence."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from ingest.registry import datasets
from tests.quirks.conftest import read_as
from tests.quirks.warehouse import Warehouse

ROOT = Path(__file__).parents[2]
A871, B871, NEET = "ilo_sdg_a871_sex_age_rt", "ilo_sdg_b871_sex_age_rt", "ilo_sdg_0861_sex_rt"
WORLD_BANK = "world_bank_wdi"
HEADER = "ref_area,indicator,source,sex,classif1,time,obs_value,obs_status,note_classif,note_indicator,note_source\n"

BANDS = ("5-17", "5-14", "7-17", "6-17", "10-17")
Rows = list[dict[str, Any]]


def rate(variant: str, area: str, year: int, value: float | str, *, sex: str = "T", ages: str = "5-17") -> str:
    """A line of the ILO's file of SDG 8.7.1, variant A or B."""
    return f"{area},SDG_{variant}871_SEX_AGE_RT,BB:1,SEX_{sex},AGE_CLDVERSION_Y{ages},{year},{value},,,,\n"


def file(*lines: str) -> dict[str, bytes]:
    return {"data.csv": (HEADER + "".join(lines)).encode()}


@pytest.fixture(scope="module")
def surveys(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Rates of the ILO: world totals printed beside boys and girls (given areas here), five bands, one series,
    and one country by three definitions."""
    printed = {"BEN": (16.0, 23.4, 22.5), "MLI": (10.6, 18.1, 15.2), "PER": (23.0, 23.4, 22.5)}
    lines = [
        rate("A", area, 2012, value, sex=sex)
        for area, values in printed.items()
        for sex, value in zip("TMF", values, strict=True)
    ]
    lines += [rate("A", "TGO", 2006 + 2 * n, 40 - n, ages=ages) for n, ages in enumerate(BANDS)]
    lines += [rate("A", "BFA", 2006, 40), rate("A", "BFA", 2014, 36), rate("A", "AFG", 2014, 19.666, ages="12-14")]

    def read(dataset_id: str, *lines: str) -> Rows:
        return read_as(datasets()[dataset_id], file(*lines), tmp_path_factory.mktemp(dataset_id))

    compiled = {"ref_area": "AFG", "indicator": "SL.TLF.0714.ZS", "time_period": "2014", "obs_value": 21.0}
    return Warehouse(
        {
            A871: read(A871, *lines),
            B871: read(B871, rate("B", "AFG", 2014, 31.959, ages="12-14")),
            WORLD_BANK: [compiled | {"is_synthetic": False, "snapshot_id": "s"}],
        }
    )


@pytest.mark.trap(4, "a total outside its parts is reported; one between them is not")
def test_a_total_lies_between_its_parts(surveys):
    found = surveys.failing("ilo_rate_lies_between_its_parts")
    assert {row["ref_area"] for row in found} == {"BEN", "MLI"}


@pytest.mark.trap(6, "figures of different age bands are never in one group, so they make no trend; one band does")
def test_age_bands_are_not_one_series(surveys):
    observed = [row for row in surveys.rows("fct_observation") if row["iso3"] == "TGO"]
    assert {row["age"] for row in observed} == set(BANDS)
    assert len({row["comparability_group"] for row in observed}) == len(BANDS)
    progress = surveys.rows("mart_progress")
    assert {row["obs_change"] for row in progress if row["iso3"] == "TGO"} == {None}
    assert {row["obs_change"] for row in progress if (row["iso3"], row["first_year"]) == ("BFA", 2006)} == {-4.0}


@pytest.mark.trap(9, "from product to branch by a table whose weights sum to 1, not by the concordance that explodes")
def test_products_reach_workers_by_shares():
    warehouse = Warehouse({})
    shares: dict[tuple[str, str], float] = {}
    divisions: dict[str, set[str]] = {}
    for row in warehouse.rows("bridge_sector_activity"):
        key = (row["sector_id"], row["stage"])
        shares[key] = shares.get(key, 0) + row["weight"]
        divisions.setdefault("/".join(key), set()).add(row["isic4_division"])
    assert set(shares.values()) == {1.0}
    assert divisions["cotton/raw"] == {"01"}  # by the concordance 520100 reaches eleven classes
    assert divisions["garment/finished"] == {"14"}  # by its first match garments go to 1313, the finishing of textiles
    weights: dict[tuple[str, str], float] = {}
    for row in warehouse.rows("bridge_product_sector"):
        code = (row["product_scheme"], row["product_code"])
        weights[code] = weights.get(code, 0) + row["weight"]
    assert weights
    assert {round(total, 9) for total in weights.values()} == {1.0}


@pytest.mark.trap(11, "every rate of children says which definition it follows, and that one is described")
def test_definitions_are_told(surveys):
    known = {row["definition_id"]: row for row in surveys.rows("dim_definition")}
    observed = surveys.rows("fct_observation")
    assert {row["definition_id"] is not None for row in observed} == {True}
    assert all(known[row["definition_id"]]["hours_rule"] for row in observed)
    assert "chores: 21 or more" in known["ilo_sdg_871b_12_14"]["hours_rule"]
    assert "chores" not in known["ilo_sdg_871a_12_14"]["hours_rule"]


@pytest.mark.trap(12, "figures of one country and year by several definitions stand side by side, never in one group")
def test_definitions_stand_side_by_side(surveys):
    observed = [row for row in surveys.rows("fct_observation") if row["iso3"] == "AFG"]
    assert {row["definition_id"]: row["obs_value"] for row in observed} == {
        "ilo_sdg_871a_12_14": 19.666, "ilo_sdg_871b_12_14": 31.959, "wdi_children_in_employment_7_14": 21.0,
    }  # fmt: skip
    assert len({row["comparability_group"] for row in observed}) == 3


@pytest.mark.trap(13, "an error comes from the declared rule, with its design factor, and is named; else there is none")
def test_an_error_is_never_that_of_a_simple_sample(surveys):
    progress = [row for row in surveys.rows("mart_progress") if (row["iso3"], row["first_year"]) == ("BFA", 2006)]
    naive = (40 * 60 / 10_000 + 36 * 64 / 10_000) ** 0.5
    assert progress
    assert all(row["obs_change_se"] == pytest.approx(3.1 * naive) for row in progress)
    assert all("rule U1" in row["interval_basis"] for row in progress)


@pytest.mark.trap(14, "an id of 18 digits comes back digit by digit, and two that differ in the last stay two")
def test_long_ids_are_text(parse):
    ids = ("164000000000000001", "164000000000000002")
    body = "ref_area,indicator,source,sex,time,obs_value,obs_status\n" + "".join(
        f"KEN,SDG_0861_SEX_RT,{code},SEX_T,2019,5,\n" for code in ids
    )
    rows = parse(NEET, {"data.csv": body.encode()})
    assert sorted(row["source"] for row in rows) == list(ids)


@pytest.mark.trap(14, "no column that names a row is a number in the lake")
def test_keys_are_text():
    numbers = {
        f"{dataset.id}.{column}: {dataset.lake_columns[column]}"
        for dataset in datasets().values()
        for column in dataset.key
        if dataset.lake_columns[column] != "VARCHAR"
    }
    assert numbers == set()


@pytest.mark.trap(15, "names and codes of countries come from our own table; the library that breaks is not installed")
def test_no_library_converts_countries():
    written = [ROOT / "pyproject.toml", *ROOT.glob("requirements*.lock")]
    assert len(written) >= 3
    for path in written:
        assert not re.search(r"country[_-]converter|pycountry", path.read_text(encoding="utf-8")), path.name


def marked_tests() -> set[tuple[int, str]]:
    """Number and id of every test that carries a trap mark."""
    found = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for mark in getattr(node, "decorator_list", []):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.trap":
                    number = ast.literal_eval(mark.args[0])
                    found.add((number, f"{path.relative_to(ROOT)}::{node.name}"))
    return found


def test_the_table_of_traps_names_every_marked_test():
    page = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    section = page.partition("## Traps of the field")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if re.match(r"\| *\d+ \|", line)]
    named = {(int(cells[1]), test) for cells in rows for test in re.findall(r"`(tests/[^`]+)`", cells[-2])}
    assert named == marked_tests()
    assert {number for number, _test in named} == set(range(1, 17))
