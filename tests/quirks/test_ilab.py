"""The numbered traps of USDOL ILAB's files, each with its literal value."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

from ingest.errors import PayloadInvalid
from ingest.partners import ilab
from ingest.registry import datasets
from tests.quirks.warehouse import DBT, Warehouse, findings

Rows = list[dict[str, Any]]
GOODS, FINDINGS = "ilab_goods", "ilab_findings"
TREATIES, STANDARDS, ENFORCEMENT = "ilab_conventions", "ilab_legal_standards", "ilab_enforcement"
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


def facts(name: str, section: str, body: str, year: str = "") -> str:
    """A country with one section of facts; with a year also the sentence that names it."""
    told = elements(Description=f"In {year}, {name} made an advancement.") if year else ""
    return f"<Country>{elements(Name=name)}{told}<{section}>{body}</{section}></Country>"


def places(**answers: str) -> str:
    return "".join(
        f"<Territory>{elements(Territory_Name=name.replace('_', ' '), Enforcement=answer)}</Territory>"
        for name, answer in answers.items()
    )


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


@pytest.mark.trap(1, "percentages are brought to 0-100 by the unit declared for each report year")
@pytest.mark.quirk("ilab", 1, "percentages are brought to 0-100 by the unit declared for each report year")
def test_ilab_01_unit_flip(parse) -> None:
    old = country("Cameroon", **{WORK: elements(**{SHARE: "56.2"})})
    new = country("Cameroon", **{WORK: elements(**{SHARE: "0.574"})})
    rows = parse(FINDINGS, {"2014.xml": report(old), "2016.xml": report(new)})
    assert [(row["year"], row["obs_value"], row["unit"]) for row in shares(rows)] == [
        (2014, 56.2, "%"), (2016, pytest.approx(57.4), "%"),
    ]  # fmt: skip
    assert "percent_unit" not in findings(datasets()[FINDINGS], rows)


@pytest.mark.trap(1, "a report on the other scale than declared is held back")
@pytest.mark.quirk("ilab", 1, "a report on the other scale than declared fails its check, which holds the load back")
@pytest.mark.parametrize(("year", "value"), [("2014", "0.574"), ("2022", "56.2")])
def test_ilab_01_wrong_scale_is_held_back(parse, year: str, value: str) -> None:
    body = report(*(country(f"Country {n}", **{WORK: elements(**{SHARE: value})}) for n in range(4)))
    assert findings(datasets()[FINDINGS], parse(FINDINGS, {f"{year}.xml": body}))["percent_unit"] == 4


@pytest.mark.trap(2, "Madagascar's repeated figures are alone in their groups: the report year is no survey year")
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


@pytest.mark.trap(3, "a share equal to the completion rate of the same report is marked doubtful")
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


@pytest.mark.trap(3, "a share far from the report before is marked")
@pytest.mark.quirk("ilab", 3, "a share far from the report before is kept and noted as another survey or a slip")
def test_ilab_03_jump_against_history(parse) -> None:
    printed = {"2018": ("0.098", "0.221"), "2020": ("0.105", "0.251"), "2022": ("0.968", "0.26")}
    body = {
        f"{year}.xml": report(*(
            country(name, **{WORK: elements(Age_Range="5-14", **{SHARE: value})})
            for name, value in zip(("Montserrat", "Mali"), values, strict=True)
        ))
        for year, values in printed.items()
    }  # fmt: skip
    noted = {(row["ref_area"], row["year"]): row["note"] for row in shares(parse(FINDINGS, body)) if row["note"]}
    assert noted == {("Montserrat", 2022): "more than 20 points away from the report before: another survey, or a slip"}


@pytest.mark.quirk("ilab", 4, "a share above 100 % is reported; a completion rate above 100 % is right")
def test_ilab_04_impossible_values(parse) -> None:
    malawi = country("Malawi", **{STUDY: elements(Age_Range="7-14", Total="2.84"), RATE: elements(Rate="0.89")})
    tokelau = country("Tokelau", **{STUDY: elements(Age_Range="7-14", Total="0.02"), RATE: elements(Rate="1.476")})
    rows = parse(FINDINGS, {"2022.xml": report(malawi, tokelau)})
    assert findings(datasets()[FINDINGS], rows)["percent_outliers"] == 1
    assert "2.84" in {row["value_text"] for row in rows}


@pytest.mark.quirk("ilab", 4, "branches that do not add up, and a share without children behind it, are reported")
def test_ilab_04_sums_and_populations(parse) -> None:
    share = {"Age_Range": "5-14", SHARE: "0.3"}
    short = elements(**share, Total_Working_Population="9", Agriculture="0.4", Industry="0.3", Services="0.225")
    empty = elements(**share, Total_Working_Population="0", Agriculture="0.5", Industry="0.3", Services="0.2")
    rows = parse(FINDINGS, {"2018.xml": report(country("Peru", **{WORK: short}), country("Mali", **{WORK: empty}))})
    warehouse = Warehouse({FINDINGS: rows})
    assert [row["country"] for row in warehouse.failing("ilab_branches_add_up")] == ["Peru"]
    assert [row["country"] for row in warehouse.failing("ilab_working_population_is_positive")] == ["Mali"]


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


@pytest.mark.quirk("ilab", 6, "treaties listed twice stand once and say so")
def test_ilab_06_treaties_twice(parse) -> None:
    twice = 2 * elements(C_138_Ratified="Yes", Palermo_Ratified="No")
    rows = parse(TREATIES, {"2022.xml": report(facts("Zimbabwe", "Conventions", twice))})
    assert [(row["convention"], row["copies"]) for row in rows] == [("C_138_Ratified", "2"), ("Palermo_Ratified", "2")]
    assert findings(datasets()[TREATIES], rows) == {"printed_once": 2}


MISSING = {
    "Unknown": "unknown", "N/A": "not_applicable", "NA": "not_applicable", "Not Applicable": "not_applicable",
    "Unavailable": "unavailable", "None": "none", "Unclear": "unclear", "": "blank", "7*": "not_a_number",
}  # fmt: skip


@pytest.mark.trap(16, "each spelling of missing is no number, with a reason and its text")
@pytest.mark.quirk("ilab", 7, "each spelling of missing becomes no number with a reason, and the text is kept")
@pytest.mark.parametrize(("text", "reason"), MISSING.items())
def test_ilab_07_missing_has_reasons(parse, text: str, reason: str) -> None:
    rows = parse(FINDINGS, {"2022.xml": report(country("Malawi", **{WORK: elements(Agriculture=text)}))})
    (row,) = [r for r in Warehouse({FINDINGS: rows}).rows("stg_ilab__findings") if r["measure"] == "Agriculture"]
    assert (row["value_pct"], row["missing_reason"], row["value_text"]) == (None, reason, text)


CELLS = {
    "2,582‡": ("number", 2582.0, None, "‡", None), "142953.97": ("number", 142953.97, None, None, None),
    "$1.6 million": ("number", 1_600_000.0, "USD", None, None),
    "1.1 million": ("number", 1_100_000.0, None, None, None),
    "$4,000‡": ("number", 4000.0, "USD", "‡", None), "no": ("yes_no", None, None, None, None),
    "Not Applicable": ("missing", None, None, None, "not_applicable"),
    "N/A*": ("missing", None, None, "*", "not_applicable"),
    "about ten": ("missing", None, None, None, "not_a_number"), "": ("missing", None, None, None, "blank"),
}  # fmt: skip


@pytest.mark.trap(16, "free text becomes number, currency and footnote, and the text is kept")
@pytest.mark.quirk(
    "ilab", 7, "counts and money become a number with footnote and currency; no dollar sign, no currency"
)
@pytest.mark.parametrize(("text", "cell"), CELLS.items())
def test_ilab_07_numbers_footnotes_and_money(parse, text: str, cell: tuple[Any, ...]) -> None:
    rows = parse(ENFORCEMENT, {"2018.xml": report(facts("Peru", "Enforcements", elements(Labor_Funding=text)))})
    (row,) = Warehouse({ENFORCEMENT: rows}).rows("fct_enforcement")
    assert tuple(row[name] for name in ("value_kind", "value_n", "currency", "footnote", "missing_reason")) == cell
    assert row["value_text"] == text


@pytest.mark.quirk("ilab", 7, "answers lose their marks, ages stay numbers or say why not, and the text is kept")
def test_ilab_07_marked_answers_and_ages(parse) -> None:
    def standard(established: str, age: str, conforms: str) -> str:
        return elements(Standard=established, Age=age, Calculated_Age="No", Conforms_To_Intl_Standard=conforms)

    body = (
        f"<Minimum_Work>{standard('Yes*', '16‡', 'Yes')}</Minimum_Work>"
        f"<Minimum_Hazardous_Work>{standard('Yes†', '12/13', 'No')}</Minimum_Hazardous_Work>"
        f"<Compulsory_Education>{standard('N/A*†', 'None', 'N/A*')}</Compulsory_Education>"
    )
    rows = parse(STANDARDS, {"2018.xml": report(facts("Peru", "Legal_Standards", body))})
    told = {row["standard_id"]: row for row in Warehouse({STANDARDS: rows}).rows("fct_legal_standard")}
    names = ("is_established", "established_footnote", "age_years", "age_missing_reason", "is_conforming")
    assert {standard: tuple(row[name] for name in names) for standard, row in told.items()} == {
        "minimum_work": (True, "*", 16.0, None, True),
        "minimum_hazardous_work": (True, "†", None, "several_ages", False),
        "compulsory_education": (None, "*†", None, "none", None),
    }
    assert told["minimum_hazardous_work"]["age_text"] == "12/13"


@pytest.mark.quirk("ilab", 8, "kind is decided by the cell, and a number among yes and no is reported")
def test_ilab_08_number_in_a_yes_no_field(parse) -> None:
    answers = {"Peru": "Yes", "Mali": "No", "Albania": "14", "Togo": "Unknown"}
    body = report(
        *(facts(name, "Enforcements", elements(Criminal_Penalties_for_WFCL=text)) for name, text in answers.items())
    )
    rows = parse(ENFORCEMENT, {"2022.xml": body})
    assert findings(datasets()[ENFORCEMENT], rows) == {"one_kind_of_answer": 1}
    told = {row["country"]: row for row in Warehouse({ENFORCEMENT: rows}).rows("fct_enforcement")}
    assert {name: (row["is_yes"], row["value_n"]) for name, row in told.items()} == {
        "Peru": (True, None), "Mali": (False, None), "Albania": (None, 14.0), "Togo": (None, None),
    }  # fmt: skip


@pytest.mark.quirk("ilab", 9, "an answer that falls back from Yes to No is a finding: treaties are not un-ratified")
def test_ilab_09_un_ratified(parse) -> None:
    told = {"Peru": ("Yes", "No", "No"), "Mali": ("No", "Yes", "Yes"), "Togo": ("Yes", "N/A", "Yes")}
    body = {
        f"{year}.xml": report(*(
            facts(name, "Master_Data" if year == "2014" else "Conventions", elements(Palermo_Ratified=answers[n]))
            for name, answers in told.items()
        ))
        for n, year in enumerate(("2014", "2016", "2018"))
    }  # fmt: skip
    warehouse = Warehouse({TREATIES: parse(TREATIES, body)})
    back = [(row["iso3"], row["report_year"]) for row in warehouse.rows("fct_ratification") if row["is_step_back"]]
    assert sorted(back) == [("PER", 2016), ("PER", 2018)]
    assert {row["iso3"] for row in warehouse.failing("ilab_treaty_un_ratified")} == {"PER"}


@pytest.mark.quirk("ilab", 10, "counts stand beside their denominator and beside those of a fixed panel of countries")
def test_ilab_10_counts_of_different_sets(parse) -> None:
    def year(**answers: str) -> bytes:
        return report(*(facts(n, "Conventions", elements(C_138_Ratified=a)) for n, a in answers.items()))

    body = {"2016.xml": year(Peru="Yes", Mali="No", Togo="Yes"), "2018.xml": year(Peru="Yes", Mali="Yes", Fiji="N/A")}
    rows = Warehouse({TREATIES: parse(TREATIES, body)}).rows("mart_ratification")
    names = ("countries_assessed", "countries_ratified", "panel_countries", "panel_ratified")
    assert {row["report_year"]: tuple(row[name] for name in names) for row in rows} == {
        2016: (3, 2, 2, 1), 2018: (2, 2, 2, 2),
    }  # fmt: skip


@pytest.mark.quirk("ilab", 11, "forced child labour without child labour or forced labour is a finding")
def test_ilab_11_contradictory_flags(parse) -> None:
    rows = parse(GOODS, {"2018.xml": edition(good("Cotton", origin("Uzbekistan", "No", "Yes", "Yes")))})
    assert findings(datasets()[GOODS], rows) == {"forced_child_labour_consistent": 1}


@pytest.mark.quirk("ilab", 11, "a second copy of an edition is compared with the first; a region is no change")
def test_ilab_11_copies_of_one_edition(shared, server, refreshed) -> None:
    sets = [{"agency": {"abbr": "ILAB"}, "updated_at": stamp} for stamp in ("2025-01-01", "2026-01-01")]
    for entry in sets:
        server.says(json.dumps({"datasets": [entry], "meta": {"next_page": None}}), on="/v4/datasets")
    for year, path in datasets()[GOODS].request["files"].items():
        server.says((shared / "wire" / "ilab" / f"goods_{year}.xml").read_bytes(), on=path)
        if year == "2018":
            server.says((shared / "wire" / "ilab" / "goods_2018b.xml").read_bytes(), on=path)
    first, second = refreshed(datasets()[GOODS]), refreshed(datasets()[GOODS])
    assert (first.status, second.status) == ("accepted", "accepted"), second.message
    assert second.message == "2055 rows: 2 added, 2 removed, 1 changed"  # two names in other letters; fish of Ghana


@pytest.mark.trap(8, "a renamed good keeps its identity")
@pytest.mark.quirk("ilab", 12, "a renamed good keeps its identity over the editions; Pepper and Peppers are two goods")
def test_ilab_12_renamed_goods(parse) -> None:
    india = origin("India", "Yes", "No", "No")
    old = edition(*(good(name, india) for name in ("Textiles (jute)", "Oil (Palm)", "Pepper", "Peppers")))
    new = edition(*(good(name, india) for name in ("Jute (textiles)", "Palm Fruit", "Pepper", "Peppers")))
    listed = Warehouse({GOODS: parse(GOODS, {"2014.xml": old, "2016.xml": new})}).rows("int_goods_list")
    ids = {year: {row["good_id"] for row in listed if row["edition"] == year} for year in (2014, 2016)}
    assert ids[2014] == ids[2016] == {"jute_textiles", "palm_fruit", "pepper", "peppers"}


@pytest.mark.trap(8, "a new name is no removal")
@pytest.mark.quirk("ilab", 12, "a new name with the same flags is a change of its own kind, no removal")
def test_ilab_12_renaming_is_its_own_change(parse) -> None:
    india = origin("India", "Yes", "No", "No")
    old = edition(*(good(name, india) for name in ("Textiles (jute)", "Bricks")))
    new = edition(good("Jute (textiles)", india), good("Rice", india))
    rows = Warehouse({GOODS: parse(GOODS, {"2014.xml": old, "2016.xml": new})}).rows("fct_goods_list_change")
    assert {row["good_id"]: row["change_kind"] for row in rows} == {
        "jute_textiles": "renamed", "bricks": "removed", "rice": "added",
    }  # fmt: skip


@pytest.mark.quirk("ilab", 13, "an edition is what the registry says, and holds until the next edition, not by a date")
def test_ilab_13_edition_is_not_a_date(parse) -> None:
    assert datasets()[GOODS].request["files"]["2020"].endswith("goods_2019.xml")
    body = edition(good("Cotton", origin("Uzbekistan", "No", "Yes", "No")))
    listed = Warehouse({GOODS: parse(GOODS, {"2020.xml": body, "2022.xml": body})}).rows("int_goods_list")
    names = ("edition", "valid_from_year", "valid_to_year", "file_date")
    assert sorted(tuple(row[name] for name in names) for row in listed) == [
        (2020, 2020, 2021, date(2022, 6, 30)), (2022, 2022, None, date(2023, 8, 23)),
    ]  # fmt: skip


NAMES = {
    "Burma": "MMR", "Gambia": "GMB", "The Gambia": "GMB", "Gambia, The": "GMB", "Turkey (Türkiye)": "TUR",
    "Kosovo": "XKX", "West Bank and the Gaza Strip": "PSE",
}  # fmt: skip


@pytest.mark.trap(10, "each spelling of a country leads to its ISO3")
@pytest.mark.quirk("ilab", 14, "countries are found by name alone; the codes of 2014, partly not ISO, are not read")
@pytest.mark.parametrize(("name", "iso3"), NAMES.items())
def test_ilab_14_countries_by_name(parse, name: str, iso3: str) -> None:
    codes = elements(Country_ISO2="BU", Country_ISO3="BUR")
    rows = parse(GOODS, {"2014.xml": edition(good("Cotton", origin(name, "Yes", "No", "No", more=codes)))})
    assert not {"BU", "BUR"} & set(rows[0].values())
    assert [row["iso3"] for row in Warehouse({GOODS: rows}).rows("int_goods_list")] == [iso3]


@pytest.mark.trap(10, "all 159 recorded spellings are mapped")
@pytest.mark.quirk("ilab", 14, "every spelling of the recorded files is in the map of names")
def test_ilab_14_all_spellings_are_mapped(shared) -> None:
    spelt: set[str] = set()
    for file in (shared / "wire" / "ilab").glob("*.xml"):
        root = ElementTree.fromstring(file.read_bytes())
        spelt |= {name.text or "" for path in (".//Country_Name", "Country/Name") for name in root.findall(path)}
    assert len({name.strip() for name in spelt}) == 159
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


@pytest.mark.quirk(
    "ilab", 16, "names of territories are trimmed, and the row for the whole country is told from its parts"
)
def test_ilab_16_territories(parse) -> None:
    told = {
        "Bosnia and Herzegovina": places(**{"Brčko_District_": "1", "Bosnia_and_Herzegovina": "2"}),
        "Iraq": places(Iraq_="3", Kurdistan_Region="4"), "Somalia": places(All_="5"),
        "Pakistan": places(All_Territories="6", Federal="7"), "Tanzania": places(All_Tanzania="8"), "Peru": "9",
    }  # fmt: skip
    body = report(
        *(facts(name, "Enforcements", f"<Labor_Inspectors>{x}</Labor_Inspectors>") for name, x in told.items())
    )
    rows = Warehouse({ENFORCEMENT: parse(ENFORCEMENT, {"2020.xml": body})}).rows("fct_enforcement")
    assert {row["territory"] for row in rows if not row["is_national"]} == {
        "Brčko District", "Kurdistan Region", "Federal",
    }  # fmt: skip
    assert {row["value_n"] for row in rows if row["is_national"]} == {2.0, 3.0, 5.0, 6.0, 8.0, 9.0}


@pytest.mark.quirk("ilab", 17, "files are taken at fixed commits, so that an edit in place cannot reach a report year")
@pytest.mark.parametrize("dataset_id", [GOODS, FINDINGS])
def test_ilab_17_files_at_fixed_commits(dataset_id: str) -> None:
    files = datasets()[dataset_id].request["files"]
    assert list(files) == ["2014", "2016", "2018", "2020", "2022"]
    assert [path for path in files.values() if not re.match(r"[A-Za-z-]+/[0-9a-f]{40}/", path)] == []


@pytest.mark.quirk(
    "ilab", 17, "the report year comes from the text of the profiles: one report under another's name stops"
)
def test_ilab_17_year_in_the_text(parse) -> None:
    treaties = elements(C_138_Ratified="Yes")

    def profiles(*years: str) -> bytes:
        return report(*(facts(f"Country {n}", "Conventions", treaties, year) for n, year in enumerate(years)))

    assert len(parse(TREATIES, {"2016.xml": profiles("2016", "2016", "2016", "2016", "2018")})) == 5
    with pytest.raises(PayloadInvalid, match=r"2016\.xml: the text of 3 of 5 profiles is about 2016"):
        ilab._check_report_year(
            Path("2016.xml"), ElementTree.fromstring(profiles("2016", "2016", "2016", "2018", "2018"))
        )


@pytest.mark.quirk("ilab", 17, "two reports that share most of their enforcement figures are held back")
@pytest.mark.parametrize(("same", "held"), [(2, 0), (15, 0), (16, 16), (30, 30)])
def test_ilab_17_mixed_vintages(parse, same: int, held: int) -> None:
    def year(shift: int) -> bytes:
        return report(*(
            facts(f"Country {n}", "Enforcements", elements(Labor_Inspectors=f"{100 + n + (shift if n >= same else 0)}"))
            for n in range(30)
        ))  # fmt: skip

    rows = parse(ENFORCEMENT, {"2016.xml": year(0), "2018.xml": year(1000)})
    assert findings(datasets()[ENFORCEMENT], rows).get("reports_differ", 0) == held


@pytest.mark.quirk("ilab", 18, "no fact comes from the text of a profile, which can name another country")
def test_ilab_18_text_is_not_mined(parse) -> None:
    text = elements(Description="In 2018, Morocco made a moderate advancement. 5.5 percent of children work.")
    sahara = country("Western Sahara", "No Advancement", text, **{WORK: elements(**{SHARE: "Unavailable"})})
    rows = parse(FINDINGS, {"2018.xml": report(sahara)})
    assert {(row["country"], row["measure"], row["value_text"]) for row in rows} == {
        ("Western Sahara", "Advancement_Level", "No Advancement"), ("Western Sahara", SHARE, "Unavailable"),
    }  # fmt: skip
