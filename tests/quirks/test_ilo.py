"""The numbered quirks of the ILO, each with its literal row or answer."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import lake
from ingest.errors import IngestError, PartnerUnavailable, PayloadCut, PayloadInvalid, SchemaDrift
from ingest.http import Endpoints, HttpClient
from ingest.partners import connector
from ingest.refresh import Outcome, refresh
from ingest.registry import Dataset, datasets, partners
from ingest.storage import Home
from tests.quirks.conftest import check_of, read_as
from tests.quirks.warehouse import Warehouse, findings

Rows = list[dict[str, Any]]

DBT = Path(__file__).parents[2] / "dbt_project"
SERIES = ("dataset_id", "indicator_id", "label", "unit", "direction", "comparability", "definition")

A871 = "ilo_sdg_a871_sex_age_rt"
B871 = "ilo_sdg_b871_sex_age_rt"
INFORMAL = "ilo_sdg_0831_sex_eco_rt"
NEET, NEET_CODE = "ilo_sdg_0861_sex_rt", "SDG_0861_SEX_RT"
EARLY = "ref_area,indicator,source,sex,classif1,time,obs_value,obs_status,note_classif,note_indicator,note_source\n"
LATE = (
    '"ref_area","source","indicator","sex","classif1","time","obs_value","obs_status","note_classif",'
    '"note_indicator","note_source"\n'
)
NEET_HEADER = "ref_area,indicator,source,sex,time,obs_value,obs_status\n"


# --- the real models, checks and requests, without dbt, Great Expectations or a network -------------------------------


def client_for(partner: str, url: str) -> HttpClient:
    known = partners()[partner]
    return HttpClient(known, Endpoints.sandbox(url), classify=connector(known).classify)


def deliver(dataset: Dataset, url: str, folder: Path) -> Path:
    """The whole conversation with the partner; returns the folder of what came."""
    client = client_for(dataset.partner, url)
    files = folder / "delivered"
    files.mkdir()
    module = connector(client.partner)
    module.fetch(client, dataset, module.signal(client, dataset, folder), files)
    return files


def refresh_unchecked(home: Home, dataset: Dataset, url: str) -> Outcome:
    return refresh(home, dataset, edition="live", endpoints=Endpoints.sandbox(url), check=lambda _d, _c: [])


def contents(*ids: str, records: int = 1, updated: str = "05/02/2026 07:10:19") -> str:
    """A table of contents as rplumber sends it."""
    return json.dumps([{"id": name, "last.update": updated, "n.records": records} for name in ids])


# --- the quirks -------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("ilo", 1, "Columns are mapped by header name: moved, quoted and absent optional columns load alike.")
@pytest.mark.parametrize(
    "body",
    [
        "\ufeff" + EARLY + "AGO,SDG_0831_SEX_ECO_RT,BB:13366,SEX_T,ECO_SECTOR_TOTAL,2004,86.4,U,,I11:264,R1:3513\n",
        "\ufeff" + LATE + '"AGO","BB:13366","SDG_0831_SEX_ECO_RT","SEX_T","ECO_SECTOR_TOTAL","2004",86.4,"U",,,\n',
        '"ref_area","source","indicator","sex","classif1","time","obs_value","best_source"\n'
        '"AGO","BB:13366","SDG_0831_SEX_ECO_RT","SEX_T","ECO_SECTOR_TOTAL","2004",86.4,1\n',
    ],
)
def test_ilo_01_columns_by_name(parse, body: str) -> None:
    (row,) = parse(INFORMAL, {"data.csv": body.encode()})
    assert (row["ref_area"], row["source"], row["indicator"]) == ("AGO", "BB:13366", "SDG_0831_SEX_ECO_RT")
    assert (row["classif1"], row["time_period"], row["obs_value"]) == ("ECO_SECTOR_TOTAL", "2004", 86.4)


@pytest.mark.quirk("ilo", 1, "A file without one of the columns that make a figure is refused and the column named.")
@pytest.mark.parametrize("name", ["ref_area", "indicator", "time", "obs_value"])
def test_ilo_01_required_columns(parse, name: str) -> None:
    body = (
        EARLY.replace(f"{name},", f"{name}_renamed,") + "AGO,SDG_0831_SEX_ECO_RT,BB:1,SEX_T,ECO_SECTOR_X,2004,1,,,,\n"
    )
    with pytest.raises(SchemaDrift, match=f"missing columns \\['{name}'\\]; columns nobody .*'{name}_renamed'"):
        parse(INFORMAL, {"data.csv": body.encode()})


@pytest.mark.quirk("ilo", 1, "A column nobody declared is accepted, and a warning names it.")
def test_ilo_01_undeclared_columns(server, refreshed) -> None:
    row = '"KEN","BA:1","SDG_0861_SEX_RT","SEX_T","2019",20'
    header = '"ref_area","source","indicator","sex","time","obs_value"'
    server.says(contents(f"{NEET_CODE}_A"), on="/toc/")
    server.says(contents(f"{NEET_CODE}_A", updated="06/02/2026 07:10:19"), on="/toc/")
    server.says(f"{header}\n{row}\n", on="/data/")
    server.says(f'{header},"unit_mult"\n{row},3\n', on="/data/")
    neet = datasets()[NEET]
    small = neet.model_copy(update={"tolerances": neet.tolerances.model_copy(update={"min_rows": 1})})
    plain, news = refreshed(small), refreshed(small)
    assert check_of(plain, "undeclared_columns")["passed"]
    assert (plain.status, news.status) == (
        "accepted",
        "accepted",
    )  # the same rows, yet not unchanged: it has to be seen
    told = check_of(news, "undeclared_columns")
    assert (told["passed"], told["severity"], told["observed"]) == (False, "WARN", "unit_mult")


@pytest.mark.quirk("ilo", 2, "An empty value with status U is NULL, not 0; status U beside a value does not remove it.")
def test_ilo_02_empty_value_keeps_its_status(parse) -> None:
    lines = (
        "AGO,SDG_0831_SEX_ECO_RT,BB:13366,SEX_T,ECO_SECTOR_X,2004,,U,,I11:264,R1:3513\n"
        "AGO,SDG_0831_SEX_ECO_RT,BB:13366,SEX_M,ECO_SECTOR_X,2004,12.5,U,,I11:264,R1:3513\n"
    )
    rows = parse(INFORMAL, {"data.csv": (EARLY + lines).encode()})
    assert [(r["obs_value"], r["obs_value_text"], r["obs_status"]) for r in rows] == [
        (None, None, "U"), (12.5, None, "U"),
    ]  # fmt: skip


@pytest.mark.quirk("ilo", 3, "All versions of one breakdown are loaded, and a comparison uses one version only.")
def test_ilo_03_three_versions_of_one_breakdown(parse) -> None:
    versions = ("ECO_AGNAG_TOTAL", "ECO_SECTOR_TOTAL", "ECO_AGGREGATE_TOTAL")
    lines = "".join(f"AFG,SDG_0831_SEX_ECO_RT,BA:1,SEX_T,{code},2021,86.431,,,,\n" for code in versions)
    warehouse = Warehouse({INFORMAL: parse(INFORMAL, {"data.csv": (EARLY + lines).encode()})})
    assert {row["breakdown"] for row in warehouse.rows("fct_observation")} == set(versions)
    (compared,) = warehouse.rows("int_comparable_observations")
    assert compared["breakdown"] == "ECO_SECTOR_TOTAL"


@pytest.mark.quirk("ilo", 3, "The version of a breakdown stands apart from its item; an unknown code is kept.")
def test_ilo_03_version_apart(parse) -> None:
    codes = ("ECO_AGNAG_TOTAL", "ECO_SECTOR_TOTAL", "ECO_ISIC4_A", "ECO_NOVELTY_X")
    lines = "".join(f"AFG,SDG_0831_SEX_ECO_RT,BA:1,SEX_T,{code},2021,86.431,,,,\n" for code in codes)
    warehouse = Warehouse({INFORMAL: parse(INFORMAL, {"data.csv": (EARLY + lines).encode()})})
    staged = {row["classif1"]: row["classif1_version"] for row in warehouse.rows("stg_ilo__sdg_0831_sex_eco_rt")}
    assert staged == {
        "ECO_AGNAG_TOTAL": "ECO_AGNAG", "ECO_SECTOR_TOTAL": "ECO_SECTOR", "ECO_ISIC4_A": "ECO_ISIC4",
        "ECO_NOVELTY_X": "ECO_NOVELTY",
    }  # fmt: skip


@pytest.mark.quirk("ilo", 4, "X codes are aggregates, also the four that the ILO marks as no groups, and in no mart.")
def test_ilo_04_aggregates_among_countries(parse) -> None:
    lines = (
        "X01,SDG_0831_SEX_ECO_RT,XA:8405,SEX_T,ECO_SECTOR_TOTAL,2022,58.007,,,,\n"
        "X94,SDG_0831_SEX_ECO_RT,XA:8405,SEX_T,ECO_SECTOR_TOTAL,2022,60,,,,\n"
        "AFG,SDG_0831_SEX_ECO_RT,BA:1,SEX_T,ECO_SECTOR_TOTAL,2021,86.431,,,,\n"
    )
    warehouse = Warehouse({INFORMAL: parse(INFORMAL, {"data.csv": (EARLY + lines).encode()})})
    kinds = {row["code"]: row["kind"] for row in warehouse.rows("int_areas") if row["scheme"] == "ilo"}
    groups = {code for code in kinds if re.fullmatch(r"X\d\d", code)}
    assert groups == {code for code, kind in kinds.items() if kind == "aggregate"}
    assert {"X01", "X80", "X94", "X95", "X96"} <= groups
    assert [row["iso3"] for row in warehouse.rows("fct_observation")] == ["AFG"]
    assert {row["iso3"] for row in warehouse.rows("mart_progress")} == {"AFG"}


@pytest.mark.quirk("ilo", 5, "Modelled years from the edition's year on are projections and never a latest value.")
def test_ilo_05_projection_without_a_flag(parse) -> None:
    lines = "".join(f"KEN,SDG_0861_SEX_RT,XA:8405,SEX_T,{year},4.842,\n" for year in (2023, 2024, 2025, 2027))
    lines += "KEN,SDG_0861_SEX_RT,BA:829,SEX_T,2022,5,\n"
    labels = [
        {"source": "XA:8405", "source_label": "ILO - Modelled Estimates, Nov. 2025"},
        {"source": "BA:829", "source_label": "KEN - LFS - Labour Force Survey"},
    ]
    rows = parse(NEET, {"data.csv": (NEET_HEADER + lines).encode()})
    warehouse = Warehouse({NEET: rows, "ilo_source": labels})
    assert {row["year"]: row["basis"] for row in warehouse.rows("fct_observation")} == {
        2022: "reported", 2023: "modelled", 2024: "modelled", 2025: "projection", 2027: "projection",
    }  # fmt: skip
    assert max(row["latest_year"] for row in warehouse.rows("mart_progress")) == 2024


@pytest.mark.quirk("ilo", 6, "Only the best source is asked for; a second one for an area and year stops the load.")
def test_ilo_06_one_source_per_area_and_year(parse, server, tmp_path: Path) -> None:
    body = (
        NEET_HEADER + "KEN,SDG_0861_SEX_RT,BX:3465,SEX_T,2019,5.014,\nKEN,SDG_0861_SEX_RT,AA:1311,SEX_T,2019,3.171,\n"
    )
    server.says(contents("SDG_0861_SEX_RT_A", records=2), on="/toc/")
    server.says(body, on="/data/indicator")
    deliver(datasets()[NEET], server.url, tmp_path)
    assert "best_source=yes" in server.paths[1]
    assert findings(datasets()[NEET], parse(NEET, {"data.csv": body.encode()})) == {"one_source_per_series": 1}


@pytest.mark.quirk("ilo", 7, "A change of source is a break, also without status B: years across it are not compared.")
def test_ilo_07_source_change_is_a_break(parse) -> None:
    lines = (
        "TUN,SDG_0831_SEX_ECO_RT,BA:15955,SEX_T,ECO_SECTOR_TOTAL,2014,61.251,,,,\n"
        "TUN,SDG_0831_SEX_ECO_RT,BA:743,SEX_T,ECO_SECTOR_TOTAL,2019,36.911,,,,\n"
    )
    progress = Warehouse({INFORMAL: parse(INFORMAL, {"data.csv": (EARLY + lines).encode()})}).rows("mart_progress")
    assert {(row["first_year"], row["is_comparable"], row["obs_change"]) for row in progress} == {
        (2014, False, None), (2019, False, None),
    }  # fmt: skip


@pytest.mark.quirk("ilo", 8, "8.7.1 A is economic activity, B adds household chores, as the catalogue says, not SDMX.")
def test_ilo_08_meaning_from_the_catalogue(parse) -> None:
    assert "household chores" not in datasets()[A871].title.lower()
    assert "household chores" in datasets()[B871].title.lower()
    line = "AFG,SDG_{}871_SEX_AGE_RT,BB:1,SEX_T,AGE_CLDVERSION_Y12-14,2014,{},,,,\n"
    rows_a = parse(A871, {"data.csv": (EARLY + line.format("A", 19.666)).encode()})
    rows_b = [row | {"indicator": "SDG_B871_SEX_AGE_RT", "obs_value": 31.959} for row in rows_a]
    (candidate,) = Warehouse({A871: rows_a, B871: rows_b}).rows("int_child_employment")
    assert candidate["rate_pct"] == 19.666


@pytest.mark.quirk("ilo", 8, "A rate without chores above the one with chores is reported: the two are exchanged.")
def test_ilo_08_chores_never_lower_the_rate(parse) -> None:
    line = "AFG,SDG_A871_SEX_AGE_RT,BB:1,SEX_T,AGE_CLDVERSION_Y12-14,2014,{},,,,\n"
    (low,) = parse(A871, {"data.csv": (EARLY + line.format("19.666")).encode()})
    high = low | {"obs_value": 31.959}
    assert Warehouse({A871: [low], B871: [high]}).failing("ilo_chores_never_lower_the_rate") == []
    assert Warehouse({A871: [low], B871: [low]}).failing("ilo_chores_never_lower_the_rate") == []
    (swapped,) = Warehouse({A871: [high], B871: [low]}).failing("ilo_chores_never_lower_the_rate")
    assert (swapped["variant_a"], swapped["variant_b"]) == (31.959, 19.666)


@pytest.mark.quirk("ilo", 8, "Each child-labour series says its concept, age band and production boundary.")
def test_ilo_08_definitions(parse) -> None:
    definitions = {row["definition_id"]: row for row in Warehouse({}).rows("dim_definition")}
    told = ("production_boundary", "hours_rule")
    assert {name: tuple(definitions[name][column] for column in told) for name in (
        "ilo_sdg_871a_12_14", "ilo_sdg_871b_5_17", "ilo_cld_xchl_5_17", "ilo_cld_xhaz_15_17",
    )} == {
        "ilo_sdg_871a_12_14": ("SNA", "hours a week: 14 or more at 12-14"),
        "ilo_sdg_871b_5_17": (
            "general",
            "hours a week: 1 or more at 5-11, 14 or more at 12-14, 43 or more at 15-17; or chores: 21 or more at 5-14",
        ),
        "ilo_cld_xchl_5_17": (
            "SNA",
            "hours a week: 1 or more at 5-11, 14 or more or hazardous work at 12-14, hazardous work only at 15-17",
        ),
        "ilo_cld_xhaz_15_17": ("SNA", "43 or more hours a week, or any hour in hazardous work"),
    }  # fmt: skip


@pytest.mark.quirk("ilo", 9, "Each child-labour measure keeps its own series; none fills the place of another.")
def test_ilo_09_near_equal_measures(parse) -> None:
    line = "BRA,SDG_A871_SEX_AGE_RT,BB:1,SEX_T,AGE_CLDVERSION_Y5-17,2022,2.271,,,,\n"
    (row,) = parse(A871, {"data.csv": (EARLY + line).encode()})
    others = {
        B871: [row | {"indicator": "SDG_B871_SEX_AGE_RT"}],
        "ilo_cld_xchl_sex_age_rt": [row | {"indicator": "CLD_XCHL_SEX_AGE_RT", "obs_value": 6.76}],
    }
    warehouse = Warehouse({A871: [row], **others})
    assert {r["indicator_id"]: r["definition_id"] for r in warehouse.rows("fct_observation")} == {
        "SDG_A871_SEX_AGE_RT": "ilo_sdg_871a_5_17", "SDG_B871_SEX_AGE_RT": "ilo_sdg_871b_5_17",
        "CLD_XCHL_SEX_AGE_RT": "ilo_cld_xchl_5_17",
    }  # fmt: skip
    assert [r["rate_pct"] for r in warehouse.rows("int_child_employment")] == [2.271]
    assert Warehouse(others).rows("int_child_employment") == []


@pytest.mark.quirk("ilo", 10, "Without a row for 5-17 a country has no rate; no other age band takes its place.")
@pytest.mark.parametrize("area", ["AGO", "BRA"])
def test_ilo_10_no_5_17_no_rate(parse, area: str) -> None:
    line = f"{area},SDG_A871_SEX_AGE_RT,BB:1,SEX_T,AGE_CLDVERSION_Y15-17,2022,2.271,,,,\n"
    rows = parse(A871, {"data.csv": (EARLY + line).encode()})
    (candidate,) = Warehouse({A871: rows}).rows("int_child_employment")
    assert (candidate["preference"], candidate["unusable_reason"]) == (None, "other age band")


@pytest.mark.quirk("ilo", 11, "A spike and a jump at the end are loaded and named, and are in no mart; a new level is.")
def test_ilo_11_jumps(parse) -> None:
    khm = {2006: 9.1, 2007: 8.05, 2008: 79.17, 2009: 7.13, 2010: 5.31}
    level, end = {2015: 64.1, 2016: 64.068, 2017: 28.133, 2018: 29.3}, {2017: 20.503, 2020: 53.525}
    series = {"KHM": khm, "CHL": level, "BDI": end}
    lines = "".join(
        f"{area},SDG_0861_SEX_RT,BA:1,SEX_T,{year},{value},\n"
        for area, values in series.items()
        for year, value in values.items()
    )
    warehouse = Warehouse({NEET: parse(NEET, {"data.csv": (NEET_HEADER + lines).encode()})})
    facts = warehouse.rows("fct_observation")
    assert len(facts) == 11
    assert {(row["iso3"], row["year"]): row["doubt"] for row in facts if row["doubt"]} == {
        ("KHM", 2008): "more than 20 points and twofold away from the years beside it",
        ("BDI", 2020): "more than 20 points and twofold away from the years beside it",
    }
    compared = {(row["iso3"], row["year"]) for row in warehouse.rows("int_comparable_observations")}
    assert len(compared) == 9 and not compared & {("KHM", 2008), ("BDI", 2020)}


@pytest.mark.quirk("ilo", 11, "Thousands above the population are doubted, and an accepted figure enters the marts.")
def test_ilo_11_population_bound_and_acceptance(parse) -> None:
    children = "ilo_cld_xchl_sex_age_nb"
    line = "MLI,CLD_XCHL_SEX_AGE_NB,BA:{0},SEX_T,AGE_CLDVERSION_Y5-17,{0},{1},,,,\n"
    body = EARLY + line.format(2014, 21300) + line.format(2017, 2024)
    people = {"indicator": "SP.POP.TOTL", "ref_area": "MLI", "time_period": "2015", "obs_value": 17_439_000.0}
    lake = {children: parse(children, {"data.csv": body.encode()}), "world_bank_wdi": [people]}

    def doubts(accepted: Rows) -> dict[int, str | None]:
        warehouse = Warehouse(lake)
        warehouse.ref("ilo_accepted")
        warehouse.con.executemany("insert into ilo_accepted values (?, ?, ?, ?, ?)", accepted) if accepted else None
        return {row["year"]: row["doubt"] for row in warehouse.rows("int_ilo_observations") if row["ref_area"] == "MLI"}

    assert doubts([]) == {2014: "more persons than the country has inhabitants", 2017: None}
    assert doubts([[children, "MLI", "BA:2014", 2014, "looked up"]]) == {2014: None, 2017: None}


@pytest.mark.quirk("ilo", 11, "Monthly earnings below one dollar are doubted; zero and local currency are not.")
def test_ilo_11_tiny_earnings(parse) -> None:
    earnings = "ilo_ear_emta_sex_eco_cur_nb"
    header = EARLY.replace("classif1,", "classif1,classif2,")
    cells = {"CUR_TYPE_PPP": 0.003, "CUR_TYPE_USD": 0, "CUR_TYPE_LCU": 0.5}
    lines = "".join(
        f"MLI,EAR_EMTA_SEX_ECO_CUR_NB,BA:1,SEX_T,ECO_SECTOR_TOTAL,{code},2014,{value},,,,\n"
        for code, value in cells.items()
    )
    files = {"data.csv": (header + lines).encode(), "codes_classif2.json": b"[{}]"}
    rows = Warehouse({earnings: parse(earnings, files)}).rows("fct_observation")
    assert {row["breakdown"].split(" | ")[1]: row["doubt"] for row in rows} == {
        "CUR_TYPE_PPP": "earnings below 1 a month", "CUR_TYPE_USD": None, "CUR_TYPE_LCU": None,
    }  # fmt: skip


@pytest.mark.quirk("ilo", 12, "Codes with a hyphen are kept verbatim; an xlsx with its apostrophes is refused.")
def test_ilo_12_hyphen_codes_and_xlsx(parse, tmp_path: Path) -> None:
    line = "AGO,SDG_A871_SEX_AGE_RT,BB:1,SEX_T,AGE_CLDVERSION_Y5-11,2014,3,,,,\n"
    rows = parse(A871, {"data.csv": (EARLY + line).encode()})
    assert rows[0]["classif1"] == "AGE_CLDVERSION_Y5-11"
    (observation,) = Warehouse({A871: rows}).rows("fct_observation")
    assert observation["definition_id"] == "ilo_sdg_871a_5_11"
    (tmp_path / "xlsx").mkdir()
    workbook = b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml\n'5-17\n"
    with pytest.raises(PayloadInvalid):
        read_as(datasets()[A871], {"data.csv": workbook}, tmp_path / "xlsx")


@pytest.mark.quirk("ilo", 13, "last.update is read as day/month/year; one in the future is an error, not freshness.")
def test_ilo_13_day_before_month(server, tmp_path: Path) -> None:
    later = f"{datetime.now(UTC) + timedelta(days=40):%d/%m/%Y} 07:10:19"
    server.says(contents("SDG_A871_SEX_AGE_RT_A", updated="05/02/2026 07:10:19"))
    server.says(contents("SDG_A871_SEX_AGE_RT_A", updated=later))
    ask = connector(partners()["ilo"]).signal
    assert ask(client_for("ilo", server.url), datasets()[A871], tmp_path)["updated"] == "2026-02-05T07:10:19"
    with pytest.raises(PayloadInvalid, match="lies in the future"):
        ask(client_for("ilo", server.url), datasets()[A871], tmp_path)


@pytest.mark.quirk("ilo", 14, "Absent catalogue fields and empty records of catalogue and dictionary stop nothing.")
def test_ilo_14_gaps_in_catalogue_and_dictionary(parse, server, tmp_path: Path) -> None:
    row = {"id": "SDG_0882_NOC_RT_A", "last.update": "24/01/2026 07:10:19", "n.records": 2169}
    server.says(json.dumps([{}, row, {}]))
    client = client_for("ilo", server.url)
    ask = connector(client.partner).signal
    assert ask(client, datasets()["ilo_sdg_0882_noc_rt"], tmp_path)["records"] == 2169
    assert ask(client, datasets()["ilo_source"], tmp_path)["updated"] == "2026-01-24T07:10:19"
    entries = [{"source": "BA:829", "source.label": "CIV - LFS", "ref_area": "CIV"}, {}]
    assert [r["source"] for r in parse("ilo_source", {"dictionary.json": json.dumps(entries).encode()})] == ["BA:829"]


@pytest.mark.quirk("ilo", 15, "An id that left the catalogue stops its own dataset by name; the old data keep serving.")
def test_ilo_15_retired_id(server, home: Home) -> None:
    kept, other = datasets()[NEET], datasets()[INFORMAL]
    server.says(contents("SDG_0861_SEX_RT_A"), on="/toc/")
    server.says(contents("SDG_0831_SEX_ECO_RT_A"), on="/toc/")
    server.says(NEET_HEADER + "KEN,SDG_0861_SEX_RT,BA:1,SEX_T,2019,5.014,\n", on="SDG_0861")
    server.says(EARLY + "AFG,SDG_0831_SEX_ECO_RT,BA:1,SEX_T,ECO_SECTOR_TOTAL,2021,1,,,,\n", on="SDG_0831")
    first = refresh_unchecked(home, kept, server.url)
    second = refresh_unchecked(home, kept, server.url)
    assert (first.status, second.status, second.rows) == ("accepted", "failed", 1)
    assert second.snapshot_id == first.snapshot_id
    assert "SDG_0861_SEX_RT_A is not in the table of contents" in second.message
    assert refresh_unchecked(home, other, server.url).status == "accepted"


@pytest.mark.quirk("ilo", 16, "Codes are asked for, never labels, and a file of labels is refused with the reason.")
def test_ilo_16_labels_are_no_keys(parse, server, tmp_path: Path) -> None:
    labels = (
        '"ref_area.label","source.label","indicator.label","sex.label","classif1.label","time","obs_value"\n'
        '"Kenya","KEN - LFS","Rate -- ILO modelled estimates, Nov. 2025 (%)","Sex: Total","x",2019,5\n'
    )
    server.says(contents("SDG_0831_SEX_ECO_RT_A"), on="/toc/")
    server.says(labels, on="/data/indicator")
    deliver(datasets()[INFORMAL], server.url, tmp_path)
    assert "type=code" in server.paths[1]
    with pytest.raises(SchemaDrift, match=r"missing columns .*'ref_area'.*columns nobody declared .*'ref_area.label'"):
        parse(INFORMAL, {"data.csv": labels.encode()})


@pytest.mark.quirk("ilo", 17, "Codes are text: NAM stays Namibia, Kosovo is KOS, ANT is a former area, _Z no area.")
def test_ilo_17_area_codes(parse) -> None:
    lines = "".join(f"{area},SDG_0861_SEX_RT,BA:1,SEX_T,2009,5,\n" for area in ("NAM", "KOS", "ANT", "_Z", "NA", "034"))
    rows = parse(NEET, {"data.csv": (NEET_HEADER + lines).encode()})
    assert {row["ref_area"] for row in rows} == {"NAM", "KOS", "ANT", "_Z", "NA", "034"}
    warehouse = Warehouse({NEET: rows})
    assert {row["ref_area"]: (row["iso3"], row["area_kind"]) for row in warehouse.rows("int_observations")} == {
        "NAM": ("NAM", "country"), "KOS": ("XKX", "territory"), "ANT": ("ANT", "former"), "_Z": (None, "unmapped"),
        "NA": (None, "unclassified"), "034": (None, "unclassified"),
    }  # fmt: skip
    assert {row["iso3"]: row["m49"] for row in warehouse.rows("area")}["AFG"] == "004"


@pytest.mark.quirk("ilo", 18, "SEX_O is a known code, and no check wants the total to be men plus women.")
def test_ilo_18_total_is_not_men_plus_women(parse) -> None:
    values = (("SEX_T", "100"), ("SEX_M", "40"), ("SEX_F", "50"), ("SEX_O", ""))
    lines = "".join(f"AUS,SDG_0861_SEX_RT,BA:1,{sex},2019,{value},\n" for sex, value in values)
    rows = parse(NEET, {"data.csv": (NEET_HEADER + lines).encode()})
    assert {row["sex"] for row in rows} == {"SEX_T", "SEX_M", "SEX_F", "SEX_O"}
    assert findings(datasets()[NEET], rows) == {}
    assert findings(datasets()[NEET], [row | {"sex": "SEX_Q"} for row in rows[:1]]) == {"known_codes": 1}


@pytest.mark.quirk("ilo", 19, "The possible range is a dataset's own: 100 is a share, 100.1 none, earnings go beyond.")
def test_ilo_19_range_by_indicator(parse) -> None:
    line = "AFG,SDG_0831_SEX_ECO_RT,BA:1,SEX_T,ECO_SECTOR_TOTAL,2021,100,,,,\n"
    (share,) = parse(INFORMAL, {"data.csv": (EARLY + line).encode()})
    assert findings(datasets()[INFORMAL], [share]) == {}
    assert findings(datasets()[INFORMAL], [share | {"obs_value": 100.1}]) == {"value_range": 1}
    earnings = datasets()["ilo_ear_emta_sex_eco_cur_nb"]
    earned = share | {"indicator": earnings.code, "classif2": "CUR_TYPE_LCU"}
    both = [earned | {"obs_value": value} for value in (0.0, 650_000.0)]
    both[1]["time_period"] = "2022"
    assert findings(earnings, both) == {}


@pytest.mark.quirk("ilo", 20, "Notes are split at the underscore; all codes are kept, repeated types and unknown ones.")
def test_ilo_20_notes(parse) -> None:
    lines = (
        "AGO,SDG_0831_SEX_ECO_RT,BA:1,SEX_T,ECO_SECTOR_TOTAL,2004,5,,C6:1_C6:2,I11:264,R1:3513_R1:2803_T2:85_T5:1429\n"
        "AGO,SDG_0831_SEX_ECO_RT,BA:1,SEX_M,ECO_SECTOR_TOTAL,2004,5,,,,\n"
    )
    rows = Warehouse({INFORMAL: parse(INFORMAL, {"data.csv": (EARLY + lines).encode()})}).rows("fct_observation")
    assert {row["sex"]: row["note"] for row in rows} == {
        "SEX_T": "C6:1, C6:2, I11:264, R1:3513, R1:2803, T2:85, T5:1429", "SEX_M": None,
    }  # fmt: skip


@pytest.mark.quirk("ilo", 21, "One id a request; a blank dimension stays blank and is reported, never the total.")
def test_ilo_21_blank_dimension_is_not_the_total(parse, server, tmp_path: Path) -> None:
    body = (
        '"ref_area","source","indicator","sex","time","obs_value"\n"KEN","XA:1909","SDG_0861_SEX_RT",,"2020",36.723\n'
    )
    server.says(contents("SDG_0861_SEX_RT_A"), on="/toc/")
    server.says(body, on="/data/indicator")
    deliver(datasets()[NEET], server.url, tmp_path)
    assert "id=SDG_0861_SEX_RT_A&" in server.paths[1]
    (row,) = parse(NEET, {"data.csv": body.encode()})
    assert (row["sex"], row["obs_value"]) == (None, 36.723)
    assert findings(datasets()[NEET], [row]) == {"required_not_null": 1}


@pytest.mark.quirk("ilo", 21, "A blank sex stands for the total only in datasets without sexes.")
def test_ilo_21_blank_sex_in_comparisons(parse) -> None:
    density = "ilo_ilr_tumt_noc_rt"
    (row,) = parse(NEET, {"data.csv": (NEET_HEADER + "KEN,SDG_0861_SEX_RT,BA:1,SEX_T,2019,9,\n").encode()})
    union = row | {"indicator": "ILR_TUMT_NOC_RT", "sex": None}
    lake = {NEET: [row, row | {"sex": None, "time_period": "2020"}], density: [union]}
    compared = Warehouse(lake).rows("int_comparable_observations")
    assert {(r["indicator_id"], r["year"]) for r in compared} == {("SDG_0861_SEX_RT", 2019), ("ILR_TUMT_NOC_RT", 2019)}


@pytest.mark.quirk("ilo", 22, "A wide xlsx export is refused as it arrives: no dataset is made of one.")
def test_ilo_22_wide_xlsx(shared, server, tmp_path: Path) -> None:
    server.says(contents("CLD_XHAZ_SEX_AGE_ECO_NB_A", records=611), on="/toc/")
    server.says((shared / "wire/ilo/xlsx/CLD_XHAZ_SEX_AGE_ECO_NB_A_EN.xlsx").read_bytes(), on="/data/indicator")
    with pytest.raises(PayloadInvalid, match="a zip archive or an xlsx workbook; expected csv"):
        deliver(datasets()["ilo_cld_xhaz_sex_age_eco_nb"], server.url, tmp_path)


@pytest.mark.quirk("ilo", 23, "Annual data are asked for by their id, and a quarter or month never passes as a year.")
@pytest.mark.parametrize("time", ["2022Q1", "2022M01", "2022-Q1", "2022-M01"])
def test_ilo_23_quarters_are_not_years(parse, server, tmp_path: Path, time: str) -> None:
    body = NEET_HEADER + f"KEN,SDG_0861_SEX_RT,BA:1,SEX_T,{time},9,\nKEN,SDG_0861_SEX_RT,BA:1,SEX_T,2022,5,\n"
    server.says(contents("SDG_0861_SEX_RT_Q", "SDG_0861_SEX_RT_A", records=2), on="/toc/")
    server.says(body, on="/data/indicator")
    deliver(datasets()[NEET], server.url, tmp_path)
    assert "id=SDG_0861_SEX_RT_A&" in server.paths[1]
    rows = parse(NEET, {"data.csv": body.encode()})
    assert {row["time_period"] for row in rows} == {time, "2022"}
    assert findings(datasets()[NEET], rows) == {"years_only": 1}
    assert [(r["year"], r["obs_value"]) for r in Warehouse({NEET: rows}).rows("fct_observation")] == [(2022, 5.0)]


@pytest.mark.quirk("ilo", 24, "The source code is named through the source dictionary; an unknown code keeps its rows.")
def test_ilo_24_source_dictionary(parse) -> None:
    lines = "CIV,SDG_0861_SEX_RT,BA:829,SEX_T,2019,5,\nCIV,SDG_0861_SEX_RT,BA:9999,SEX_T,2021,6,\n"
    rows = parse(NEET, {"data.csv": (NEET_HEADER + lines).encode()})
    label = "CIV - LFS - Labour Force Survey"
    warehouse = Warehouse({NEET: rows, "ilo_source": [{"source": "BA:829", "source_label": label}]})
    found = {row["source_code"]: row["source_label"] for row in warehouse.rows("fct_observation")}
    assert found == {"BA:829": label, "BA:9999": None}


@pytest.mark.quirk("ilo", 25, "The unit in the catalogue's label must be the one declared.")
@pytest.mark.parametrize(
    ("label", "fits"),
    [
        ("Youth not in education, employment or training", True), ("Youth NEET rate (%)", True),
        ("Youth NEET -- ILO modelled estimates, Nov. 2025 (%)", True), ("Youth NEET (thousands)", False),
    ],
)  # fmt: skip
def test_ilo_25_unit_of_the_label(server, tmp_path: Path, label: str, fits: bool) -> None:
    row = {"id": "SDG_0861_SEX_RT_A", "last.update": "05/02/2026 07:10:19", "n.records": 1, "indicator.label": label}
    server.says(json.dumps([row]))
    client = client_for("ilo", server.url)
    if fits:
        assert connector(client.partner).signal(client, datasets()[NEET], tmp_path)["records"] == 1
    else:
        with pytest.raises(PayloadInvalid, match=r"\(thousands\)'; expected the unit %"):
            connector(client.partner).signal(client, datasets()[NEET], tmp_path)


@pytest.mark.quirk("ilo", 25, "The base year of PPP dollars is kept with each figure; another base blocks the load.")
def test_ilo_25_ppp_base_year(server, refreshed, home: Home) -> None:
    earnings = datasets()["ilo_ear_emta_sex_eco_cur_nb"]
    cells = "MLI,EAR_EMTA_SEX_ECO_CUR_NB,BA:1,SEX_T,ECO_SECTOR_TOTAL,{},2014,{},,,,\n"
    server.says(contents("EAR_EMTA_SEX_ECO_CUR_NB_A", records=2), on="/toc/")
    server.says(contents("EAR_EMTA_SEX_ECO_CUR_NB_A", records=2, updated="06/02/2026 07:10:19"), on="/toc/")
    for value in (500, 501):
        body = EARLY.replace("classif1,", "classif1,classif2,")
        server.says(body + cells.format("CUR_TYPE_PPP", value) + cells.format("CUR_TYPE_X", 1), on="/data/indicator")
    for base in ("2017", "2021"):
        codes = [{"classif2": "CUR_TYPE_PPP", "classif2.label": f"{base} PPP $"}, {}]
        server.says(json.dumps(codes), on="/metadata/dic?var=classif2&lang")
    lenient = earnings.tolerances.model_copy(update={"min_rows": 1, "max_changed_pct": 100.0})
    earnings = earnings.model_copy(update={"tolerances": lenient})
    first = refreshed(earnings)
    assert first.status == "accepted", first.message
    vintage = lake.current(home, earnings.id)
    held = duckdb.sql(f"select classif2, currency from '{vintage.data}' order by all").fetchall()
    assert held == [("CUR_TYPE_PPP", "2017 PPP $"), ("CUR_TYPE_X", None)]
    second = refreshed(earnings)
    assert (second.status, second.snapshot_id) == ("quarantined", first.snapshot_id)
    assert "unit_stable" in second.message
    read_up = earnings.tolerances.model_copy(update={"confirmed_names": ("2021 PPP $",)})
    assert refreshed(earnings.model_copy(update={"tolerances": read_up})).status == "accepted"


@pytest.mark.quirk("ilo", 26, "Bytes decide, not the content type: HTML, git-lfs pointers and JSON never pass for CSV.")
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><title>x</title>", PartnerUnavailable),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", PayloadInvalid),
        (b"[]", PayloadCut),
        (b'\xef\xbb\xbf"ref_area","time"\n"KEN","2019"\n', None),
    ],
)
def test_ilo_26_first_bytes(server, tmp_path: Path, body: bytes, kind: type[IngestError] | None) -> None:
    server.says(contents("SDG_0861_SEX_RT_A"), on="/toc/")
    server.says(body, on="/data/indicator", Content_Type="application/octet-stream")
    if kind is None:
        assert (deliver(datasets()[NEET], server.url, tmp_path) / "data.csv").read_bytes() == body
    else:
        with pytest.raises(kind) as caught:
            deliver(datasets()[NEET], server.url, tmp_path)
        assert type(caught.value) is kind


@pytest.mark.quirk("ilo", 27, "Only known parameters with values are sent, and more rows than promised are refused.")
def test_ilo_27_silent_widening(server, tmp_path: Path) -> None:
    server.says(contents("SDG_0861_SEX_RT_A", records=1), on="/toc/")
    server.says(NEET_HEADER + "KEN,SDG_0861_SEX_RT,BA:1,SEX_T,2019,5,\n" * 2, on="/data/indicator")
    with pytest.raises(PayloadCut, match="2 rows"):
        deliver(datasets()[NEET], server.url, tmp_path)
    sent = dict(pair.split("=") for pair in server.paths[1].split("?")[1].split("&"))
    assert sent == {
        "id": "SDG_0861_SEX_RT_A", "best_source": "yes", "type": "code", "lang": "en", "format": ".csv",
    }  # fmt: skip


@pytest.mark.trap(5, "an export with a header and no rows fails and overwrites nothing")
@pytest.mark.quirk("ilo", 28, "An empty answer is a failure where the catalogue promises rows; nothing is overwritten.")
@pytest.mark.parametrize("empty", ["[]", NEET_HEADER])
def test_ilo_28_empty_answer(server, home: Home, empty: str) -> None:
    server.says(contents("SDG_0861_SEX_RT_A"), on="/toc/")
    server.says(contents("SDG_0861_SEX_RT_A", updated="06/02/2026 07:10:19"), on="/toc/")
    server.says(NEET_HEADER + "KEN,SDG_0861_SEX_RT,BA:1,SEX_T,2019,5.014,\n", on="/data/indicator")
    server.says(empty, on="/data/indicator")
    first = refresh_unchecked(home, datasets()[NEET], server.url)
    second = refresh_unchecked(home, datasets()[NEET], server.url)
    assert (first.status, second.status) == ("accepted", "failed")
    assert (second.snapshot_id, second.rows) == (first.snapshot_id, 1)


@pytest.mark.quirk("ilo", 29, "English is asked for in every request, and Spanish labels are refused like all labels.")
def test_ilo_29_english_only(parse, server, tmp_path: Path) -> None:
    spanish = '"ref_area.label","sex.label","time","obs_value"\n"Kenia","Mujeres","2019",5\n'
    server.says(contents("SDG_0861_SEX_RT_A"), on="/toc/")
    server.says(spanish, on="/data/indicator")
    server.says('[{"source":"BA:1","source.label":"KEN - LFS"},{}]', on="/metadata/dic")
    for name in (NEET, "ilo_source"):
        (tmp_path / name).mkdir()
        deliver(datasets()[name], server.url, tmp_path / name)
    assert len(server.paths) == 7  # three of them lists of codes
    assert all("lang=en" in path for path in server.paths)
    with pytest.raises(SchemaDrift):
        parse(NEET, {"data.csv": spanish.encode()})


@pytest.mark.quirk("ilo", 29, "A catalogue in another language is known by a label and refused.")
def test_ilo_29_catalogue_in_spanish(server, tmp_path: Path) -> None:
    row = {"id": "SDG_0861_SEX_RT_A", "last.update": "05/02/2026 07:10:19", "n.records": 1, "freq.label": "Anual"}
    server.says(json.dumps([row]))
    client = client_for("ilo", server.url)
    with pytest.raises(PayloadInvalid, match=r"freq\.label 'Anual'; expected 'Annual': an answer in English"):
        connector(client.partner).signal(client, datasets()[NEET], tmp_path)


@pytest.mark.quirk("ilo", 30, "The age band is that of the row: 5-14, 6-17, 7-17 and 10-17 are never read as 5-17.")
def test_ilo_30_age_band_of_the_row(parse) -> None:
    bands = ("5-14", "6-17", "7-17", "10-17", "5-17")
    line = "{},SDG_A871_SEX_AGE_RT,BB:1,SEX_T,AGE_CLDVERSION_Y{},2014,3,,,,\n"
    body = EARLY + "".join(line.format("BFA", band) for band in bands)
    rates = Warehouse({A871: parse(A871, {"data.csv": body.encode()})}).rows("int_child_employment")
    definitions = {row["definition_id"]: row["preference"] for row in rates}
    expected = {f"ilo_sdg_871a_{band.replace('-', '_')}": None for band in bands}
    assert definitions == expected | {"ilo_sdg_871a_5_17": 1}


@pytest.mark.trap(7, "blank cells of a full grid are no observations")
@pytest.mark.quirk("ilo", 30, "Grid cells without any value are no observations.")
def test_ilo_30_empty_grid_cells(parse) -> None:
    body = NEET_HEADER + "KEN,SDG_0861_SEX_RT,BA:1,SEX_T,2019,,\nKEN,SDG_0861_SEX_RT,BA:1,SEX_T,2020,,U\n"
    rows = parse(NEET, {"data.csv": body.encode()})
    assert [row["year"] for row in Warehouse({NEET: rows}).rows("fct_observation")] == [2020]
