"""The builders of the concordance seeds: which codes and links they keep."""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from ingest.registry import datasets
from tests.quirks.warehouse import Rows, Warehouse

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "dbt_project" / "seeds"


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def concordances() -> ModuleType:
    return tool("build_concordances")


@pytest.fixture(scope="module")
def bridge() -> Rows:
    return Warehouse({}).rows("bridge_product_sector")


def tables(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.tsv").write_text("\n".join("\t".join(line.split()) for line in text.split(";")))
    return folder


def test_links_of_a_split_are_all_kept_and_collecting_ones_marked(concordances, tmp_path):
    waste = "; ".join(f"999900 40000{number}" for number in range(6))
    text = f"new old; 100001 200001; 100002 200001; 999999 200001; 999900 200001; 999900 999900; {waste}"
    links = concordances.step(tables(tmp_path, links=text), "N", "O", "links.tsv", ("new", "old"), "correlation")
    of_code = {(link.newer_code, link.is_collecting) for link in links if link.older_code == "200001"}
    assert of_code == {("100001", "false"), ("100002", "false"), ("999900", "true")}
    assert concordances.reaching(links, {"100001"}) == {"200001"}
    assert concordances.reaching(links, {"999900"}) == {"999900"}  # by its own number only


def test_a_code_that_lost_its_leading_digit_stops_the_builder(concordances, tmp_path):
    folder = tables(tmp_path, links="new old; 100001 20001")
    with pytest.raises(ValueError, match="20001"):
        concordances.step(folder, "N", "O", "links.tsv", ("new", "old"), "correlation")


def test_tariff_lines_count_where_the_subheading_exists(tmp_path):
    bridge = tool("build_fao_bridge")
    for name, text in {
        bridge.NOMENCLATURE["HS12"][0]: "HS4_6d;180310;180400",
        bridge.TARIFF_MAP: "hs6 fcl share; 001803 662 1; 180310 662 0.98; 180400 662 0.4; 180400 664 0.6",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("\n".join("\t".join(line.split()) for line in text.split(";")))
    found = [(row[0], row[3]) for row in bridge.mapped(tmp_path, {"662": "paste", "664": "butter"})]
    assert found == [("662", "180310"), ("664", "180400")]


def test_the_seeds_are_what_the_builders_write(concordances, shared):
    products = concordances.read(SEEDS / "sector_product.csv", "excel")
    codes = {row["hs2022_code"] for row in products if float(row["weight"]) > 0}
    links = concordances.hs_links(shared / "reference" / "concordances", codes)
    assert [[str(cell) for cell in vars(link).values()] for link in links] == written("hs_link")
    items = {code: label for _sector, _stage, code, label, *_ in written("sector_fao_item")}
    assert [list(row) for row in tool("build_fao_bridge").bridge(shared, items)] == written("fao_item_hs")


def test_the_codes_of_the_four_sectors_are_the_published_ones(concordances, shared):
    published = concordances.read(shared / "reference" / "sectors" / "sector_hs6.tsv")
    ours = {(sector, code) for sector, _stage, code, *_ in written("sector_product")}
    four = {(row["sector"], row["hs6_2022"]) for row in published}
    assert len(four) == 512
    assert {pair for pair in ours if pair[0] in {sector for sector, _code in four}} == four


@pytest.mark.parametrize(
    ("scheme", "code", "parts"),
    [
        (
            "HS2017",
            "847130",
            {("electronics", "finished"): 1.0},
        ),  # electronic waste does not take six sevenths
        ("HS2017", "180690", {("cocoa", "finished"): 1.0}),
        ("HS2017", "852990", {("electronics", "intermediate"): 1.0}),
        ("HS2017", "620193", {("garment", "finished"): 1.0}),
        ("HS2017", "240399", {("tobacco", "finished"): 2 / 3, ("other", "other"): 1 / 3}),
        ("HS2002", "520100", {("cotton", "raw"): 1.0}),
        ("HS2007", "120799", {("palm_oil", "raw"): 0.2, ("other", "other"): 0.8}),
        ("HS2022", "170199", {("other", "other"): 1.0}),  # cane or beet
        ("FAO", "839", {("other", "other"): 1.0}),  # balata
    ],
)
def test_real_codes_get_the_sector_they_belong_to(bridge, scheme, code, parts):
    rows = [row for row in bridge if (row["product_scheme"], row["product_code"]) == (scheme, code)]
    found = {(row["sector_id"], row["stage"]): row["weight"] for row in rows}
    assert found == pytest.approx(parts)


def test_activities_are_classes_of_their_division_and_the_published_ones(concordances, shared):
    division_of = {code: parent for code, level, _label, parent in written("isic4_activity") if level == "class"}
    ours = {
        (sector, code, division)
        for sector, _stage, classes, division, *_ in written("sector_activity")
        for code in classes.split("|")
    }
    assert [row for row in ours if division_of.get(row[1]) != row[2]] == []
    published = concordances.read(shared / "reference" / "sectors" / "sector_isic4.tsv")
    four = {(row["sector"], row["isic4_class"], row["isic4_division"]) for row in published}
    assert {row for row in ours if row[0] in {sector for sector, *_ in four}} == four


def test_recorded_cn8_links_are_followed_without_loss(shared):
    recorded = shared / "wire" / "eurostat" / "codelists" / "CN_concordances_1988_2025_XLS_FORMAT.xls"
    links = {
        (str(int(float(period))), old.replace(" ", ""), new.replace(" ", ""))
        for period, old, new in tool("xls").rows(recorded)[1:]
        if float(period) >= 20162017
    }
    names = ("period", "origin_code", "destination_code")
    rows = [dict(zip(names, link, strict=True)) | {"snapshot_id": "s"} for link in sorted(links)]
    warehouse = Warehouse({"eurostat_cn8_links": rows})
    followed = {
        (row["origin_year"], row["origin_code"], row["current_code"]): row["weight"]
        for row in warehouse.rows("int_cn8_chain")
    }
    sums = Counter[tuple[int, str]]()
    for (year, code, _current), weight in followed.items():
        sums[year, code] += weight
    assert sums.keys() == {(int(period[:4]), old) for period, old, _new in links}  # every old code, once
    assert max(abs(total - 1) for total in sums.values()) < 1e-9
    assert followed[2016, "85177011", "85177100"] == 0.5  # two turns of the year: 2016 merged, 2021 split
    assert (
        2021,
        "18069090",
        "16029099",
    ) not in followed  # seven codes gave a little: chocolate stays chocolate


def written(seed: str) -> list[list[str]]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


def test_comext_is_asked_for_every_code_of_a_sector(bridge):
    asked = datasets()["eurostat_ds_045409"].request["detail"]
    codes = {
        row["product_code"]
        for row in bridge
        if row["sector_id"] != "other" and row["product_scheme"] in ("HS2017", "HS2022")
    }
    assert codes and asked["first_year"] >= 2017
    assert {code for code in codes if not code.startswith(tuple(asked["headings"]))} == set()
