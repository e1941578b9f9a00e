"""Eurostat's TSV: orientations, cells, flags, broken files, and the recorded files with their known counts."""

from __future__ import annotations

import csv
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import sdmx_tsv

Rows = list[dict[str, str]]


def read(folder: Path, body: str | bytes) -> Rows:
    raw = folder / "raw.tsv"
    raw.write_bytes(body.encode() if isinstance(body, str) else body)
    return rows_of(raw, folder)


def rows_of(raw: Path, folder: Path) -> Rows:
    table = sdmx_tsv.read(raw, folder / "out.csv", "eurostat")
    with table.path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
        assert tuple(reader.fieldnames or ()) == table.header
    return rows


def cell(folder: Path, text: str) -> tuple[str, str, str]:
    (row,) = read(folder, f"freq,geo\\TIME_PERIOD\t2024 \r\nA,AT\t{text}\r\n")
    return row["OBS_VALUE"], row["OBS_FLAG"], row["CONF_STATUS"]


def test_periods_in_the_columns(tmp_path):
    rows = read(tmp_path, "freq,unit,geo\\TIME_PERIOD\t2023 \t2024 \r\nA,PC,AT\t2.3 \t7.5 u\r\nA,PC,EL\t: \t4\r\n")
    assert rows[1] == {
        "freq": "A", "unit": "PC", "geo": "AT", "TIME_PERIOD": "2024",
        "OBS_VALUE": "7.5", "OBS_FLAG": "u", "CONF_STATUS": "", "DIMENSIONS": "unit=PC",
    }  # fmt: skip
    assert [(row["geo"], row["TIME_PERIOD"], row["OBS_VALUE"]) for row in rows] == [
        ("AT", "2023", "2.3"), ("AT", "2024", "7.5"), ("EL", "2023", ""), ("EL", "2024", "4"),
    ]  # fmt: skip


def test_areas_in_the_columns_give_the_same_columns(tmp_path):
    rows = read(tmp_path, "unit,time\\geo\tBE \tDE \nPC,2014\t1 \t2 b\nPC,2013\t3 \t: \n")
    assert list(rows[0]) == ["unit", "geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG", "CONF_STATUS", "DIMENSIONS"]
    assert {row["DIMENSIONS"] for row in rows} == {"unit=PC"}
    assert [(row["geo"], row["TIME_PERIOD"], row["OBS_VALUE"], row["OBS_FLAG"]) for row in rows] == [
        ("BE", "2014", "1", ""), ("DE", "2014", "2", "b"), ("BE", "2013", "3", ""), ("DE", "2013", "", ""),
    ]  # fmt: skip


def test_a_file_with_the_time_alone_beside_the_areas(tmp_path):
    rows = read(tmp_path, "time\\geo\tBE\n2014\t1\n")
    assert [(row["geo"], row["TIME_PERIOD"], row["OBS_VALUE"]) for row in rows] == [("BE", "2014", "1")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7.5 u", ("7.5", "u", "")),
        ("1235161", ("1235161", "", "")),
        ("-2437549 ", ("-2437549", "", "")),
        ("1.2E-3 ", ("1.2E-3", "", "")),
        ("12e", ("12", "e", "")),
        (": ", ("", "", "")),
        (": u", ("", "u", "")),
        (": c", ("", "c", "C")),
        (": @C", ("", "", "C")),
        (":C", ("", "", "C")),
        ("7.5 b @C", ("7.5", "b", "C")),
        (": d@C", ("", "d", "C")),
        ("0 u", ("0", "u", "")),
        ("0n", ("0", "n", "")),
        ("0 n", ("0", "n", "")),
        ("3 bdep", ("3", "bdep", "")),
        ("3 x", ("3", "x", "")),
        ("KG", ("KG", "", "")),
        ("7.5 u 8", ("7.5 u 8", "", "")),
    ],
)
def test_a_cell_is_value_flag_and_confidentiality(tmp_path, text, expected):
    assert cell(tmp_path, text) == expected


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_cell_is_no_observation(tmp_path, empty):
    rows = read(tmp_path, f"geo\\time\t2013 \t2014 \nAT\t{empty}\t5 \n\n")
    assert [(row["TIME_PERIOD"], row["OBS_VALUE"]) for row in rows] == [("2014", "5")]


def test_a_bom_is_not_part_of_the_first_name(tmp_path):
    (row,) = read(tmp_path, "\ufeffgeo\\time\t2014 \nAT\t5 \n".encode())
    assert row["geo"] == "AT"


