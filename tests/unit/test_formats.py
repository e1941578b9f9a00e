"""Wire dialects: encodings, header lines, SDMX-CSV, World Bank pages and wide tables, with the partners' own slips."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import DatasetRetired, PayloadInvalid, RequestRefused, SchemaDrift
from ingest.formats import csv_text, json_pages, sdmx_csv, wide_years, write_rows

# --- encodings -------------------------------------------------------------------------------------------------------


def as_utf8(raw: bytes) -> str:
    return b"".join(csv_text.utf8_blocks(io.BytesIO(raw), "fao")).decode("utf-8")


def test_utf_8_stays_what_it_is():
    assert as_utf8("Côte d'Ivoire,Türkiye".encode()) == "Côte d'Ivoire,Türkiye"


def test_a_byte_order_mark_goes():
    assert as_utf8(b'\xef\xbb\xbf"ref_area"') == '"ref_area"'


def test_a_row_of_fao_in_cp1252_is_read():
    raw = b'"107","C\xf4te d\'Ivoire","5058","Enteric Fermentation"'
    assert as_utf8(raw) == '"107","Côte d\'Ivoire","5058","Enteric Fermentation"'


def test_it_is_cp1252_and_not_latin_1():
    assert as_utf8(b"Dec\x96Jan\x96Feb") == "Dec–Jan–Feb"


def test_plain_ascii_is_not_touched():
    assert as_utf8(b"a,b\r\nc\n") == "a,b\r\nc\n"


def test_a_letter_across_the_end_of_a_block_is_whole():
    text = "x" * (csv_text.BLOCK + 2) + "ü" + "y\nz"
    assert as_utf8(text.encode()) == text


def test_a_late_odd_byte_decides_for_the_file():
    line = b"4,2020\n" * (csv_text.BLOCK // 7)
    before, after = line * 2, line
    text = as_utf8(before + b"C\xf4te\n" + after + b"T\xfcrkiye")
    assert text == before.decode() + "Côte\n" + after.decode() + "Türkiye"


@pytest.mark.parametrize(
    "raw",
    [
        b"C\x81te d'Ivoire",
        b"\xef\xbb\xbfC\xf4te d'Ivoire",  # calls itself UTF-8
        "Türkiye\n".encode() + b"4,2020\n" * (csv_text.BLOCK // 7) + b"C\xf4te\n",  # first the one, then the other
    ],
)
def test_bytes_that_are_no_text_are_refused(raw):
    with pytest.raises(PayloadInvalid, match="a byte that is no text") as caught:
        as_utf8(raw)
    assert (caught.value.partner, caught.value.expected) == ("fao", "UTF-8 or cp1252 throughout")


# --- pieces ----------------------------------------------------------------------------------------------------------


def pieces(folder: Path, text: str) -> list[str]:
    """The texts of the pieces; each has the file's header, and only the first has to skip it."""
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("main.csv", text)
    with zipfile.ZipFile(folder / "a.zip") as archive:
        tables = list(csv_text.pieces(archive, archive.getinfo("main.csv"), folder, "fao"))
    texts = [table.path.read_bytes().decode() for table in tables]
    assert {table.header for table in tables} == {("Area", "Note")}
    assert [table.skip_lines for table in tables] == [1] + [0] * (len(tables) - 1)
    assert [t.lines_before for t in tables] == [sum(x.count("\n") for x in texts[:n]) for n in range(len(texts))]
    return texts


def test_a_long_file_is_cut_between_records(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_text, "BLOCK", 64)
    monkeypatch.setattr(csv_text, "PIECE", 100)
    text = "Area,Note\n" + "".join(f'{n},"a note, ""quoted"",\nof two lines"\n' for n in range(40))
    texts = pieces(tmp_path, text)
    assert "".join(texts) == text
    assert len(texts) > 5
    assert all(piece.count('"') % 2 == 0 and piece.endswith('"\n') for piece in texts)


def test_a_short_file_is_one_piece_also_without_a_last_line_end(tmp_path):
    assert pieces(tmp_path, "Area,Note\n1,x") == ["Area,Note\n1,x"]


