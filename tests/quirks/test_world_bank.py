"""The numbered quirks of the World Bank, each with its literal row or answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from expectations.against_previous import indicator_names_kept, indicators_kept
from ingest import lake, storage
from ingest.errors import DatasetRetired, IngestError, PayloadInvalid, RequestRefused, SchemaDrift
from ingest.registry import Column, Dataset, datasets, partners
from ingest.storage import Home
from orchestration import lake_assets, warehouse
from tests.quirks.conftest import read_as, zipped
from tests.quirks.test_ilo import client_for, deliver, refresh_unchecked
from tests.quirks.warehouse import Warehouse, findings

Rows = list[dict[str, Any]]

WDI = datasets()["world_bank_wdi"]
COUNTRY = datasets()["world_bank_country"]
ONE = WDI.model_copy(update={"series": WDI.series[:1]})  # SL.TLF.0714.ZS alone: one request
ZIPPED = ONE.model_copy(update={"request": {"door": "api", "zip": "en/country/BGD"}})
NO_DATA = '[{"page":0,"pages":0,"per_page":0,"total":0,"sourceid":null,"lastupdated":null},null]'  # literal, quirk 3
ERROR_175 = (
    '[{"message":[{"id":"175","key":"Invalid format","value":"The indicator was not found. '
    'It may have been deleted or archived."}]}]'
)
ERROR_120 = '[{"message":[{"id":"120","key":"Invalid value","value":"The provided parameter value is not valid"}]}]'
HEADER = '"Country Name","Country Code","Indicator Name","Indicator Code","2003","2006",\r\n'
BGD = '"Bangladesh","BGD","Children in employment","SL.TLF.0714.ZS","17.5385033159","16.2",\r\n'


def row(**changes: Any) -> dict[str, Any]:
    return {
        "indicator": {"id": "SL.TLF.0714.ZS", "value": "Children in employment, total (% of children ages 7-14)"},
        "country": {"id": "BD", "value": "Bangladesh"}, "countryiso3code": "BGD", "date": "2003",
        "value": 17.5385033159, "unit": "", "obs_status": "", "decimal": 0, "footnote": "",
    } | changes  # fmt: skip


def page(*rows: dict[str, Any], **header: Any) -> str:
    known = {"page": 1, "pages": 1, "per_page": 20000, "total": len(rows), "lastupdated": "2026-07-13"}
    return json.dumps([known | header, list(rows)])


def pages(*rows: dict[str, Any]) -> dict[str, bytes]:
    """What is delivered for the series in a single page."""
    return {"SL.TLF.0714.ZS-0001.json": page(*rows).encode()}


def economy(code: str, iso2: str, name: str, region: str, label: str) -> dict[str, Any]:
    return {
        "id": code, "iso2Code": iso2, "name": name, "region": {"id": region, "iso2code": "ZG", "value": label},
        "incomeLevel": {"id": "LMC", "iso2code": "XN", "value": "Lower middle income"},
        "lendingType": {"id": "", "iso2code": "", "value": "Aggregates"},
        "capitalCity": "", "longitude": "", "latitude": "",
    }  # fmt: skip


def says(server, *bodies: str) -> None:
    """Catalogue, then one body after the other for the series."""
    sources = [
        {"page": "1", "pages": "1", "per_page": "1000", "total": "1"},
        [{"id": "2", "lastupdated": "2026-07-13"}],
    ]
    server.says(json.dumps(sources), on="/v2/sources")
    for body in bodies:
        server.says(body, on="/indicator/")


def says_twice(server, first: str, second: str) -> None:
    """A good pull, then a newer stamp and another answer."""
    for stamp in ("2026-07-13", "2026-10-01"):
        server.says(json.dumps([{"total": "1"}, [{"id": "2", "lastupdated": stamp}]]), on="/v2/sources")
    server.says(first, on="/indicator/")
    server.says(second, on="/indicator/")


def keeps_the_old(server, home: Home, answer: str) -> str:
    """Refresh, refresh again with `answer`: the message, after the first vintage was seen to serve on."""
    says_twice(server, page(row()), answer)
    first = refresh_unchecked(home, ONE, server.url)
    second = refresh_unchecked(home, ONE, server.url)
    assert (first.status, second.status) == ("accepted", "failed")
    assert (second.snapshot_id, second.rows) == (first.snapshot_id, 1)
    assert len(list(home.raw(ONE.id).glob("*/payload"))) == 1
    return second.message


def wide(folder: Path, **members: str) -> Rows:
    body = zipped(**{name: text.encode() for name, text in members.items()})
    return read_as(ZIPPED, {"data.zip": body}, folder)


@pytest.mark.quirk("world_bank", 1, "An archived id fails its asset with the Bank's words, and the old data are kept.")
def test_world_bank_01_archived_id(server, home: Home) -> None:
    message = keeps_the_old(server, home, ERROR_175)
    assert "dataset retired" in message
    assert "deleted or archived" in message


@pytest.mark.quirk(
    "world_bank", 2, "An error inside a 200 is permanent, wrapped in a list or not, and names what was asked."
)
@pytest.mark.parametrize("body", [ERROR_120, ERROR_120[1:-1]])
def test_world_bank_02_error_inside_200(server, tmp_path: Path, body: str) -> None:
    says(server, body)
    with pytest.raises(RequestRefused, match="message 120: The provided parameter value is not valid") as caught:
        deliver(ONE, server.url, tmp_path)
    assert "/indicator/SL.TLF.0714.ZS" in caught.value.url
    assert len(server.paths) == 2


@pytest.mark.quirk(
    "world_bank", 3, "Null in place of rows is no data and no error; a series that is gone is held back."
)
def test_world_bank_03_no_rows(parse, server, tmp_path: Path) -> None:
    says(server, NO_DATA)
    files = deliver(ONE, server.url, tmp_path)
    assert [file.read_text() for file in files.iterdir()] == [NO_DATA]
    rows = parse("world_bank_wdi", {"A-0001.json": NO_DATA.encode(), **pages(row())})
    assert [r["obs_value"] for r in rows] == [17.5385033159]
    check = indicators_kept(WDI, ["indicator"])
    assert check.severity == "ERROR"
    with duckdb.connect() as con:
        con.execute("create table candidate as select 'SL.TLF.0714.ZS' as indicator")
        con.execute("create table previous as from candidate union all select 'SI.POV.GINI'")
        assert [found[1] for found in con.execute(check.failing.replace("{batch}", "candidate")).fetchall()] == [
            "SI.POV.GINI"
        ]


@pytest.mark.quirk("world_bank", 4, "No window of years is asked for, so none can be ignored.")
def test_world_bank_04_no_window_is_asked_for(server, tmp_path: Path) -> None:
    says(server, page(row()))
    deliver(ONE, server.url, tmp_path)
    sent = dict(pair.split("=") for pair in server.paths[1].split("?")[1].split("&"))
    assert not sent.keys() & {"date", "mrv", "mrnev"}


@pytest.mark.quirk("world_bank", 5, "XML with a BOM in place of JSON is read as the error that it is.")
@pytest.mark.parametrize(("number", "kind"), [("175", DatasetRetired), ("120", RequestRefused)])
def test_world_bank_05_xml_error(server, tmp_path: Path, number: str, kind: type[IngestError]) -> None:
    xml = (
        '\ufeff<?xml version="1.0" encoding="utf-8"?><wb:error xmlns:wb="http://www.worldbank.org">'
        f'<wb:message id="{number}" key="Invalid format">It may have been archived.</wb:message></wb:error>'
    )
    says(server, xml)
    with pytest.raises(kind, match=f"message {number}: It may have been archived"):
        deliver(ONE, server.url, tmp_path)


@pytest.mark.quirk("world_bank", 6, "HTML with 200, 502 and 503 are asked for again, and are never kept as data.")
@pytest.mark.parametrize("status", [200, 502, 503])
def test_world_bank_06_html_is_retried(server, tmp_path: Path, status: int) -> None:
    says(server)
    server.says("<!DOCTYPE html><html>Request Error</html>", status, on="/indicator/")
    server.says(page(row()), on="/indicator/")
    (file,) = deliver(ONE, server.url, tmp_path).iterdir()
    assert json.loads(file.read_text())[0]["total"] == 1
    assert "per_page=20000&" in server.paths[-1]


@pytest.mark.quirk("world_bank", 6, "HTML that does not end fails the pull, and no snapshot of it is kept.")
def test_world_bank_06_html_for_ever(server, home: Home) -> None:
    assert "HTML page" in keeps_the_old(server, home, "<html>Request Error</html>")


@pytest.mark.quirk("world_bank", 7, "Numbers of the page header may be text.")
def test_world_bank_07_header_numbers_as_text(server, tmp_path: Path) -> None:
    says(server)
    for number, year in (("1", "2003"), ("2", "2006")):
        text = page(row(date=year), page=number, pages="2", per_page="1", total="2")
        server.says(text, on=f"page={number}&")
    assert len(list(deliver(ONE, server.url, tmp_path).iterdir())) == 2


@pytest.mark.quirk(
    "world_bank", 8, "A code of two letters is resolved by the Bank's own list; one that nobody knows is in no mart."
)
def test_world_bank_08_three_codes(server, tmp_path: Path) -> None:
    rows = [
        row(country={"id": code, "value": name}, countryiso3code="")
        for code, name in (("XD", "High income"), ("GHA", "Ghana"), ("Q9", "?"))
    ]
    says(server, page(*rows))
    server.says(page(economy("HIC", "XD", "High income", "NA", "Aggregates")), on="/v2/country?")
    delivered = {file.name: file.read_bytes() for file in deliver(ONE, server.url, tmp_path).iterdir()}
    warehouse = Warehouse({"world_bank_wdi": read_as(WDI, delivered, tmp_path)})
    assert {r["ref_area"]: (r["iso3"], r["area_kind"]) for r in warehouse.rows("int_observations")} == {
        "HIC": ("HIC", "aggregate"), "GHA": ("GHA", "country"), "Q9": (None, "unclassified"),
    }  # fmt: skip
    assert [r["iso3"] for r in warehouse.rows("fct_observation")] == ["GHA"]


@pytest.mark.quirk("world_bank", 9, "The Bank's own list says which entities are aggregates, new ones too.")
def test_world_bank_09_aggregates(parse) -> None:
    aggregates = [economy(code, iso2, code, "NA", "Aggregates") for code, iso2 in (("ARB", "1A"), ("NEW", "Q9"))]
    listed = json.dumps([{"total": 3}, [economy("BGD", "BD", "Bangladesh", "SAS", "South Asia"), *aggregates]])
    warehouse = Warehouse({"world_bank_country": parse("world_bank_country", {"country-0001.json": listed.encode()})})
    found = {r["ref_area"]: r["is_aggregate"] for r in warehouse.rows("stg_world_bank__country")}
    assert found == {"BGD": False, "ARB": True, "NEW": True}
    kinds = {r["code"]: r["kind"] for r in warehouse.rows("int_areas") if r["scheme"] == "world_bank"}
    codes = ("ARB", "1A", "WLD", "1W", "SSF", "ZG", "HIC", "XD", "EUU", "EU")
    assert {kinds[code] for code in codes} == {"aggregate"}


@pytest.mark.quirk("world_bank", 10, "NA is Namibia as a country code and marks an aggregate only as a region.")
def test_world_bank_10_namibia(parse) -> None:
    namibia = economy("NAM", "NA", "Namibia", "SSF", "Sub-Saharan Africa ")
    listed = json.dumps([{"total": 1}, [namibia]]).encode()
    rows = parse("world_bank_country", {"country-0001.json": listed})
    (found,) = Warehouse({"world_bank_country": rows}).rows("stg_world_bank__country")
    assert (found["ref_area"], found["ref_area_iso2"], found["is_aggregate"]) == ("NAM", "NA", False)


@pytest.mark.quirk("world_bank", 11, "XKX, CHI and PSE go through the bridge; old codes and Taiwan are unclassified.")
def test_world_bank_11_codes_that_are_not_iso(parse) -> None:
    codes = ("XKX", "CHI", "PSE", "ADO", "ROM", "TMP", "ZAR", "WBG", "KSV", "TWN")
    rows = parse("world_bank_wdi", pages(*(row(countryiso3code=code) for code in codes)))
    kinds = {r["ref_area"]: r["area_kind"] for r in Warehouse({"world_bank_wdi": rows}).rows("int_observations")}
    expected = dict.fromkeys(codes, "unclassified") | dict.fromkeys(("XKX", "CHI", "PSE"), "territory")
    assert kinds == expected


def economy_class(area: str, year: int, region: str, group: str) -> dict[str, Any]:
    return {
        "ref_area": area, "fiscal_year": year, "region": region, "income_group_id": group, "income_group": group,
        "source": "country list of 2026-08-01",
    }  # fmt: skip


@pytest.mark.quirk("world_bank", 12, "Region and income group have validity dates, of the fiscal years of known lists.")
def test_world_bank_12_classes_change() -> None:
    lists = [economy_class("RUS", 2027, "Europe & Central Asia", "UMC"), economy_class("ETH", 2026, "Africa", "LIC")]
    rows = Warehouse({"economy_class": lists}).rows("dim_area_class")
    groups = {(r["iso3"], r["fiscal_year"]): r["income_group_id"] for r in rows}
    pairs = [(groups[iso3, 2024], groups[iso3, 2026]) for iso3, year in groups if year == 2024 and iso3 != "ETH"]
    assert sum(before != after for before, after in pairs) == 12  # and Ethiopia makes 13
    assert [groups["RUS", year] for year in (2024, 2026, 2027)] == ["UMC", "HIC", "UMC"]
    assert (groups["NAM", 2024], groups["NAM", 2026], groups["ETH", 2024]) == ("UMC", "LMC", "LIC")
    assert groups["ETH", 2026] == "LIC"  # the list loaded live goes before the recorded one, which has INX
    regions = {(r["iso3"], r["fiscal_year"]): r["world_bank_region"] for r in rows}
    for iso3 in ("AFG", "PAK"):
        assert regions[iso3, 2024] == "South Asia"
        assert regions[iso3, 2026] == "Middle East, North Africa, Afghanistan & Pakistan"
    (namibia,) = [r for r in rows if (r["iso3"], r["fiscal_year"]) == ("NAM", 2026)]
    assert (str(namibia["valid_from"]), str(namibia["valid_to"])) == ("2025-07-01", "2026-06-30")
    assert not [r for r in rows if r["fiscal_year"] == 2025]  # no list of that year is known


@pytest.mark.quirk(
    "world_bank", 12, "The list of a live vintage dates by its day of retrieval; a replayed one does not."
)
def test_world_bank_12_only_live_lists_tell(home: Home) -> None:
    lists = (
        ("live", "2026-06-30", "LMC"), ("live", "2026-07-01", "UMC"), ("live", "2026-08-01", "HIC"),
        ("sample", "2030-01-01", "LIC"),
    )  # fmt: skip
    for edition, day, income in lists:
        group = {"id": income, "iso2code": "", "value": income}
        namibia = economy("NAM", "NA", "Namibia", "SSF", "Sub-Saharan Africa ") | {"incomeLevel": group}
        place = home.lake(COUNTRY.id) / "vintages" / day
        place.mkdir(parents=True)
        read_as(COUNTRY, {"country-0001.json": page(namibia).encode()}, place)
        snapshot = {"snapshot_id": day, "edition": edition, "retrieved_at": f"{day}T03:00:00"}
        storage.write_json(place / "vintage.json", {"settled_at": day, "snapshot": snapshot})
    found = warehouse._economy_classes(home)
    assert [(row[0], row[1], row[2], row[3]) for row in found] == [
        ("NAM", 2026, "Sub-Saharan Africa", "LMC"), ("NAM", 2027, "Sub-Saharan Africa", "HIC"),
    ]  # fmt: skip


@pytest.mark.quirk("world_bank", 13, "A series under a new name holds the load back until somebody has confirmed it.")
@pytest.mark.parametrize(
    ("now", "confirmed", "found"),
    [
        ("Poverty headcount ratio at $3.00 a day (2021 PPP)", (), 1),
        (
            "Poverty headcount ratio at $3.00 a day (2021 PPP)",
            ("Poverty headcount ratio at $3.00 a day (2021 PPP)",),
            0,
        ),
        ("Poverty headcount ratio at  $1.90 a day (2011 PPP) ", (), 0),  # the same but for blanks
    ],
)
def test_world_bank_13_same_id_new_meaning(now: str, confirmed: tuple[str, ...], found: int) -> None:
    tolerances = WDI.tolerances.model_copy(update={"confirmed_names": confirmed})
    check = indicator_names_kept(WDI.model_copy(update={"tolerances": tolerances}), ["indicator"])
    assert check.severity == "ERROR"
    names = {"previous": "Poverty headcount ratio at $1.90 a day (2011 PPP)", "candidate": now}
    with duckdb.connect() as con:
        for view, name in names.items():
            con.execute(f"create table {view} as select 'SI.POV.DDAY' as indicator, '{name}' as indicator_label")
        assert len(con.execute(check.failing.replace("{batch}", "candidate")).fetchall()) == found


@pytest.mark.quirk(
    "world_bank", 14, "The unit comes from the reviewed list, never from the empty field; counts may be decimal."
)
def test_world_bank_14_unit_from_the_registry(parse) -> None:
    population = {"id": "SP.POP.TOTL", "value": "Population, total"}
    rows = parse("world_bank_wdi", pages(row(), row(indicator=population, value=652865133.5)))
    assert "unit" not in rows[0]
    observations = Warehouse({"world_bank_wdi": rows}).rows("fct_observation")
    assert {r["indicator_id"]: (r["unit"], r["obs_value"]) for r in observations} == {
        "SL.TLF.0714.ZS": ("%", 17.5385033159), "SP.POP.TOTL": ("persons", 652865133.5),
    }  # fmt: skip
    assert all(series.unit for series in WDI.series)


@pytest.mark.quirk("world_bank", 15, "Null is not zero: an empty cell is no row, or NULL beside its footnote.")
def test_world_bank_15_null_is_not_zero(parse) -> None:
    empty, noted = row(value=None, date="2005"), row(value=None, footnote="MICS.")
    rows = parse("world_bank_wdi", pages(empty, noted, row(date="2006", value=0)))
    assert [(r["time_period"], r["obs_value"]) for r in rows] == [("2003", None), ("2006", 0.0)]
    facts = Warehouse({"world_bank_wdi": rows}).rows("fct_observation")
    assert [(r["year"], r["obs_value"]) for r in facts] == [(2006, 0.0)]


@pytest.mark.quirk("world_bank", 16, "Values that differ by less than 1e-9 of their size are no revision.")
@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (17.5385033159, 17.538503315900001, 0), (2.76724837946435e-05, 2.7672483794643502e-05, 0),
        (27157914000000, 27157914000001, 0), (16.2, 16.2000001, 1), (0, 1e-12, 1), (None, 16.2, 1), (16.2, None, 1),
    ],
)  # fmt: skip
def test_world_bank_16_number_forms(tmp_path: Path, old: float | None, new: float | None, changed: int) -> None:
    files = []
    for name, value in (("old", old), ("new", new)):
        (tmp_path / name).mkdir()
        read_as(WDI, pages(row(value=value, footnote="CLS.")), tmp_path / name)
        files.append(tmp_path / name / "data.parquet")
    counts = lake.revise(WDI, *files, tmp_path / "revision.parquet", "a", "b")
    assert (counts["added"], counts["removed"], counts["changed"]) == (0, 0, changed)


@pytest.mark.quirk("world_bank", 16, "Digits of any number and form make the same figure.")
def test_world_bank_16_digits(tmp_path: Path) -> None:
    cells = '"Bangladesh","BGD","n","SL.TLF.0714.ZS","2.76724837946435E-05","5.002084",\r\n'
    values = {r["time_period"]: r["obs_value"] for r in wide(tmp_path, API_BGD__csv=HEADER + cells)}
    assert values == {"2003": 2.76724837946435e-05, "2006": 5.002084}


FOOTNOTES = (
    '"CountryCode","SeriesCode","Year","DESCRIPTION",\r\n"bgd","SL.TLF.0714.ZS","YR2003","Child Labour Survey (CLS).",'
    '\r\n"BGD","SL.TLF.0714.ZS","yr2006    ","MICS.",\r\n"GHA","SL.TLF.0714.ZS","YR2003","LSMS.",\r\n'
)


@pytest.mark.quirk("world_bank", 17, "A footnote finds its value whatever its case and blanks, and stays without one.")
def test_world_bank_17_footnotes(tmp_path: Path) -> None:
    ghana = '"Ghana","GHA","Children in employment","SL.TLF.0714.ZS","","48.9",\r\n'
    rows = wide(tmp_path, ESGData__csv=HEADER + BGD + ghana, ESGFootNote__csv=FOOTNOTES)
    assert {(r["ref_area"], r["time_period"]): (r["obs_value"], r["footnote"]) for r in rows} == {
        ("BGD", "2003"): (17.5385033159, "Child Labour Survey (CLS)."), ("BGD", "2006"): (16.2, "MICS."),
        ("GHA", "2003"): (None, "LSMS."), ("GHA", "2006"): (48.9, None),
    }  # fmt: skip
    assert len(rows) == 4


@pytest.mark.quirk(
    "world_bank", 18, "Values of different surveys are never compared, and the survey is named beside a value."
)
def test_world_bank_18_surveys_differ(parse) -> None:
    surveys = (("2003", 6, "Child Labour Survey (CLS)."), ("2006", 48.9, "MICS."), ("2012", 28.76078, ""))
    rows = parse(
        "world_bank_wdi",
        pages(*(row(countryiso3code="GHA", date=y, value=v, footnote=note) for y, v, note in surveys)),
    )
    progress = Warehouse({"world_bank_wdi": rows}).rows("mart_progress")
    assert [(r["is_comparable"], r["obs_change"], r["observations"]) for r in progress] == [(False, None, 1)] * 3
    assert {r["first_year"]: r["source"] for r in progress} == {
        2003: "Child Labour Survey (CLS)", 2006: "MICS", 2012: None,
    }  # fmt: skip


@pytest.mark.quirk("world_bank", 19, "A series is asked for by id and source, and its id keeps its case.")
def test_world_bank_19_id_and_source_with_case(server, tmp_path: Path) -> None:
    name = "per_allsp.cov_pop_tot"
    series = WDI.series[0].model_copy(update={"id": name})
    dataset: Dataset = WDI.model_copy(update={"series": (series,)})
    body = page(row(indicator={"id": name, "value": "Coverage"}))
    says(server, body)
    deliver(dataset, server.url, tmp_path)
    assert f"/indicator/{name}?" in server.paths[1]
    assert "source=2&" in server.paths[1]
    rows = read_as(dataset, {f"{name}-0001.json": body.encode()}, tmp_path)
    (staged,) = Warehouse({"world_bank_wdi": rows}).rows("stg_world_bank__wdi")
    assert (rows[0]["indicator"], staged["indicator_id"]) == (name, name)


@pytest.mark.quirk(
    "world_bank", 20, "Blanks in names are kept in the lake, and trimmed and folded before they are compared."
)
def test_world_bank_20_blanks_in_names(parse, tmp_path: Path) -> None:
    listed = json.dumps([{"total": 1}, [economy("NAM", "NA", "Namibia", "SSF", "Sub-Saharan Africa ")]])
    countries = parse("world_bank_country", {"country-0001.json": listed.encode()})
    notes = (("2006", "Multiple  Indicator\u00a0Cluster Survey. "), ("2011", "Multiple Indicator Cluster Survey"))
    (tmp_path / "wdi").mkdir()
    rows = read_as(WDI, pages(*(row(date=year, footnote=note) for year, note in notes)), tmp_path / "wdi")
    warehouse = Warehouse({"world_bank_country": countries, "world_bank_wdi": rows})
    assert countries[0]["region_label"] == "Sub-Saharan Africa "
    assert warehouse.rows("stg_world_bank__country")[0]["region_label"] == "Sub-Saharan Africa"
    assert rows[0]["footnote"] == notes[0][1]
    assert [r["observations"] for r in warehouse.rows("mart_progress")] == [2]


@pytest.mark.quirk("world_bank", 21, "A code that the list of areas lacks loses no row.")
def test_world_bank_21_metadata_shorter_than_data(parse) -> None:
    rows = parse("world_bank_wdi", pages(row(), row(countryiso3code="INX"), row(countryiso3code="ZZZ")))
    kept = Warehouse({"world_bank_wdi": rows}).rows("int_observations")
    assert {r["ref_area"] for r in kept} == {"BGD", "INX", "ZZZ"}


@pytest.mark.quirk("world_bank", 22, "The one data member is found by its name, whatever its place and suffix.")
@pytest.mark.parametrize("name", ["API_BGD_DS2_en_csv_v2__csv", "API_BGD_DS2_en_csv_v2_1217649__csv"])
def test_world_bank_22_member_order(tmp_path: Path, name: str) -> None:
    meta = "Metadata_Indicator_API_BGD_DS2_en_csv_v2_1217649__csv"
    rows = wide(tmp_path, **{meta: '"INDICATOR_CODE",\r\n', name: HEADER + BGD})
    assert [(r["time_period"], r["obs_value"]) for r in rows] == [("2003", 17.5385033159), ("2006", 16.2)]


@pytest.mark.quirk("world_bank", 22, "A zip with two data members is refused.")
def test_world_bank_22_two_data_members(tmp_path: Path) -> None:
    with pytest.raises(PayloadInvalid, match="2 data members"):
        wide(tmp_path, API_a__csv=HEADER + BGD, API_b__csv=HEADER + BGD)


@pytest.mark.quirk(
    "world_bank", 23, "The row of names is found by its text, with or without a preamble; its date is read."
)
@pytest.mark.parametrize(
    "preamble",
    [
        "",
        '\ufeff"Data Source","World Development Indicators",\r\n\r\n"Last Updated Date","2020-07-01",\r\n\r\n',
    ],
)
def test_world_bank_23_preamble_or_not(tmp_path: Path, preamble: str) -> None:
    stamp = Column(name="last_updated", source="lastupdated", stamp=True, meaning="date in the preamble")
    dataset = ZIPPED.model_copy(update={"columns": (*ZIPPED.columns, stamp)})
    rows = read_as(dataset, {"data.zip": zipped(API_BGD__csv=(preamble + HEADER + BGD).encode())}, tmp_path)
    assert [(r["ref_area"], r["obs_value"]) for r in rows] == [("BGD", 17.5385033159), ("BGD", 16.2)]
    assert {r["last_updated"] for r in rows} == {"2020-07-01" if preamble else None}


@pytest.mark.quirk(
    "world_bank", 24, "The nameless last column is dropped if it is empty; anything in it fails the load."
)
def test_world_bank_24_trailing_column(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    assert len(wide(tmp_path / "good", API_BGD__csv=HEADER + BGD)) == 2
    with pytest.raises(SchemaDrift, match="text in the nameless last column"):
        wide(tmp_path, API_BGD__csv=HEADER + BGD.replace('"16.2",', '"16.2","17.1"'))


@pytest.mark.quirk("world_bank", 25, "A line break inside a cell is part of the cell.")
def test_world_bank_25_line_break_in_a_cell(tmp_path: Path) -> None:
    broken = BGD.replace("Children in employment", "Children in\nemployment")
    assert len(wide(tmp_path, API_BGD__csv=HEADER + broken + BGD.replace("BGD", "GHA"))) == 4


@pytest.mark.quirk("world_bank", 25, "A line break inside a text of a page is part of the text.")
def test_world_bank_25_line_break_in_a_page(parse) -> None:
    rows = parse("world_bank_wdi", pages(row(footnote="Labour\r\nForce\nSurvey"), row(date="2006")))
    assert [r["footnote"] for r in rows] == ["Labour\r\nForce\nSurvey", None]


@pytest.mark.quirk(
    "world_bank", 26, "Bounds are a series' own: gross enrolment passes 100, children in employment never."
)
def test_world_bank_26_bounds_by_series(parse) -> None:
    enrolment = {"id": "SE.PRM.ENRR", "value": "School enrollment, primary (% gross)"}
    (high,) = parse("world_bank_wdi", pages(row(indicator=enrolment, countryiso3code="FSM", date="1973", value=221.85)))
    assert findings(WDI, [high]) == {}
    for value in (100.1, -0.1):
        assert findings(WDI, [high | {"indicator": "SL.TLF.0714.ZS", "obs_value": value}]) == {"value_range": 1}


@pytest.mark.quirk("world_bank", 27, "The year for comparing countries has at least half of the usual coverage.")
@pytest.mark.parametrize(("newest", "latest"), [(4, 2022), (5, 2023)])
def test_world_bank_27_newest_year_is_thin(parse, newest: int, latest: int) -> None:
    """Ten countries in each of five years; then four are too few and five are not. The world is no country."""
    codes = ("BGD", "GHA", "CIV", "NAM", "IND", "KEN", "PER", "FJI", "BEN", "VNM")
    cells = [(code, str(year)) for year in range(2018, 2023) for code in codes]
    cells += [(code, "2023") for code in codes[:newest]] + [("WLD", "2023"), ("SSF", "2023"), ("WLD", "2024")]
    rows = parse("world_bank_wdi", pages(*(row(countryiso3code=code, date=year) for code, year in cells)))
    indicators = Warehouse({"world_bank_wdi": rows}).rows("dim_indicator")
    years = {r["indicator_id"]: r["latest_covered_year"] for r in indicators}
    assert (years["SL.TLF.0714.ZS"], years["SI.POV.GINI"]) == (latest, None)


@pytest.mark.quirk("world_bank", 28, "A date is text; one that is not four digits is no year.")
@pytest.mark.parametrize("date", ["2026Q1", "2026M02", "YR201712"])
def test_world_bank_28_dates_are_text(parse, date: str) -> None:
    rows = parse("world_bank_wdi", pages(row(date="2023"), row(date=date)))
    assert [r["time_period"] for r in rows] == ["2023", date]
    assert [r["year"] for r in Warehouse({"world_bank_wdi": rows}).rows("stg_world_bank__wdi")] == [2023, None]
    assert findings(WDI, rows) == {}


MOVED = [({"total": 3}, "moved between two pages"), ({"lastupdated": "2026-07-14"}, "moved"), ({}, "2 rows of 3")]


def says_pages(server, moved: dict[str, Any]) -> None:
    total = 2 if moved else 3
    server.says(page(row(), pages=2, total=total), on="page=1&")
    server.says(page(row(date="2006"), **({"page": 2, "pages": 2, "total": total} | moved)), on="page=2&")


@pytest.mark.quirk("world_bank", 29, "Pages that do not belong together, or do not add up, are asked for once more.")
@pytest.mark.parametrize(("moved", "_says_so"), MOVED)
def test_world_bank_29_paging_moves_once(server, tmp_path: Path, moved: dict[str, Any], _says_so: str) -> None:
    says(server)
    says_pages(server, moved)
    says_pages(server, {"page": 2})
    files = sorted(deliver(ONE, server.url, tmp_path).iterdir())
    assert [file.name for file in files] == ["SL.TLF.0714.ZS-0001.json", "SL.TLF.0714.ZS-0002.json"]
    assert [json.loads(file.read_text())[0]["total"] for file in files] == [2, 2]
    assert len(server.paths) == 5


@pytest.mark.quirk("world_bank", 29, "Pages that go on moving are refused.")
@pytest.mark.parametrize(("moved", "says_so"), MOVED)
def test_world_bank_29_paging_moves(server, tmp_path: Path, moved: dict[str, Any], says_so: str) -> None:
    says(server)
    says_pages(server, moved)
    with pytest.raises(PayloadInvalid, match=says_so):
        deliver(ONE, server.url, tmp_path)
    assert len(server.paths) == 5


@pytest.mark.quirk("world_bank", 30, "No part of the path is empty, and an indicator that nobody asked for is refused.")
def test_world_bank_30_empty_path_part(parse, server, tmp_path: Path) -> None:
    says(server, page(row()))
    deliver(ONE, server.url, tmp_path)
    assert server.paths[1].split("?")[0] == "/api.worldbank.org/v2/country/all/indicator/SL.TLF.0714.ZS"
    other = {"id": "SP.DYN.TFRT.IN", "value": "Fertility rate"}
    with pytest.raises(PayloadInvalid, match=r"nobody asked for: \['SP.DYN.TFRT.IN'\]"):
        parse("world_bank_wdi", pages(row(), row(indicator=other)))


@pytest.mark.quirk(
    "world_bank", 31, "A source that the Bank has not updated within its own rhythm makes a warning every night."
)
@pytest.mark.parametrize(("stamp", "moves"), [("2021-08-18", False), ("2013-02-22", False), ("today", True)])
def test_world_bank_31_frozen_source(server, home: Home, stamp: str, moves: bool) -> None:
    day = str(datetime.now(UTC).date()) if stamp == "today" else stamp
    sources = [{"total": "1"}, [{"id": "2", "lastupdated": day}]]
    server.says(json.dumps(sources), on="/v2/sources")
    server.says(page(row()), on="/indicator/")
    for status in ("accepted", "unchanged"):  # also of a night on which nothing is loaded
        outcome = refresh_unchecked(home, ONE, server.url)
        assert outcome.status == status
        key = dg.AssetKey([ONE.partner, ONE.id])
        events = list(lake_assets._events(home, ONE, key, {lake_assets.ON_TIME: ""}, outcome))
        (check,) = [e for e in events if isinstance(e, dg.AssetCheckResult) and e.check_name == lake_assets.ON_TIME]
        assert (check.passed, check.severity) == (moves, dg.AssetCheckSeverity.WARN)
        assert moves or f"late: last changed {stamp}" in check.description
    unmoved = lake_assets.unmoved_events(home, outcome)  # `a87 refresh` settles such a night without a run
    told = [(e.check_name, e.passed) for e in unmoved if isinstance(e, dg.AssetCheckEvaluation)]
    assert told == [(lake_assets.ON_TIME, moves)]


@pytest.mark.quirk("world_bank", 32, "Areas are joined by code; names of other spellings meet in the same area.")
def test_world_bank_32_names_differ() -> None:
    areas = Warehouse({}).rows("int_areas")
    for bank, fao, names in (
        ("CIV", "107", {"Cote d'Ivoire", "Côte d'Ivoire"}),
        ("TUR", "223", {"Turkiye", "Türkiye"}),
    ):
        wanted = {("world_bank", bank), ("fao", fao)}
        found = [area for area in areas if (area["scheme"], area["code"]) in wanted]
        assert {area["iso3"] for area in found} == {bank}
        assert {area["label"] for area in found} == names


PROJECT = {  # fields as printed
    "id": "P000001", "totalamt": "100,000,000", "curr_total_commitment": "100", "theme1": "!$!0",
    "boardapprovaldate": "2024-11-07T00:00:00Z", "closingdate": "10/30/2030 12:00:00 AM", "countrycode": ["3A"],
}  # fmt: skip


@pytest.mark.quirk("world_bank", 33, "Projects are taken by no dataset: their door is shut, their layout is no page.")
def test_world_bank_33_projects_are_refused(server, tmp_path: Path) -> None:
    assert not [base for base in partners()["world_bank"].bases.values() if "search.worldbank" in base]
    client = client_for("world_bank", server.url)
    with pytest.raises(RequestRefused, match="a host that is not configured"):
        client.get_json("https://search.worldbank.org/api/v2/projects", into=tmp_path / "x.json")
    body = json.dumps({"rows": 1, "os": 0, "page": 1, "total": "1", "projects": {"P000001": PROJECT}})
    says(server, body)
    with pytest.raises(PayloadInvalid, match="another shape"):
        deliver(ONE, server.url, tmp_path)


@pytest.mark.quirk("world_bank", 33, "A 400 is asked once more, then it is permanent and its words are told.")
def test_world_bank_33_http_400(server, tmp_path: Path) -> None:
    says(server)
    server.says('{"Debug":true,"error":"400 - Invalid"}', 400, on="/indicator/")
    with pytest.raises(RequestRefused, match="400 - Invalid"):
        deliver(ONE, server.url, tmp_path)
    assert len([path for path in server.paths if "/indicator/" in path]) == 2


@pytest.mark.quirk("world_bank", 34, "Data360 is not among the doors, and its layout never passes for rows of v2.")
def test_world_bank_34_data360_never_mixed(server, tmp_path: Path) -> None:
    assert not [base for base in partners()["world_bank"].bases.values() if "data360" in base]
    client = client_for("world_bank", server.url)
    with pytest.raises(RequestRefused, match="a host that is not configured"):
        client.get_json("https://data360api.worldbank.org/data360/data", into=tmp_path / "x.json")
    twin = {"OBS_VALUE": "38.7168", "TIME_PERIOD": "1970", "REF_AREA": "ARB", "SEX": "F", "AGE": "_T"}
    says(server, json.dumps({"count": 7204, "value": [twin]}))
    with pytest.raises(PayloadInvalid, match="another shape"):
        deliver(ONE, server.url, tmp_path)


@pytest.mark.quirk("world_bank", 35, "An error body is never zero rows and never kept as data; a null is no crash.")
def test_world_bank_35_traps_of_other_clients(server, home: Home, tmp_path: Path) -> None:
    assert "message 120" in keeps_the_old(server, home, ERROR_120)
    assert read_as(ONE, {"SL.TLF.0714.ZS-0001.json": NO_DATA.encode()}, tmp_path) == []
