"""The numbered traps of USDOL ILAB's files, each with its literal value."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest

from ingest.registry import datasets
from tests.quirks.warehouse import DBT, Warehouse, findings

Rows = list[dict[str, Any]]
GOODS, FINDINGS = "ilab_goods", "ilab_findings"
WORK, RATE = "Children_Work_Statistics", "UNESCO_Primary_Completion_Rate"
STUDY = "Children_Working_and_Studying_7-14_yrs_old"
SHARE = "Total_Percentage_of_Working_Children"


def elements(**cells: str) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in cells.items())


def country(name: str, level: str = "Moderate Advancement", more: str = "", **sections: str) -> str:
    statistics = "".join(f"<{section}>{body}</{section}>" for section, body in sections.items())
    lead = elements(Name=name, Advancement_Level=level)
    return f"<Country>{lead}{more}<Country_Statistics>{statistics}</Country_Statistics></Country>"


def report(*countries: str) -> bytes:
    return f"<Countries>{''.join(countries)}</Countries>".encode()


def origin(name: str, child: str, forced: str, forced_child: str, region: str = "", more: str = "") -> str:
    flags = elements(Country_Region=region, Child_Labor=child, Forced_Labor=forced, Forced_Child_Labor=forced_child)
    return f"<Country><Country_Name>{name}</Country_Name>{more}{flags}</Country>"


def good(name: str, *origins: str) -> str:
    lead = elements(Good_Name=name, Good_Sector="Agriculture")
    return f"<Good>{lead}<Countries>{''.join(origins)}</Countries></Good>"


def edition(*goods: str) -> bytes:
    return f"<Goods>{''.join(goods)}</Goods>".encode()


def shares(rows: Rows) -> Rows:
    observations = Warehouse({FINDINGS: rows}).rows("int_observations")
    found = [row for row in observations if row["indicator_id"] == "ILAB_WORKING_CHILDREN"]
    return sorted(found, key=lambda row: (row["year"], row["breakdown"]))


def seed(name: str) -> Rows:
    with (DBT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.quirk("ilab", 1, "percentages are brought to 0-100 by the unit declared for each report year")
def test_ilab_01_unit_flip(parse) -> None:
    old = country("Cameroon", **{WORK: elements(**{SHARE: "56.2"})})
    new = country("Cameroon", **{WORK: elements(**{SHARE: "0.574"})})
    rows = parse(FINDINGS, {"2014.xml": report(old), "2016.xml": report(new)})
    assert [(row["year"], row["obs_value"], row["unit"]) for row in shares(rows)] == [
        (2014, 56.2, "%"), (2016, pytest.approx(57.4), "%"),
    ]  # fmt: skip
    assert "percent_unit" not in findings(datasets()[FINDINGS], rows)


@pytest.mark.quirk("ilab", 1, "a report on the other scale than declared fails its check, which holds the load back")
@pytest.mark.parametrize(("year", "value"), [("2014", "0.574"), ("2022", "56.2")])
def test_ilab_01_wrong_scale_is_held_back(parse, year: str, value: str) -> None:
    body = report(*(country(f"Country {n}", **{WORK: elements(**{SHARE: value})}) for n in range(4)))
    assert findings(datasets()[FINDINGS], parse(FINDINGS, {f"{year}.xml": body}))["percent_unit"] == 4


@pytest.mark.quirk("ilab", 2, "the report year is not the survey year: no two reports of one country are compared")
def test_ilab_02_stale_survey(parse) -> None:
    printed = {"2014": "22.1", "2016": "0.221", "2018": "0.221", "2020": "0.432", "2022": "0.432"}
    body = {
        f"{year}.xml": report(country("Madagascar", **{WORK: elements(**{SHARE: value})}))
        for year, value in printed.items()
    }
    rows = [
        row
        for row in Warehouse({FINDINGS: parse(FINDINGS, body)}).rows("int_comparable_observations")
        if row["indicator_id"] == "ILAB_WORKING_CHILDREN"
    ]
    assert len({row["comparability_group"] for row in rows}) == len(rows) == 5
    assert all("report year is not the survey year" in row["not_comparable_reason"] for row in rows)


@pytest.mark.quirk("ilab", 3, "a share equal to the completion rate of the same report is kept and noted as doubtful")
def test_ilab_03_value_in_the_wrong_field(parse) -> None:
    rate = {RATE: elements(Rate="0.968")}
    montserrat = country("Montserrat", **{WORK: elements(**{SHARE: "0.968"})}, **rate)
    malawi = country("Malawi", **{WORK: elements(**{SHARE: "0.263"})}, **rate)
    found = shares(parse(FINDINGS, {"2022.xml": report(montserrat, malawi)}))
    assert {row["ref_area"]: (row["obs_value"], row["note"]) for row in found} == {
        "Montserrat": (pytest.approx(96.8), "equals the primary completion rate of the same report: doubtful"),
        "Malawi": (pytest.approx(26.3), None),
    }


@pytest.mark.quirk("ilab", 4, "a share above 100 % is reported; a completion rate above 100 % is right")
def test_ilab_04_impossible_values(parse) -> None:
    malawi = country("Malawi", **{STUDY: elements(Age_Range="7-14", Total="2.84"), RATE: elements(Rate="0.89")})
    tokelau = country("Tokelau", **{STUDY: elements(Age_Range="7-14", Total="0.02"), RATE: elements(Rate="1.476")})
    rows = parse(FINDINGS, {"2022.xml": report(malawi, tokelau)})
    assert findings(datasets()[FINDINGS], rows)["percent_outliers"] == 1
    assert "2.84" in {row["value_text"] for row in rows}


@pytest.mark.quirk("ilab", 5, "all surveys of one element are read and numbered, and are no single national figure")
def test_ilab_05_repeated_blocks(parse) -> None:
    first = {"Age_Range": "5-14", SHARE: "0.201", "Total_Working_Population": "105013", "Agriculture": "0.951"}
    second = {"Age_Range": "10-14", SHARE: "0.199", "Total_Working_Population": "26268", "Agriculture": "0.976"}
    body = elements(**first) + elements(**second)
    rows = parse(FINDINGS, {"2018.xml": report(country("Gambia", **{WORK: body}))})
    found = {(row["block"], row["age_range"], row["measure"]): row["value_text"] for row in rows}
    assert (found["1", "5-14", "Agriculture"], found["2", "10-14", "Agriculture"]) == ("0.951", "0.976")
    assert [(row["breakdown"], row["obs_value"]) for row in shares(rows)] == [
        ("AGE_10-14, part 2 of 2", pytest.approx(19.9)), ("AGE_5-14, part 1 of 2", pytest.approx(20.1)),
    ]  # fmt: skip
    assert all("not one national figure" in row["note"] for row in shares(rows))


@pytest.mark.quirk("ilab", 6, "an identical repeat stands once with its count, a good without countries gives no row")
def test_ilab_06_exact_duplicates(parse) -> None:
    congo = origin("Congo, Democratic Republic of the", "Yes", "Yes", "Yes")
    rows = parse(
        GOODS, {"2016.xml": edition(good("Tin ore (cassiterite)", congo, congo), good("Tin ore (cassiterite)"))}
    )
    assert [(row["good"], row["copies"]) for row in rows] == [("Tin ore (cassiterite)", "2")]
    assert findings(datasets()[GOODS], rows) == {"printed_once": 1}


@pytest.mark.quirk("ilab", 6, "repeats that differ are an error")
def test_ilab_06_differing_repeats(parse) -> None:
    twice = [origin("Bolivia", "Yes", forced, "No") for forced in ("Yes", "No")]
    rows = parse(GOODS, {"2016.xml": edition(good("Cotton", *twice))})
    assert findings(datasets()[GOODS], rows)["key_unique"] == 2


MISSING = {
    "Unknown": "unknown", "N/A": "not_applicable", "NA": "not_applicable", "Not Applicable": "not_applicable",
    "Unavailable": "unavailable", "None": "none", "Unclear": "unclear", "": "blank", "7*": "not_a_number",
}  # fmt: skip


@pytest.mark.quirk("ilab", 7, "each spelling of missing becomes no number with a reason, and the text is kept")
@pytest.mark.parametrize(("text", "reason"), MISSING.items())
def test_ilab_07_missing_has_reasons(parse, text: str, reason: str) -> None:
    rows = parse(FINDINGS, {"2022.xml": report(country("Malawi", **{WORK: elements(Agriculture=text)}))})
    (row,) = [r for r in Warehouse({FINDINGS: rows}).rows("stg_ilab__findings") if r["measure"] == "Agriculture"]
    assert (row["value_pct"], row["missing_reason"], row["value_text"]) == (None, reason, text)


@pytest.mark.quirk("ilab", 11, "forced child labour without child labour or forced labour is a finding")
def test_ilab_11_contradictory_flags(parse) -> None:
    rows = parse(GOODS, {"2018.xml": edition(good("Cotton", origin("Uzbekistan", "No", "Yes", "Yes")))})
    assert findings(datasets()[GOODS], rows) == {"forced_child_labour_consistent": 1}


@pytest.mark.quirk("ilab", 12, "a renamed good keeps its identity over the editions; Pepper and Peppers are two goods")
def test_ilab_12_renamed_goods(parse) -> None:
    india = origin("India", "Yes", "No", "No")
    old = edition(*(good(name, india) for name in ("Textiles (jute)", "Oil (Palm)", "Pepper", "Peppers")))
    new = edition(*(good(name, india) for name in ("Jute (textiles)", "Palm Fruit", "Pepper", "Peppers")))
    listed = Warehouse({GOODS: parse(GOODS, {"2014.xml": old, "2016.xml": new})}).rows("int_goods_list")
    ids = {year: {row["good_id"] for row in listed if row["edition"] == year} for year in (2014, 2016)}
    assert ids[2014] == ids[2016] == {"jute_textiles", "palm_fruit", "pepper", "peppers"}


@pytest.mark.quirk("ilab", 13, "an edition is what the registry says, and holds until the next edition, not by a date")
def test_ilab_13_edition_is_not_a_date(parse) -> None:
    assert datasets()[GOODS].request["files"]["2020"].endswith("goods_2019.xml")
    body = edition(good("Cotton", origin("Uzbekistan", "No", "Yes", "No")))
    listed = Warehouse({GOODS: parse(GOODS, {"2020.xml": body, "2022.xml": body})}).rows("int_goods_list")
    assert sorted((row["edition"], row["valid_from_year"], row["valid_to_year"]) for row in listed) == [
        (2020, 2020, 2021), (2022, 2022, None),
    ]  # fmt: skip


NAMES = {
    "Burma": "MMR", "Gambia": "GMB", "The Gambia": "GMB", "Gambia, The": "GMB", "Turkey (Türkiye)": "TUR",
    "Kosovo": "XKX", "West Bank and the Gaza Strip": "PSE",
}  # fmt: skip


@pytest.mark.quirk("ilab", 14, "countries are found by name alone; the codes of 2014, partly not ISO, are not read")
@pytest.mark.parametrize(("name", "iso3"), NAMES.items())
def test_ilab_14_countries_by_name(parse, name: str, iso3: str) -> None:
    codes = elements(Country_ISO2="BU", Country_ISO3="BUR")
    rows = parse(GOODS, {"2014.xml": edition(good("Cotton", origin(name, "Yes", "No", "No", more=codes)))})
    assert not {"BU", "BUR"} & set(rows[0].values())
    assert [row["iso3"] for row in Warehouse({GOODS: rows}).rows("int_goods_list")] == [iso3]


@pytest.mark.quirk("ilab", 14, "every spelling of the recorded files is in the map of names")
def test_ilab_14_all_spellings_are_mapped(shared) -> None:
    spelt: set[str] = set()
    for file in (shared / "wire" / "ilab").glob("goods_*.xml"):
        spelt |= set(re.findall(r"<Country_Name>([^<&]+)</Country_Name>", file.read_text(encoding="utf-8-sig")))
    assert len(spelt) > 70
    mapped = {row["code"] for row in seed("area_code") if row["scheme"] == "ilab" and row["iso3"]}
    assert {name.strip() for name in spelt} - mapped == set()


@pytest.mark.quirk("ilab", 15, "USDOL's regions are dropped: a renamed region is no change, regions are the UN's")
def test_ilab_15_regions(parse) -> None:
    rows = parse(GOODS, {"2022.xml": edition(good("Cotton", origin("India", "Yes", "No", "No", "Indo-Pacific")))})
    assert rows[0]["country_region"] == "Indo-Pacific"
    assert "country_region" not in datasets()[GOODS].compared_columns
    (listed,) = Warehouse({GOODS: rows}).rows("fct_goods_list")
    assert "Indo-Pacific" not in listed.values()
    assert {row["un_region"] for row in seed("area") if row["iso3"] == "IND"} == {"Asia"}


@pytest.mark.quirk("ilab", 17, "files are taken at fixed commits, so that an edit in place cannot reach a report year")
@pytest.mark.parametrize("dataset_id", [GOODS, FINDINGS])
def test_ilab_17_files_at_fixed_commits(dataset_id: str) -> None:
    files = datasets()[dataset_id].request["files"]
    assert list(files) == ["2014", "2016", "2018", "2020", "2022"]
    assert [path for path in files.values() if not re.match(r"[A-Za-z-]+/[0-9a-f]{40}/", path)] == []


@pytest.mark.quirk("ilab", 18, "no fact comes from the text of a profile, which can name another country")
def test_ilab_18_text_is_not_mined(parse) -> None:
    text = elements(Description="In 2018, Morocco made a moderate advancement. 5.5 percent of children work.")
    sahara = country("Western Sahara", "No Advancement", text, **{WORK: elements(**{SHARE: "Unavailable"})})
    rows = parse(FINDINGS, {"2018.xml": report(sahara)})
    assert {(row["country"], row["measure"], row["value_text"]) for row in rows} == {
        ("Western Sahara", "Advancement_Level", "No Advancement"), ("Western Sahara", SHARE, "Unavailable"),
    }  # fmt: skip
