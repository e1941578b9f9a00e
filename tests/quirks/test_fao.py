"""The numbered quirks of FAOSTAT, each with its literal row or answer."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import against_previous, one_load
from expectations import fao as fao_checks
from expectations.model import Check
from ingest import lake, repeats
from ingest.errors import DatasetRetired, PayloadInvalid, SchemaDrift
from ingest.formats import TextTable
from ingest.http import Endpoints, HttpClient
from ingest.partners import fao
from ingest.refresh import Outcome, refresh
from ingest.registry import Bound, Dataset, datasets, partners
from ingest.storage import Home
from tests.quirks.conftest import Rows, read_as, zipped
from tests.quirks.warehouse import Warehouse, fill, prepare

Load = Callable[..., Rows]

DBT = Path(__file__).parents[2] / "dbt_project"
QCL = datasets()["fao_qcl"]
# QCL as FAO's other releases print it, without a column that older ones do not have
OLDER = QCL.model_copy(
    update={
        "columns": tuple(
            column.model_copy(update={"optional_on_wire": column.name == "ref_area_m49" or column.optional_on_wire})
            for column in QCL.columns
        )
    }
)
HEADER = (
    "Area Code,Area Code (M49),Area,Item Code,Item Code (CPC),Item,Element Code,Element,Year Code,Year,Unit,Value,"
    "Flag,Note"
)
PP, TM, OEA = (datasets()[f"fao_{name}"] for name in ("pp", "tm", "oea"))
PRICES = HEADER.replace("Unit,", "Months Code,Months,Unit,").removesuffix(",Note")
MATRIX = (
    "Reporter Country Code,Reporter Country Code (M49),Reporter Countries,Partner Country Code,"
    "Partner Country Code (M49),Partner Countries,Item Code,Item Code (CPC),Item,Element Code,Element,"
    "Year Code,Year,Unit,Value,Flag"
)
EMPLOYMENT = (
    "Area Code,Area Code (M49),Area,Source Code,Source,Indicator Code,Indicator,Sex Code,Sex,Element Code,Element,"
    "Year Code,Year,Unit,Value,Flag,Note"
)
OF_2019 = "Area Code,Area,Item Code,Item,Element Code,Element,Year Code,Year,Unit,Value,Flag"
COAHD = "Area Code,Area Code (M49),Area,Item Code,Item,Element Code,Element,Year Code,Year,Unit,Value,Flag"
MAIN = "P_E_All_Data_(Normalized)__csv"
CIV_2019 = (
    '"107","C\xf4te d\'Ivoire","5058","Enteric Fermentation","7225","Emissions (CH4)","1961","1961","gigagrams",'
    '"14.617400","A",'
)
URL = "https://bulks-faostat.fao.org/production/Production_Crops_Livestock_E_All_Data_(Normalized).zip"
ENTRY = {
    "DatasetCode": "QCL", "Topic": None, "DateUpdate": "2025-12-31T00:00:00", "FileSize": "30073KB",
    "FileRows": 4209110, "FileLocation": URL,
}  # fmt: skip


# --- deliveries, checks and models, without dbt, Great Expectations or a network --------------------------------------


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Data lines under a header, as one FAO zip, through the real parser and loader."""

    def load(header: str, *lines: str, encoding: str = "utf-8", dataset: Dataset = OLDER, **others: bytes) -> Rows:
        body = "\r\n".join((header, *lines, "")).encode(encoding)
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return read_as(dataset, {"data.zip": zipped(**{MAIN: body, **others})}, folder)

    return load


def figure(area: str, item: str, element: str, year: str, unit: str, value: str, flag: str = "A") -> str:
    """A line of QCL; `area` and `item` are the three cells code, other code and label."""
    return f"{area},{item},{element},Some element,{year},{year},{unit},{value},{flag},"


CIV, WORLD = "107,'384,Côte d'Ivoire", "5000,'001,World"
LINT, SEED_COTTON, COCOA = (
    '767,\'01921.02,"Cotton lint, ginned"',
    '328,\'01921.01,"Seed cotton, unginned"',
    "661,'01640,Cocoa beans",
)


def found_by(check: Check, rows: Rows, previous: Rows | None = None, dataset: Dataset = QCL) -> list[Any]:
    """The rows that a check complains about."""
    assert check.failing
    with duckdb.connect() as con:
        fill(con, "candidate", dataset.lake_columns, rows)
        fill(con, "previous", dataset.lake_columns, previous or [])
        prepare(con, [check])
        return con.execute(check.failing.replace("{batch}", "candidate")).fetchall()


def model(name: str, rows: Rows, dataset: str = "fao_qcl", updated: str = "2025-12-31T00:00:00") -> Rows:
    """A real dbt model over rows of the lake, of a vintage fetched in 2026, and the real seeds."""
    vintage = {"snapshot_id": "snapshot", "retrieved_at": "2026-02-17T10:00:00Z", "partner_updated": updated}
    rows = [row | {"snapshot_id": "snapshot"} for row in rows]
    return Warehouse({dataset: rows, "vintage": [vintage]}).rows(name)