def test_an_empty_member_is_refused(tmp_path):
    with pytest.raises(PayloadInvalid, match="an empty file"):
        pieces(tmp_path, "")


# --- header lines ----------------------------------------------------------------------------------------------------


def test_a_header_is_read_with_quotes_and_without_blanks(tmp_path):
    (tmp_path / "raw").write_bytes(b'\xef\xbb\xbf"Flag", Description,"Note, long"\r\nA,Official,\r\n')
    table = csv_text.from_file(tmp_path / "raw", tmp_path / "out", "fao")
    assert table.header == ("Flag", "Description", "Note, long")
    assert table.path == tmp_path / "out"


@pytest.mark.parametrize("raw", [b"", b"\n", b"\r\nA,B\r\n", b",,\n"])
def test_a_file_without_a_header_is_refused(tmp_path, raw):
    (tmp_path / "raw").write_bytes(raw)
    with pytest.raises(PayloadInvalid, match="without a header line"):
        csv_text.from_file(tmp_path / "raw", tmp_path / "out", "fao")


def test_a_zip_member_is_inflated_as_utf_8(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("main.csv", b"Area,Year\r\nC\xf4te d'Ivoire,2020\r\n")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        table = csv_text.from_zip_member(archive, archive.getinfo("main.csv"), tmp_path / "out", "fao")
    assert table.header == ("Area", "Year")
    assert table.path.read_bytes().decode() == "Area,Year\r\nCôte d'Ivoire,2020\r\n"


def test_a_member_with_a_wrong_checksum_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("main.csv", b"Area,Year\n4,2020\n")
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes().replace(b"4,2020", b"4,2021", 1))
    with (
        zipfile.ZipFile(tmp_path / "a.zip") as archive,
        pytest.raises(PayloadInvalid, match=r"main\.csv: Bad CRC-32"),
    ):
        csv_text.from_zip_member(archive, archive.getinfo("main.csv"), tmp_path / "out", "fao")


def test_rows_of_other_dialects_become_csv_with_every_cell_as_it_is(tmp_path):
    rows = [{"a": 'say "hi", NA', "b": None}, {"b": "x\ny"}, {"a": "", "b": "NA", "not declared": "z"}]
    table = write_rows(tmp_path / "out.csv", ["a", "b"], rows)
    assert table.header == ("a", "b")
    with table.path.open(newline="") as stream:
        assert list(csv.reader(stream)) == [["a", "b"], ['say "hi", NA', ""], ["", "x\ny"], ["", "NA"]]


# --- SDMX-CSV --------------------------------------------------------------------------------------------------------

COMEXT = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE"
LONGER = "ESTAT:DS-045409(1.0),17/02/25 11:00:00,A,DE,WORLD,3915,1,QUANTITY_IN_100KG,2010,3272312.08,"


def sdmx(folder: Path, text: str):
    (folder / "raw.csv").write_text(text, newline="")
    return sdmx_csv.read(folder / "raw.csv", folder / "out.csv", "eurostat")


def test_rows_one_empty_field_longer_than_the_header_get_a_name_for_it(tmp_path):
    assert sdmx(tmp_path, f"{COMEXT}\r\n{LONGER}\r\n").header == (*COMEXT.split(","), "_trailing")


def test_rows_as_long_as_the_header_stay_as_they_are(tmp_path):
    assert sdmx(tmp_path, f"{COMEXT}\r\n{LONGER[:-1]}\r\n").header == tuple(COMEXT.split(","))


@pytest.mark.parametrize("row", [f"{LONGER}x", f"{LONGER},", LONGER.rsplit(",", 2)[0]])
def test_rows_of_any_other_length_are_drift(tmp_path, row):
    with pytest.raises(SchemaDrift, match="under 10 names"):
        sdmx(tmp_path, f"{COMEXT}\r\n{row}\r\n")


def test_a_file_in_label_mode_is_refused(tmp_path):
    row = LONGER.replace(",A,DE,", ",Annual,Germany,")
    with pytest.raises(PayloadInvalid, match="labels in place of codes \\(freq is 'Annual'\\)") as caught:
        sdmx(tmp_path, f"{COMEXT}\r\n{row}\r\n")
    assert caught.value.remedy == "ask without the labels option"


