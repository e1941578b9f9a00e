"""The numbered quirks of FAOSTAT, each with its literal row or answer."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

from expectations import against_previous, one_load
from expectations.model import Check
from ingest import lake
from ingest.errors import DatasetRetired, PayloadInvalid
from ingest.formats import TextTable
from ingest.http import Endpoints, HttpClient
from ingest.partners import fao
from ingest.refresh import Outcome, refresh
from ingest.registry import Dataset, datasets, partners
from ingest.storage import Home
from tests.quirks.conftest import Rows, read_as, zipped

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


def found_by(check: Check, rows: Rows, previous: Sequence[dict[str, Any]] = ()) -> list[Any]:
    """The rows that a check complains about."""
    assert check.failing
    with duckdb.connect() as con:
        _fill(con, "candidate", rows)
        _fill(con, "previous", previous)
        for table, query in check.prepare.items():
            con.execute(f"create table {table} as {query.replace('{batch}', 'candidate')}")
        return con.execute(check.failing.replace("{batch}", "candidate")).fetchall()


def _fill(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[dict[str, Any]]) -> None:
    columns = QCL.lake_columns | {"snapshot_id": "VARCHAR"}
    con.execute(f"create table {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
    for row in rows:
        con.execute(f"insert into {name} values ({', '.join('?' for _ in columns)})", [row.get(c) for c in columns])


def model(name: str, rows: Rows) -> Rows:
    """A real dbt model over rows of the lake and the real seeds."""
    macros = "".join(file.read_text() for file in sorted((DBT / "macros").glob("*.sql")))
    with duckdb.connect() as con:
        _fill(con, "fao_qcl", rows)

        def ref(name: str) -> str:
            seed = DBT / "seeds" / f"{name}.csv"
            if seed.exists():
                return f"read_csv('{seed}', types={{'code': 'VARCHAR'}})" if name == "area_code" else f"'{seed}'"
            (file,) = (DBT / "models").rglob(f"{name}.sql")
            template = jinja2.Environment().from_string(macros + file.read_text())
            return f"({template.render(ref=ref, source=lambda _schema, table: table)}\n)"

        relation = con.execute(f"select * from {ref(name)}")
        names = [column[0] for column in relation.description]
        return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


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


@pytest.mark.quirk("fao", 5, "Bare empty cells are NULL, also in the last column before CRLF.")
def test_fao_05_bare_empties(load: Load) -> None:
    line = '"4","\'012","Algeria","7007",,"Cost of starchy staples","6226","Value","2020","2020","PPP dollar",,,'
    (row,) = load(HEADER, line)
    assert [row[c] for c in ("item_cpc", "obs_value", "obs_value_text", "obs_flag", "note")] == [None] * 5


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
        _fill(con, "candidate", rows)
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
    names = {check.name for check in one_load.checks(QCL.model_copy(update={"obs_range": None}))}
    assert "value_range" not in names
    assert len(found_by(one_load.value_range(QCL), rows)) == 1


@pytest.mark.quirk("fao", 12, "A period of three years stays text in both columns and is never taken for a year.")
def test_fao_12_year_is_not_always_a_year(load: Load) -> None:
    line = '"9","Argentina","21035","Stability","6125","Value","20002002","2000-2002","%","1.5","F"'
    rows = load(OF_2019, line)
    (staged,) = model("stg_fao__qcl", rows)
    assert (staged["time_period_code"], staged["time_period"], staged["year"]) == ("20002002", "2000-2002", None)
    assert found_by(one_load.not_from_the_future(QCL, "time_period"), rows) == []


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


@pytest.mark.quirk("fao", 35, "A note may be absent, empty or hold quotes and commas.")
def test_fao_35_notes(load: Load) -> None:
    start = figure(CIV, COCOA, "5510", "2020", "t", "1")
    rows = load(HEADER, start, f'{start}"Break in series: ""old"", then new"')
    assert [row["note"] for row in rows] == [None, 'Break in series: "old", then new']
    (without,) = load(HEADER.removesuffix(",Note"), start.removesuffix(","))
    assert (without["note"], without["obs_flag"]) == (None, "A")


@pytest.mark.quirk("fao", 35, "A line that is not CSV stops the load and is named with its number and text.")
def test_fao_35_line_that_is_not_csv(load: Load) -> None:
    start = figure(CIV, COCOA, "5510", "2020", "t", "1")
    with pytest.raises(PayloadInvalid, match=r"not CSV .*Line: 3.*torn off"):
        load(HEADER, start, "107,torn off", start)


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