def kinds() -> dict[str, str]:
    """FAO area code -> kind."""
    with (DBT / "seeds" / "area_code.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row["kind"] for row in csv.DictReader(stream) if row["scheme"] == "fao"}


def catalogue(*entries: dict[str, Any]) -> str:
    return json.dumps({"Datasets": {"Dataset": list(entries)}})


def ask(url: str, folder: Path) -> dict[str, Any]:
    """The signal, by way of the real client."""
    client = HttpClient(partners()["fao"], Endpoints.sandbox(url), classify=fao.classify)
    return fao.signal(client, QCL, folder)


def refresh_unchecked(home: Home, url: str) -> Outcome:
    return refresh(home, QCL, edition="live", endpoints=Endpoints.sandbox(url), check=lambda _d, _c: [])


# --- the quirks -------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("fao", 1, "A row in cp1252 is read with its letters, and none of its neighbours is lost.")
def test_fao_01_rows_in_cp1252(load: Load) -> None:
    ascii_row = CIV_2019.replace("C\xf4te d'Ivoire", "Ghana").replace('"107"', '"81"')
    rows = load(OF_2019, ascii_row, CIV_2019, encoding="cp1252")
    assert [(row["ref_area"], row["ref_area_label"], row["obs_value"]) for row in rows] == [
        ("81", "Ghana", 14.6174), ("107", "Côte d'Ivoire", 14.6174),
    ]  # fmt: skip


@pytest.mark.quirk("fao", 1, "The encoding that was found is told with the load.")
@pytest.mark.parametrize(("encoding", "told"), [("cp1252", True), ("utf-8", False)])
def test_fao_01_encoding_is_told(home: Home, server, encoding: str, told: bool) -> None:
    body = f"{HEADER}\r\n{figure(CIV, COCOA, '5510', '2020', 't', '1')}\r\n".encode(encoding)
    server.says(catalogue(ENTRY), on="datasets_E.json")
    server.says(zipped(**{MAIN: body}), on=".zip")
    assert ("read as cp1252" in refresh_unchecked(home, server.url).message) == told


@pytest.mark.quirk("fao", 2, "Bytes 0x80 to 0x9f are cp1252: 0x96 is an en dash and no control character.")
def test_fao_02_cp1252_is_not_latin_1(tmp_path: Path) -> None:
    body = b'Area Code,Area,Months Code,Months,Unit\r\n"2","Afghanistan","7016","Dec\x96Jan\x96Feb","\xb0C"\r\n'
    (tmp_path / "data.zip").write_bytes(zipped(**{MAIN: body}))
    (table,) = fao.read(QCL, tmp_path, tmp_path)
    assert '"Dec–Jan–Feb","°C"' in table.path.read_text(encoding="utf-8")


@pytest.mark.quirk("fao", 3, "The encoding is found for each member: a sibling in another one changes nothing.")
@pytest.mark.parametrize(("own", "other"), [("cp1252", "utf-8"), ("utf-8", "cp1252"), ("cp1252", "ascii")])
def test_fao_03_encoding_by_member(load: Load, own: str, other: str) -> None:
    label = "Algeria" if other == "ascii" else "Türkiye"
    siblings = {"P_E_AreaCodes__csv": f"Area Code,M49 Code,Area\r\n223,'792,{label}\r\n".encode(other)}
    (row,) = load(OF_2019, CIV_2019, encoding=own, **siblings)
    assert row["ref_area_label"] == "Côte d'Ivoire"


@pytest.mark.quirk("fao", 4, "One leading apostrophe is removed from M49 and CPC codes; zeros and text stay.")
def test_fao_04_apostrophe_codes(load: Load) -> None:
    (row,) = load(HEADER, '"4","\'012","Algeria","27","\'01371","Rice",5510,P,2020,2020,t,1,A,')
    assert (row["ref_area_m49"], row["item_cpc"], row["ref_area"]) == ("012", "01371", "4")


@pytest.mark.quirk("fao", 4, "M49 codes of lists that drop their zeros have three digits again.")
@pytest.mark.parametrize(("printed", "code"), [("12", "012"), ("4", "004"), ("'384", "384"), ("", None)])
def test_fao_04_m49_has_three_digits(load: Load, printed: str, code: str | None) -> None:
    rows = load(HEADER, figure(f"4,{printed},Algeria", COCOA, "5510", "2020", "t", "1"))
    assert [row["ref_area_m49"] for row in model("stg_fao__qcl", rows)] == [code]


@pytest.mark.quirk("fao", 5, "Bare empty cells are NULL, also in the last column before CRLF.")
def test_fao_05_bare_empties(load: Load) -> None:
    line = '"4","\'012","Algeria","7007",,"Cost of starchy staples","6226","Value","2020","2020","PPP dollar",,,'
    (row,) = load(HEADER, line)
    assert [row[c] for c in ("item_cpc", "obs_value", "obs_value_text", "obs_flag", "note")] == [None] * 5


@pytest.mark.quirk(
    "fao", 6, "A wide file has a row for each value and for each flag without a value, equal to the long file."
)
def test_fao_06_wide_layout(shared: Path, tmp_path: Path) -> None:
    folder, stem = shared / "wire" / "fao" / "bulk_2024_CoAHD", "Cost_Affordability_Healthy_Diet_(CoAHD)_E"
    read = {}
    for name in (f"{stem}_Africa", f"{stem}_All_Data_(Normalized)"):
        (tmp_path / name).mkdir()
        body = (folder / f"{name}.csv").read_bytes()
        read[name] = read_as(OLDER, {"data.zip": zipped(**{f"{name}__csv": body})}, tmp_path / name)
    wide, long = read.values()
    assert len(wide) == 1440
    assert [row["obs_flag"] for row in wide if row["obs_value"] is None and row["obs_value_text"] is None].count(
        "O"
    ) == 12
    assert [row["obs_flag"] for row in wide if row["obs_value"] is None and row["obs_value_text"] is None].count(
        "Q"
    ) == 21

    def as_set(rows: Rows) -> set[tuple[Any, ...]]:
        return {tuple(value for name, value in row.items() if name != "note") for row in rows}

    areas = {row["ref_area"] for row in wide}
    until_2021 = [row for row in wide if row["time_period"] <= "2021"]
    assert len(until_2021) == 1296
    assert as_set(until_2021) == as_set([row for row in long if row["ref_area"] in areas])


@pytest.mark.quirk("fao", 6, "A wide file may have notes; one without years or with a torn row is refused.")
def test_fao_06_variants_of_the_wide_layout(tmp_path: Path) -> None:
    lead = "Area Code,Area Code (M49),Area,Item Code,Item,Element Code,Element,Unit"
    years, series = "Y2022,Y2022F,Y2022N,Y2023,Y2023F,Y2023N", "4,'012,Algeria,7007,Cost of staples,6226,Value,PPP"

    def read(name: str, header: str, *lines: str) -> Rows:
        (tmp_path / name).mkdir()
        body = "\r\n".join((header, *lines, "")).encode()
        return read_as(OLDER, {"data.zip": zipped(P_E_All_Data__csv=body)}, tmp_path / name)

    rows = read("notes", f"{lead},{years}", f"{series},,O,,1,A,new")
    assert [(row["time_period"], row["obs_value"], row["obs_flag"], row["note"]) for row in rows] == [
        ("2022", None, "O", None), ("2023", 1.0, "A", "new"),
    ]  # fmt: skip
    with pytest.raises(SchemaDrift, match="no year column"):
        read("no_years", lead, series)
    with pytest.raises(PayloadInvalid, match="line 3: 13 cells under 14 names"):
        read("torn", f"{lead},{years}", f"{series},,O,,1,A,new", f"{series},,O,,1,A")


@pytest.mark.quirk("fao", 7, "Of a download with both layouts the normalized one is loaded alone, its last year named.")
def test_fao_07_one_layout_per_load(load: Load) -> None:
    wide = (
        b"Area Code,Area Code (M49),Area,Item Code,Item,Element Code,Element,Unit,Y2021,Y2021F,Y2022,Y2022F\r\n"
        b'"4","\'012","Algeria","7007","Cost of starchy staples","6226","Value","PPP","0.5","E","0.54","E"\r\n'
    )
    line = '"4","\'012","Algeria","7007","Cost of starchy staples","6226","Value","2021","2021","PPP","0.5","E"'
    rows = load(COAHD, line, P_E_All_Data__csv=wide)
    assert [(row["time_period"], row["obs_value"]) for row in rows] == [("2021", 0.5)]
    with duckdb.connect() as con:
        fill(con, "candidate", QCL.lake_columns, rows)
        observe = one_load.not_from_the_future(QCL, "time_period").observe
        assert observe
        assert con.execute(observe.replace("{batch}", "candidate")).fetchall() == [("2021",)]


@pytest.mark.quirk("fao", 8, "A censored value keeps its text and its sign; the number is NULL and never 0.1.")
@pytest.mark.parametrize("text", ["<0.1", "<0.5", "<2.5"])
def test_fao_08_text_in_value(load: Load, text: str) -> None:
    line = (
        '"14","Barbados","210011","Number of people undernourished (million) (3-year average)","6132","Value",'
        f'"19992001","1999-2001","millions","{text}","F"'
    )
    rows = load(OF_2019, line)
    assert [(r["obs_value"], r["obs_value_text"], r["obs_qualifier"]) for r in rows] == [(None, text, "<")]
    assert found_by(one_load.value_parses(QCL), rows) == []


@pytest.mark.quirk("fao", 9, "A row with a flag and no value is kept, as NULL with its flag.")
@pytest.mark.parametrize("flag", ["O", "Q", "NV", "NR"])
def test_fao_09_empty_value_with_flag(load: Load, flag: str) -> None:
    line = f'"8","\'028","Antigua and Barbuda","7005","Cost","6225","Value","2017","2017","%",,"{flag}"'
    (row,) = load(COAHD, line)
    assert (row["obs_value"], row["obs_value_text"], row["obs_flag"]) == (None, None, flag)


@pytest.mark.quirk("fao", 10, "Flag M means missing also beside a printed 0; a 0 under another flag is a figure.")
def test_fao_10_missing_shown_as_zero(load: Load) -> None:
    lines = [
        figure(CIV, SEED_COTTON, "5510", year, "t", value, flag)
        for year, value, flag in (("2020", '""', "M"), ("2021", '"0"', "M"), ("2022", '"0"', "A"))
    ]
    staged = model("stg_fao__qcl", load(HEADER, *lines))
    assert [(r["year"], r["obs_value"], r["obs_flag"]) for r in staged] == [
        (2020, None, "M"), (2021, None, "M"), (2022, 0.0, "A"),
    ]  # fmt: skip


@pytest.mark.quirk("fao", 11, "A negative figure is loaded as it is; only a range declared for a dataset judges it.")
def test_fao_11_negative_values(load: Load) -> None:
    line = '"9","Argentina","21035","Stability","6125","Value","20102012","2010-2012","%","-229.4","F"'
    rows = load(OF_2019, line)
    assert [(row["obs_value"], row["obs_value_text"]) for row in rows] == [(-229.4, None)]
    free = QCL.model_copy(update={"obs_range": None, "bounds": ()})
    assert "value_range" not in {check.name for check in one_load.checks(free)}


@pytest.mark.quirk("fao", 11, "Bounds are declared by element and item; what breaks one holds the load back.")
def test_fao_11_bounds_by_element_and_item(load: Load) -> None:
    bounds = (
        Bound(where={"element": "6125", "item": "21035"}, range=(-1000, 1000)),
        Bound(where={"element": "6125"}, range=(0, 100)),
    )
    dataset = QCL.model_copy(update={"obs_range": None, "bounds": bounds})
    series = (("6125", "21035", "-229.4"), ("6125", "21034", "-1"), ("6121", "21034", "-1"))
    rows = load(HEADER, *(figure(CIV, f"{item},,Stability", e, "2012", "%", value) for e, item, value in series))
    check = one_load.value_range(dataset)
    assert [row[1:3] for row in found_by(check, rows)] == [("21034", "6125")]
    assert check.severity == "ERROR"
    assert {bound.where["element"] for bound in QCL.bounds} == {"5312", "5412"}


@pytest.mark.quirk("fao", 12, "A range of years stays text, has a first and a last year, and is dated by the last.")
def test_fao_12_year_is_not_always_a_year(load: Load) -> None:
    line = '"9","Argentina","21035","Stability","6125","Value","20002002","2000-2002","%","1.5","F"'
    rows = load(OF_2019, line)
    (staged,) = model("stg_fao__qcl", rows)
    assert (staged["time_period_code"], staged["time_period"], staged["year"]) == ("20002002", "2000-2002", None)
    assert (staged["start_year"], staged["end_year"]) == (2000, 2002)
    assert found_by(one_load.not_from_the_future(QCL, "time_period"), rows) == []


@pytest.mark.quirk("fao", 13, "Years to come are projections, which tell nothing of how fresh an area's figures are.")
def test_fao_13_future_years(load: Load) -> None:
    years = ("2019", "2030", "2050")
    old = load(HEADER, *(figure(WORLD, COCOA, "5510", year, "t", "1") for year in years))
    assert [(row["year"], row["is_projection"]) for row in model("stg_fao__qcl", old)] == [
        (2019, False), (2030, True), (2050, True),
    ]  # fmt: skip
    accepts = QCL.model_copy(update={"tolerances": QCL.tolerances.model_copy(update={"latest_year": 2050})})
    assert found_by(one_load.not_from_the_future(accepts, "time_period"), old) == []
    assert len(found_by(one_load.not_from_the_future(QCL, "time_period"), old)) == 1  # 2050 was not declared
    back = load(HEADER, *(figure(WORLD, COCOA, "5510", year, "t", "1") for year in ("2018", "2030", "2050")))
    assert found_by(against_previous.last_year_kept(QCL, "ref_area", "time_period"), back, old) == [
        ("5000", "2019", "2018")
    ]


@pytest.mark.quirk("fao", 14, "The month is in the key of producer prices; the annual value is told from the months.")
def test_fao_14_months_of_producer_prices(load: Load) -> None:
    start = "95,'340,Honduras,515,'01341,Apples,5532,Producer Price (USD/tonne),2012,2012"
    rows = load(PRICES, f"{start},7021,Annual value,USD,9,A", f"{start},7001,January,USD,8,A", dataset=PP)
    assert found_by(one_load.key_unique(PP), rows, dataset=PP) == []
    staged = model("stg_fao__pp", rows, "fao_pp")
    assert [(row["freq"], row["month"], row["obs_value"]) for row in staged] == [("A", None, 9.0), ("M", 1, 8.0)]


@pytest.mark.quirk("fao", 15, "A flag means what it meant in its vintage, and no flag is a flag.")
@pytest.mark.parametrize(
    ("updated", "flag", "status"),
    [
        ("2020-12-22T00:00:00", "A", "E"),  # an aggregate, may include estimates
        ("2020-12-22T00:00:00", "", "A"),  # official
        ("2020-12-22T00:00:00", "*", "E"),  # unofficial
        ("2020-12-22T00:00:00", "Im", "I"),
        ("2025-12-31T00:00:00", "A", "A"),  # official
        ("2025-12-31T00:00:00", "", "A"),
        ("2025-12-31T00:00:00", "Im", None),  # unknown by now
    ],
)
def test_fao_15_flags_by_vintage(load: Load, updated: str, flag: str, status: str | None) -> None:
    rows = load(HEADER, figure(CIV, COCOA, "5510", "2020", "t", "1", flag))
    (row,) = model("stg_fao__qcl", rows, updated=updated)
    assert (row["obs_flag"], row["obs_status"]) == (flag or None, status)


@pytest.mark.quirk("fao", 14, "Months are never merged unseen: without the month in the key the check of keys fails.")
def test_fao_14_months(load: Load) -> None:
    header = HEADER.replace("Unit,", "Months Code,Months,Unit,")
    start = "95,'340,Honduras,515,'01341,Apples,5532,Producer Price,1991,1991"
    rows = load(header, f"{start},7021,Annual value,USD,9,A,", f"{start},7001,January,USD,8,A,")
    assert [row["obs_value"] for row in rows] == [9.0, 8.0]
    check = one_load.key_unique(QCL)
    assert (len(found_by(check, rows)), check.severity) == (2, "ERROR")


@pytest.mark.quirk("fao", 16, "An unknown flag is loaded, counted and warned of; it stops nothing.")
def test_fao_16_flag_lists_lie(load: Load) -> None:
    lines = [figure(CIV, COCOA, "5510", f"20{n}", "t", "5", flag) for n, flag in enumerate(("Fm", "R", "", "A"), 10)]
    rows = load(HEADER, *lines)
    assert [row["obs_flag"] for row in rows] == ["Fm", "R", None, "A"]
    check = one_load.known_codes(QCL)
    assert (len(found_by(check, rows)), check.severity) == (2, "WARN")


@pytest.mark.quirk("fao", 17, "Figures are joined on codes: one item under two labels is one row.")
def test_fao_17_list_labels_differ(load: Load) -> None:
    rows = load(
        HEADER,
        figure(CIV, LINT, "5510", "2020", "t", "10"),
        figure(CIV, "767,'01921.02,Cotton lint; ginned", "5312", "2020", "ha", "20"),
    )
    (row,) = model("int_production", rows)
    assert (row["item_code"], row["production_t"], row["area_harvested_ha"]) == ("767", 10.0, 20.0)


@pytest.mark.quirk("fao", 18, "No group of items (QC, 1714 Crops; primary) stands for a sector: items only.")
def test_fao_18_group_rows_in_code_lists() -> None:
    with (DBT / "seeds" / "sector_fao_item.csv").open(encoding="utf-8", newline="") as stream:
        codes = {row["item_code"] for row in csv.DictReader(stream)}
    assert {"328", "661", "656"} <= codes
    assert all(code.isdigit() and int(code) < 1700 for code in codes)  # groups have letters or 17xx to 2xxx


@pytest.mark.quirk("fao", 19, "Codes stay text, with leading zeros, letters and dots.")
@pytest.mark.parametrize("code", ["2351f", "21691.14", "01640", "210400TSUB", "24002-F-Y_GE15"])
def test_fao_19_codes_are_text(load: Load, code: str) -> None:
    (row,) = load(HEADER, figure(CIV, f"{code},'{code},Some item", "5510", "2020", "t", "1"))
    assert (row["item"], row["item_cpc"]) == (code, code)


@pytest.mark.quirk("fao", 20, "China counts once: 351 is an aggregate, 41 is CHN whatever M49 and label say.")
@pytest.mark.parametrize("m49", ["'156", "1248", "'159"])
def test_fao_20_china_twice(load: Load, m49: str) -> None:
    areas = (f"351,{m49},China", f"41,{m49},China", "96,'344,Hong Kong", "128,'446,Macao", "214,'158,Taiwan")
    rows = load(HEADER, *(figure(area, SEED_COTTON, "5510", "2020", "t", "29500000") for area in areas))
    produced = model("int_production", rows)
    assert {row["ref_area"]: row["iso3"] for row in produced} == {"41": "CHN", "96": "HKG", "128": "MAC", "214": "TWN"}
    assert kinds()["351"] == "aggregate"


@pytest.mark.quirk("fao", 21, "Sums of areas are no countries, nor is a code that nobody has classified.")
def test_fao_21_aggregates_among_countries(load: Load) -> None:
    codes = ("5000", "5707", "351", "265", "51000", "4999", "107")
    rows = load(HEADER, *(figure(f"{code},'001,X", COCOA, "5510", "2020", "t", "1") for code in codes))
    assert [row["ref_area"] for row in model("int_production", rows)] == ["107"]
    known = kinds()
    assert {known[code] for code in codes[:5]} == {"aggregate"}
    assert {kind for code, kind in known.items() if int(code) >= 5000} <= {"aggregate", "unmapped"}


@pytest.mark.quirk(
    "fao", 21, "A code that nobody has classified is called so; every code of the recorded files is known."
)
def test_fao_21_unclassified_areas(load: Load, shared: Path) -> None:
    lines = [
        f"107,'384,A,{partner},COCOA,5922,Export value,2022,2022,1000 USD,1," for partner in ("4999,,B", "5000,,B")
    ]
    rows = load(MATRIX, *(line.replace("COCOA", COCOA) for line in lines), dataset=TM)
    assert {row["partner"]: row["partner_kind"] for row in model("int_fao_trade", rows, "fao_tm")} == {
        "4999": "unclassified", "5000": "aggregate",
    }  # fmt: skip
    known, folder = kinds(), shared / "wire" / "fao" / "bulk_2019"
    assert {known["9010"], known["9011"]} == {"aggregate"}  # income groups
    for archive in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(archive) as zipped_file:
            (main,) = (name for name in zipped_file.namelist() if name.endswith("(Normalized).csv"))
            codes = {line.split(b'"', 2)[1].decode() for line in zipped_file.read(main).splitlines()[1:]}
        assert codes - known.keys() == set(), archive.name


@pytest.mark.quirk("fao", 22, "A dissolved area beside its successors in one year is warned of, by dataset.")
def test_fao_22_overlap_with_successors(load: Load) -> None:
    sudans = (("206", "2010"), ("206", "2011"), ("276", "2011"), ("277", "2012"))
    rows = load(HEADER, *(figure(f"{area},,X", COCOA, "5510", year, "t", "1") for area, year in sudans))
    check = fao_checks.no_overlap_with_successors(QCL, "ref_area")
    assert (found_by(check, rows), check.severity) == ([("206", "276", "2011")], "WARN")
    known = kinds()
    assert {known[code] for code in fao_checks.SUCCESSORS} == {"former"}
    assert {known[code] for codes in fao_checks.SUCCESSORS.values() for code in codes} <= {
        "country", "territory", "former",
    }  # fmt: skip


@pytest.mark.quirk("fao", 22, "A dissolved area has no fixed end: what FAO prints for it is kept under its own code.")
def test_fao_22_dissolved_areas(load: Load) -> None:
    areas = ("206,'736,Sudan (former)", "276,'729,Sudan", "277,'728,South Sudan")
    lines = [figure(area, COCOA, "5510", year, "t", "1") for area in areas for year in ("2000", "2011", "2030")]
    produced = model("int_production", load(HEADER, *lines))
    assert {(row["iso3"], row["year"]) for row in produced} == {
        (iso3, year) for iso3 in ("XSD", "SDN", "SSD") for year in (2000, 2011, 2030)
    }


@pytest.mark.quirk("fao", 23, "A new label is no revision, tonnes is t, and a new unit for an element stops the load.")
def test_fao_23_renames(load: Load) -> None:
    old = load(HEADER, figure("150,'528,Netherlands", COCOA, "5510", "2020", "tonnes", "7"))
    new = load(HEADER, figure("150,'528,Netherlands (Kingdom of the)", COCOA, "5510", "2020", "tonnes", "7"))
    compared = set(QCL.compared_columns) | set(QCL.key)
    assert [{c: row[c] for c in compared} for row in old] == [{c: row[c] for c in compared} for row in new]
    assert model("int_production", old)[0]["production_t"] == 7.0
    moved = load(HEADER, figure("150,'528,Netherlands", COCOA, "5510", "2020", "1000 t", "7"))
    check = against_previous.unit_stable(QCL, "element", "unit_measure")
    assert ("5510", "1000 t", "new") in found_by(check, moved, old)
    assert check.severity == "ERROR"
    assert found_by(check, new, old) == []


@pytest.mark.quirk(
    "fao", 24, "A world total that a release moves by more than a fifth is an alert: made tea, green leaf."
)
def test_fao_24_same_code_new_meaning(load: Load) -> None:
    def tea(value: str, label: str = "Tea", area: str = WORLD) -> str:
        return figure(area, f"667,'01620,{label}", "5510", "2020", "t", value)

    old = load(HEADER, tea("7024042"), tea("7000", area=CIV))
    check = fao_checks.world_totals_kept(QCL, "ref_area")
    assert check in list(fao_checks.checks(QCL))
    moved = load(HEADER, tea("29078981", "Tea leaves"), tea("29000", "Tea leaves", CIV))
    assert [row[-2:] for row in found_by(check, moved, old)] == [(7024042.0, 29078981.0)]
    assert check.severity == "WARN"
    assert found_by(check, load(HEADER, tea("8400000")), old) == []
    named = against_previous.indicator_names_kept(QCL, ["item"])
    assert found_by(named, moved, old) == [("item", "667", "Tea leaves", "Tea")]


@pytest.mark.quirk("fao", 25, "A release that revises figures is compared with the one before, value by value.")
def test_fao_25_revisions_are_large(tmp_path: Path) -> None:
    files = []
    for name, value in (("old", "81998824"), ("new", "72776048")):
        text = tmp_path / f"{name}.csv"
        text.write_text(f"{HEADER}\n{figure(WORLD, SEED_COTTON, '5510', '2020', 't', value)}\n", encoding="utf-8")
        files.append(tmp_path / f"{name}.parquet")
        lake.load(QCL, [TextTable(text, tuple(HEADER.split(",")))], files[-1])
    counts = lake.revise(QCL, *files, tmp_path / "revision.parquet", "2020", "2025")
    assert (counts["added"], counts["removed"], counts["changed"]) == (0, 0, 1)
    diff = duckdb.sql(f"select ref_area, old_value, new_value from '{tmp_path / 'revision.parquet'}'").fetchall()
    assert diff == [("5000", 81998824.0, 72776048.0)]


@pytest.mark.quirk("fao", 26, "Element and unit are in the key, and only tonnes become a production in tonnes.")
def test_fao_26_one_element_several_codes(load: Load) -> None:
    measures = (
        ("5510", "t", "1"),
        ("5510", "An", "2"),
        ("5510", "ha", "5"),
        ("5513", "1000 No", "3"),
        ("5322", "An", "4"),
    )
    rows = load(HEADER, *(figure(CIV, COCOA, element, "2020", unit, value) for element, unit, value in measures))
    assert found_by(one_load.key_unique(QCL), rows) == []
    assert [row["production_t"] for row in model("int_production", rows)] == [1.0]


@pytest.mark.quirk("fao", 27, "Exact repeats are dropped and counted.")
def test_fao_27_exact_repeats(home: Home, server, refreshed) -> None:
    coffee = '41,\'156,"China, mainland",656,,"Coffee, green",5312,Area Harvested,2011,2011,Ha,29550.000,,'
    others = [figure(CIV, COCOA, "5510", str(year), "t", "1") for year in range(1961, 2024)]
    server.says(catalogue(ENTRY), on="datasets_E.json")
    server.says(zipped(**{MAIN: "\r\n".join((HEADER, coffee, *others, coffee, coffee, "")).encode()}), on=".zip")
    outcome = refreshed(QCL.model_copy(update={"tolerances": QCL.tolerances.model_copy(update={"min_rows": 1})}))
    assert (outcome.status, outcome.rows) == ("accepted", 64), outcome.message
    assert outcome.message.endswith("; 2 exact repeats dropped")
    vintage = lake.current(home, "fao_qcl")
    assert vintage
    (counted,) = duckdb.sql(f"select count(*) from '{vintage.data}/*.parquet' where item = '656'").fetchall()
    assert counted == (1,)


@pytest.mark.quirk("fao", 27, "Rows of one key with different values all stay to see, and hold the load back.")
def test_fao_27_same_key_other_value(load: Load, tmp_path: Path) -> None:
    rows = load(HEADER, *(figure(CIV, COCOA, "5510", "2020", "t", value) for value in ("1", "2", "2")))
    data = next(tmp_path.rglob("data.parquet"))
    assert repeats.drop(QCL, data) == 1
    relation = duckdb.sql(f"from '{data}/*.parquet'")
    left = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    assert sorted(row["obs_value"] for row in left) == [1.0, 2.0]
    check = one_load.key_unique(QCL)
    assert (len(found_by(check, left)), check.severity) == (2, "ERROR")
    assert len(found_by(check, rows)) == 3


@pytest.mark.quirk(
    "fao", 28, "Parallel sources stand side by side in OEA, breaks are marked, and none of it is an ILO figure."
)
def test_fao_28_parallel_sources(load: Load) -> None:
    youth = '21088,"Employment in agriculture by age, 15 to 24",1,Total,6199,Value,2020,2020,1000 No'
    survey = f"95,'340,Honduras,3022,ILOSTAT - Household survey,{youth},222.560000,B,Break in series: .."
    rows = load(EMPLOYMENT, survey, f"95,'340,Honduras,3044,FAO Model,{youth},230,E,", dataset=OEA)
    assert found_by(one_load.key_unique(OEA), rows, dataset=OEA) == []
    staged = model("stg_fao__oea", rows, "fao_oea")
    assert [(row["source_code"], row["obs_value"], row["is_break"], row["sex"]) for row in staged] == [
        ("3022", 222.56, True, "SEX_T"), ("3044", 230.0, False, "SEX_T"),
    ]  # fmt: skip
    assert {"source", "indicator", "sex"} <= set(OEA.key)
    readers = [file.name for file in (DBT / "models").rglob("*.sql") if "'stg_fao__oea'" in file.read_text()]
    assert readers == ["int_sector_employment.sql"]  # where it stands under a source of its own


@pytest.mark.quirk("fao", 29, "An index has no unit; any other figure without one holds the load back.")
def test_fao_29_empty_unit(load: Load) -> None:
    index = "5539,Producer Price Index (2014-2016 = 100),1991,1991,7021,Annual value,,1.250000,E"
    price = "5532,Producer Price (USD/tonne),1991,1991,7021,Annual value,,9,E"
    rows = load(PRICES, *(f"95,'340,Honduras,515,'01341,Apples,{rest}" for rest in (index, price)), dataset=PP)
    assert [row["unit_measure"] for row in rows] == [None, None]
    assert found_by(one_load.required_not_null(PP), rows, dataset=PP) == []
    check = fao_checks.unit_given(PP)
    assert check in list(fao_checks.checks(PP))
    assert ([row[2] for row in found_by(check, rows, dataset=PP)], check.severity) == (["5532"], "ERROR")
    assert "unit_given" not in {check.name for check in fao_checks.checks(QCL)}  # a unit is required there


@pytest.mark.quirk("fao", 30, "Date, rows and size are signals, texts never are; equal bytes are no new version.")
def test_fao_30_catalogue_contradictions(server, home: Home, tmp_path: Path) -> None:
    texts = {"Topic": "Viale delle Terme di Caracalla, 00153 Rome, Italy"}
    moves = ({"FileSize": "30139KB"}, {"FileRows": 4320908}, {"DateUpdate": "1991-12-31T00:00:00"})
    for change in ({}, texts, *moves):
        server.says(catalogue(ENTRY | change), on="datasets_E.json")
    first, reworded, *moved = [ask(server.url, tmp_path) for _ in range(5)]
    assert first == reworded
    assert first not in moved
    server.says(catalogue(ENTRY), on="datasets_E.json")
    body = f"{HEADER}\r\n{figure(CIV, COCOA, '5510', '2020', 't', '1')}\r\n".encode()
    server.says(zipped(**{MAIN: body}), on=".zip")
    before = refresh_unchecked(home, server.url)  # asks after the 1991 date
    after = refresh_unchecked(home, server.url)
    assert [path.endswith(".zip") for path in server.paths].count(True) == 2
    assert (before.status, after.status, before.snapshot_id) == ("accepted", "unchanged", after.snapshot_id)


@pytest.mark.quirk("fao", 31, "A country that is gone, or whose last year went back, holds the release.")
def test_fao_31_countries_vanish(load: Load) -> None:
    mali = "133,'466,Mali"
    old = load(HEADER, *(figure(area, COCOA, "5510", y, "t", "1") for area in (CIV, mali) for y in ("2017", "2024")))
    gone = load(HEADER, *(figure(CIV, COCOA, "5510", year, "t", "1") for year in ("2017", "2024")))
    kept = against_previous.areas_kept(QCL, "ref_area")
    assert (found_by(kept, gone, old), kept.severity) == ([("133", 2, "2024")], "ERROR")
    assert QCL.tolerances.max_areas_lost == 0
    back = [row for row in old if (row["ref_area"], row["time_period"]) != ("133", "2024")]
    last = against_previous.last_year_kept(QCL, "ref_area", "time_period")
    assert (found_by(last, back, old), last.severity) == ([("133", "2024", "2017")], "ERROR")


@pytest.mark.quirk("fao", 32, "The address is looked up by code in each run; a code that is gone fails its dataset.")
def test_fao_32_datasets_vanish_or_move(server, tmp_path: Path) -> None:
    moved = ENTRY | {"FileLocation": URL.replace("Production_Crops", "Crops_(2010-)")}
    other = ENTRY | {"DatasetCode": "CB", "FileLocation": "https://x.org/CommodityBalances_(non-food)_(2010-)_E.zip"}
    server.says(catalogue(other, ENTRY))
    server.says(catalogue(moved, other))
    server.says(catalogue(other))
    assert [ask(server.url, tmp_path)["location"] for _ in range(2)] == [URL, moved["FileLocation"]]
    with pytest.raises(DatasetRetired, match="code QCL is not in the catalogue"):
        ask(server.url, tmp_path)


@pytest.mark.quirk("fao", 33, "A value far from the median of its own series is warned of and stays.")
def test_fao_33_implausible_values(load: Load) -> None:
    values = ("100", "105", "98", "102", "2094", "-177", "1", "99")
    lines = [figure(CIV, COCOA, "5412", f"20{n}", "kg/ha", value) for n, value in enumerate(values, 10)]
    large = [figure(WORLD, COCOA, "5412", f"20{n}", "kg/ha", "2094") for n in range(10, 18)]
    rows = load(HEADER, *lines, *large)
    (check,) = (check for check in fao_checks.checks(QCL) if check.name == "near_own_median")
    assert sorted(row[5] for row in found_by(check, rows)) == [-177.0, 1.0, 2094.0]
    assert check.severity == "WARN"
    assert len(rows) == len(model("stg_fao__qcl", rows)) == 16


@pytest.mark.quirk("fao", 34, "Both reports of a flow stay, self-trade and zeros too; the last year is provisional.")
def test_fao_34_mirror_flows(load: Load) -> None:
    belgium = "255,'056,Belgium"

    def flow(reporter: str, partner: str, element: str, year: str, unit: str, value: str) -> str:
        return f"{reporter},{partner},{COCOA},{element},Some element,{year},{year},{unit},{value},A"

    rows = load(
        MATRIX,
        flow(belgium, CIV, "5622", "2022", "1000 USD", "431054"),
        flow(CIV, belgium, "5922", "2022", "1000 USD", "480338"),
        flow(CIV, belgium, "5910", "2022", "t", "0"),
        flow(CIV, CIV, "5922", "2023", "1000 USD", "5"),
        flow(CIV, belgium, "5907", "2022", "An", "3"),
        dataset=TM,
    )
    assert found_by(one_load.key_unique(TM), rows, dataset=TM) == []
    flows = {
        (row["reporter_iso3"], row["partner_iso3"], row["flow"]): (
            row["value_usd"], row["quantity_t"], row["is_self_trade"], row["is_provisional"],
        )
        for row in model("int_fao_trade", rows, "fao_tm")
    }  # fmt: skip
    assert flows == {
        ("BEL", "CIV", "import"): (431_054_000.0, None, False, False),
        ("CIV", "BEL", "export"): (480_338_000.0, 0.0, False, False),
        ("CIV", "CIV", "export"): (5000.0, None, True, True),
    }


@pytest.mark.quirk("fao", 35, "A note may be absent, empty or hold quotes and commas.")
def test_fao_35_notes(load: Load) -> None:
    start = figure(CIV, COCOA, "5510", "2020", "t", "1")
    rows = load(HEADER, start, f'{start}"Break in series: ""old"", then new"')
    assert [row["note"] for row in rows] == [None, 'Break in series: "old", then new']
    (without,) = load(HEADER.removesuffix(",Note"), start.removesuffix(","))
    assert (without["note"], without["obs_flag"]) == (None, "A")


@pytest.mark.quirk("fao", 35, "More bad lines stop the load; the first is named with its number and text.")
def test_fao_35_line_that_is_not_csv(load: Load) -> None:
    assert QCL.max_rejected_pct == 0.1
    start = figure(CIV, COCOA, "5510", "2020", "t", "1")
    with pytest.raises(PayloadInvalid, match=r"not CSV .*Line: 3.*torn off"):
        load(HEADER, start, "107,torn off", start)


@pytest.mark.quirk(
    "fao", 35, "One line in a thousand that is not CSV is put aside with number and text; no other is lost."
)
@pytest.mark.parametrize(
    "torn",
    [
        "107,torn off",
        "107,'384,CIV,661,'01640,Cocoa,5510,P,2020,2020,t,1,A,,one,cell,too,many",
        '107,"torn "off",' + "," * 12,
    ],
)
def test_fao_35_few_bad_lines_are_put_aside(load: Load, tmp_path: Path, torn: str) -> None:
    good = [figure(CIV, COCOA, "5510", str(year), "t", "1") for year in range(1000, 2999)]
    rows = load(HEADER, *good[:5], torn, *good[5:])
    assert len(rows) == len(good)
    with next(tmp_path.rglob("rejected.csv")).open(encoding="utf-8", newline="") as stream:
        assert [(row["line"], row["text"]) for row in csv.DictReader(stream)] == [("7", torn)]


@pytest.mark.quirk("fao", 35, "A quote left open swallows the lines behind it: all of them count as lost.")
def test_fao_35_an_open_quote(load: Load) -> None:
    good = [figure(CIV, COCOA, "5510", str(year), "t", "1") for year in range(1000, 2999)]
    with pytest.raises(PayloadInvalid, match=r"not CSV \(the first is Line: 1991"):
        load(HEADER, *good[:1989], '107,"open quote,', *good[1989:])
    assert len(load(HEADER, *good, '107,"open quote,')) == len(good)


@pytest.mark.quirk("fao", 35, "Where rows and bad lines do not add up to the lines of the file, nothing is put aside.")
def test_fao_35_every_line_is_accounted_for(load: Load) -> None:
    good = [figure(CIV, COCOA, "5510", str(year), "t", "1") for year in range(1000, 2999)]
    two_lines = good[0] + '"a note\r\nof two lines"'
    assert len(load(HEADER, *good, two_lines)) == len(good) + 1
    with pytest.raises(PayloadInvalid, match=r"rows that are not CSV .*torn off"):
        load(HEADER, *good, two_lines, "107,torn off")


@pytest.mark.quirk("fao", 36, "No type is guessed: a late fraction stays one, and t is a unit and no truth value.")
def test_fao_36_type_guessing(load: Load) -> None:
    lines = [figure(CIV, COCOA, "5510", str(n % 60 + 1960), "t", str(n * 7919 % 100003)) for n in range(30_000)]
    rows = load(HEADER, *lines, figure(CIV, COCOA, "5510", "2020", "t", "123.45"))  # far past a reader's sample
    assert {row["obs_value"] for row in rows if row["time_period"] == "2020"} == {123.45}
    assert {row["unit_measure"] for row in rows} == {"t"}


@pytest.mark.quirk("fao", 37, "Columns are found by name: with elements before items the same row arrives.")
def test_fao_37_ui_order(load: Load) -> None:
    cells = dict(zip(HEADER.split(","), next(csv.reader([figure(CIV, COCOA, "5510", "2020", "t", "1")])), strict=True))
    moved = sorted(cells, key=lambda name: (name.startswith("Item"), name))
    (row,) = load(",".join(moved), ",".join(f'"{cells[name]}"' for name in moved))
    assert (row["ref_area"], row["item"], row["element"]) == ("107", "661", "5510")
    assert (row["time_period"], row["unit_measure"], row["obs_value"]) == ("2020", "t", 1.0)


@pytest.mark.quirk("fao", 38, "Names are never keys: three spellings of a country are one country.")
def test_fao_38_name_spelling(load: Load) -> None:
    names = ("Côte d'Ivoire", "Côte d’Ivoire", "Cote d'Ivoire")
    lines = [figure(f"107,'384,{name}", COCOA, "5510", f"20{n}", "t", "1") for n, name in enumerate(names, 10)]
    rows = load(HEADER, *lines)
    assert [row["ref_area_label"] for row in rows] == list(names)
    assert {row["iso3"] for row in model("int_production", rows)} == {"CIV"}
    assert not {"ref_area_label", "item_label", "element_label"} & set(QCL.key)


@pytest.mark.quirk("fao", 39, "The bridge from items to the HS is many to many and differs by version of the HS.")
def test_fao_39_hs_bridge() -> None:
    with (DBT / "seeds" / "fao_item_hs.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    pairs = {(row["hs_version"], row["item_code"], row["hs_code"]) for row in rows}
    assert len(pairs) == len(rows)
    assert {item for version, item, code in pairs if (version, code) == ("HS12", "520100")} == {"328", "767"}
    milk = {version: {code for v, item, code in pairs if (v, item) == (version, "882")} for version in ("HS07", "HS12")}
    assert milk == {"HS07": {"040120", "040130"}, "HS12": {"040120", "040140", "040150"}}
    assert {len(code) for _version, _item, code in pairs} == {6}