def test_a_header_alone_is_read(tmp_path):
    assert sdmx(tmp_path, f"{COMEXT}\r\n").header == tuple(COMEXT.split(","))


# --- World Bank pages ------------------------------------------------------------------------------------------------


def header(page: int, pages: int, total: int, stamp: str = "2026-07-13") -> dict[str, Any]:
    return {"page": page, "pages": pages, "per_page": 2, "total": total, "lastupdated": stamp}


def fetch_all(folder: Path, *bodies: Any) -> None:
    """As if the partner sent these pages one after another, and the same again if asked again."""

    def fetch(number: int, into: Path) -> Any:
        into.write_text(json.dumps(bodies[number - 1]))
        return bodies[number - 1]

    json_pages.fetch_all(fetch, folder, "series", "world_bank")


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for file in sorted(folder.glob("*.json")) for row in json_pages.rows(file)]


def test_all_pages_are_fetched_and_kept(tmp_path):
    pages = [[header(1, 2, 3), [{"n": 1}, {"n": 2}]], [header(2, 2, 3), [{"n": 3}]]]
    fetch_all(tmp_path, *pages)
    assert [row["n"] for row in rows(tmp_path)] == [1, 2, 3]


def test_numbers_of_the_header_may_be_text(tmp_path):
    page = [{"page": "1", "pages": "1", "per_page": "50", "total": "1"}, [{"n": 1}]]
    fetch_all(tmp_path, page)
    assert rows(tmp_path) == [{"n": 1}]


def test_ten_pages_stay_in_order(tmp_path):
    pages = [[header(n, 11, 11), [{"n": n}]] for n in range(1, 12)]
    fetch_all(tmp_path, *pages)
    assert [row["n"] for row in rows(tmp_path)] == list(range(1, 12))


def test_null_in_place_of_rows_is_no_rows(tmp_path):
    empty = {"page": 0, "pages": 0, "per_page": 0, "total": 0, "sourceid": None, "lastupdated": None}
    fetch_all(tmp_path, [empty, None])
    assert rows(tmp_path) == []


MESSAGE_175 = {
    "message": [
        {
            "id": "175",
            "key": "Invalid format",
            "value": "The indicator was not found. It may have been deleted or archived.",
        }
    ]
}
MESSAGE_120 = {"message": [{"id": "120", "key": "Invalid value", "value": "The provided parameter value is not valid"}]}


@pytest.mark.parametrize("body", [[MESSAGE_175], MESSAGE_175, {"message": MESSAGE_175["message"][0]}])
def test_message_175_is_a_retired_series_and_says_archived(body):
    with pytest.raises(DatasetRetired, match=r"message 175: .* deleted or archived"):
        json_pages.check(body, "world_bank")


@pytest.mark.parametrize("body", [[MESSAGE_120], MESSAGE_120])
def test_message_120_is_a_refused_request(body):
    with pytest.raises(RequestRefused, match="message 120: The provided parameter value is not valid"):
        json_pages.check(body, "world_bank")


def test_a_message_on_a_later_page_is_seen(tmp_path):
    with pytest.raises(RequestRefused):
        fetch_all(tmp_path, [header(1, 2, 4), [{}, {}]], [MESSAGE_120])


@pytest.mark.parametrize("body", [[], [header(1, 1, 1)], {"total": 1}, [{"page": 1}, []], "text", None, [1, 2]])
def test_a_reply_of_another_shape_is_refused(body):
    with pytest.raises(PayloadInvalid, match="another shape"):
        json_pages.check(body, "world_bank")


@pytest.mark.parametrize("second", [header(2, 2, 4), header(2, 2, 3, "2026-07-14")])
def test_a_total_or_stamp_that_moves_between_pages_is_refused(tmp_path, second):
    with pytest.raises(PayloadInvalid, match="moved between two pages"):
        fetch_all(tmp_path, [header(1, 2, 3), [{"n": 1}, {"n": 2}]], [second, [{"n": 3}]])