def test_a_header_alone_is_an_empty_table(tmp_path):
    assert read(tmp_path, "freq,geo\\TIME_PERIOD\t2024 \r\n") == []


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("freq,geo\t2024", "first cell 'freq,geo'"),
        ("freq,unit\\geo\t2024", "first cell"),
        ("time,unit\\geo\tAT", "first cell"),
        ("geo,time\\TIME_PERIOD\t2024", "first cell"),
        ("geo,geo\\time\t2024", "twice or empty"),
        ("geo,\\time\t2024", "twice or empty"),
        ("geo\\time\t2024\t2024", "twice or empty"),
        ("geo\\time", "without a name, or none"),
        ("geo\\time\t2024\t", "without a name, or none"),
    ],
)
def test_a_header_of_another_shape_is_drift(tmp_path, header, found):
    with pytest.raises(SchemaDrift, match=found):
        read(tmp_path, f"{header}\nAT\t1\n")


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("A,AT\t1", "line 3: 1 cells under 2 columns"),
        ("A,AT\t1\t2\t3", "line 3: 3 cells under 2 columns"),
        ("A\t1\t2", "line 3: 1 codes for 2 dimensions"),
        ("A,Korea, Republic of\t1\t2", "line 3: 3 codes for 2 dimensions"),
        ("Annual,AT\t1\t2", "line 3: labels in place of codes"),
    ],
)
def test_a_broken_row_is_refused_with_its_line(tmp_path, row, found):
    with pytest.raises(PayloadInvalid, match=found):
        read(tmp_path, f"freq,geo\\TIME_PERIOD\t2023\t2024\nA,DE\t1\t2\n{row}\n")


@pytest.mark.parametrize("body", ["", "\n"])
def test_an_empty_file_is_refused(tmp_path, body):
    with pytest.raises(PayloadInvalid, match="without a header line"):
        read(tmp_path, body)


def test_nothing_but_the_table_is_left_behind(tmp_path):
    read(tmp_path, "geo\\time\t2014 \nAT\t5 \n")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.csv", "raw.tsv"]


def test_memory_stays_flat(tmp_path):
    raw = tmp_path / "big.tsv"
    with raw.open("w") as out:
        out.write("geo\\time\t" + "\t".join(str(year) for year in range(1990, 2020)) + "\n")
        out.writelines(f"A{n}\t" + "\t".join(["123456.7 u"] * 30) + "\n" for n in range(10_000))
    assert raw.stat().st_size > 3_000_000
    tracemalloc.start()
    sdmx_tsv.read(raw, tmp_path / "out.csv", "eurostat")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


RECORDED = {  # values, missing, confidential, flags: MANIFEST.tsv of the recorded files
    "gov_10dd_edpt1": (51_709, 74_731, 0, {}),
    "sdg_08_10": (1_420, 95, 5, {"p": 42, "b": 6, "e": 35, "c": 5}),
    "teina200": (776, 16, 0, {}),
    "tsdde410": (1_275, 85, 0, {}),
    "excerpt_hlth_ehis_al1e": (30, 10, 0, {"u": 13, "e": 2, "d": 2}),
}


@pytest.mark.parametrize("name", RECORDED)
def test_the_recorded_files_have_the_counts_of_their_manifest(shared, tmp_path, name):
    rows = rows_of(shared / "wire" / "eurostat" / "tsv" / f"{name}.tsv", tmp_path)
    values, missing, confidential, flags = RECORDED[name]
    assert sum(row["OBS_VALUE"] != "" for row in rows) == values
    assert sum(row["OBS_VALUE"] == "" and row["CONF_STATUS"] == "" for row in rows) == missing
    assert sum(row["CONF_STATUS"] == "C" for row in rows) == confidential
    assert Counter(row["OBS_FLAG"] for row in rows if row["OBS_FLAG"]) == flags
    assert all(float(row["OBS_VALUE"]) is not None for row in rows if row["OBS_VALUE"])


def test_the_recorded_comext_reply(shared, tmp_path):
    rows = rows_of(shared / "wire" / "eurostat" / "live_2026" / "ds-045409_DE_US_2026-06_07.tsv", tmp_path)
    assert [(row["product"], row["TIME_PERIOD"], row["OBS_VALUE"]) for row in rows] == [
        ("01", "2026-06", "1235161"), ("01", "2026-07", "1131631"),
        ("0101", "2026-06", "105434"), ("0101", "2026-07", "55153"),
        ("010121", "2026-06", ""), ("010121", "2026-07", "52403"),
    ]  # fmt: skip