@pytest.mark.parametrize("total", [1, 3])
def test_rows_that_do_not_sum_to_the_total_are_refused(tmp_path, total):
    with pytest.raises(PayloadInvalid, match=f"2 rows of {total}"):
        fetch_all(tmp_path, [header(1, 1, total), [{"n": 1}, {"n": 2}]])


# --- wide tables -----------------------------------------------------------------------------------------------------

WIDE = '"Country Name","Country Code","Indicator Name","Indicator Code","2003","2006",'
PREAMBLE = '"Data Source","World Development Indicators",\r\n\r\n"Last Updated Date","2020-07-01",\r\n\r\n'
BGD = '"Bangladesh","BGD","Children in employment","SL.TLF.0714.ZS","17.5385033159","",'


def wide(folder: Path, text: str) -> list[dict[str, str]]:
    (folder / "wide.csv").write_text(text, newline="")
    wanted = {"ref_area", "indicator.id", "indicator.value", "date", "value"}
    table = wide_years.long_table(folder / "wide.csv", folder / "long.csv", "world_bank", wanted=wanted)
    with table.path.open(newline="") as stream:
        return sorted((dict(row) for row in csv.DictReader(stream)), key=lambda row: row["date"])


@pytest.mark.parametrize("lead", ["", PREAMBLE])
def test_a_wide_table_becomes_a_row_a_year_with_or_without_a_preamble(tmp_path, lead):
    known = {"ref_area": "BGD", "indicator.id": "SL.TLF.0714.ZS", "indicator.value": "Children in employment"}
    row = BGD.replace('"",', '"16.2",')
    assert wide(tmp_path, f"{lead}{WIDE}\r\n{row}\r\n") == [
        {**known, "date": "2003", "value": "17.5385033159"},
        {**known, "date": "2006", "value": "16.2"},
    ]


def test_an_empty_cell_of_a_wide_table_is_no_row(tmp_path):
    assert [row["date"] for row in wide(tmp_path, f"{WIDE}\r\n{BGD}\r\n")] == ["2003"]


def test_a_new_year_is_taken_up(tmp_path):
    text = f'{WIDE}"2013",\r\n{BGD}"5.002084",\r\n'
    assert [(row["date"], row["value"]) for row in wide(tmp_path, text)][-1] == ("2013", "5.002084")


def test_namibia_stays_text(tmp_path):
    row = BGD.replace("Bangladesh", "Namibia").replace("BGD", "NA")
    assert wide(tmp_path, f"{WIDE}\r\n{row}\r\n")[0]["ref_area"] == "NA"


@pytest.mark.parametrize("row", [f'{BGD}"note"', f'{BGD}"","note"'])
def test_text_in_the_nameless_last_column_is_drift(tmp_path, row):
    with pytest.raises(SchemaDrift, match="line 2: text in the nameless last column"):
        wide(tmp_path, f"{WIDE}\r\n{row}\r\n")


def test_a_row_that_slipped_by_one_cell_is_refused(tmp_path):
    """DuckDB alone takes an empty cell too many, and every figure would stand in the year after its own."""
    slipped = BGD.replace('"17.5385033159","",', '"","17.5385033159","",')
    with pytest.raises(PayloadInvalid, match="line 2: 8 cells under 7 names"):
        wide(tmp_path, f"{WIDE}\r\n{slipped}\r\n")


def test_a_table_without_its_row_of_names_is_drift(tmp_path):
    with pytest.raises(SchemaDrift, match="no row of column names"):
        wide(tmp_path, f"{PREAMBLE}{BGD}\r\n")


def test_names_in_another_order_are_drift(tmp_path):
    swapped = WIDE.replace('"Indicator Name","Indicator Code"', '"Indicator Code","Indicator Name"')
    with pytest.raises(SchemaDrift, match="no row of column names"):
        wide(tmp_path, f"{swapped}\r\n{BGD}\r\n")


def test_a_table_without_years_is_drift(tmp_path):
    with pytest.raises(SchemaDrift, match="no year column"):
        wide(tmp_path, '"Country Name","Country Code","Indicator Name","Indicator Code","Latest",\r\n')
