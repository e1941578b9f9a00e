"""The numbered quirks of Eurostat and Comext, each with its literal row or answer."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ingest import lake
from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import sdmx_csv, sdmx_tsv
from ingest.http import Endpoints, HttpClient
from ingest.partners import eurostat
from ingest.refresh import refresh
from ingest.registry import datasets, partners
from tests.quirks.warehouse import Warehouse, findings

Rows = list[dict[str, Any]]
DBT = Path(__file__).parents[2] / "dbt_project"
COMEXT = "eurostat_ds_045409"
HEADER = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE"
PLASTICS = "ESTAT:DS-045409(1.0),17/02/25 11:00:00,A,DE,WORLD,3915,1,QUANTITY_IN_100KG,2010,3272312.08,"
EUROS, WEIGHT = "VALUE_IN_EUROS", "QUANTITY_IN_100KG"
STAMP = "2025-12-04T23:00:00+0100"


def comext(*lines: str, header: str = HEADER) -> dict[str, bytes]:
    return {"2010.csv": "".join(f"{line}\r\n" for line in (header, *lines)).encode()}


def line(
    value: str, partner: str = "US", year: str = "2020", *, freq: str = "A", product: str = "61",
    indicator: str = EUROS, reporter: str = "DE",
) -> str:  # fmt: skip
    return f"ESTAT:DS-045409(1.0),17/02/25 11:00:00,{freq},{reporter},{partner},{product},1,{indicator},{year},{value}"


def trade(rows: Rows, model: str = "int_trade") -> Rows:
    return Warehouse({COMEXT: rows}).rows(model)


def tsv(folder: Path, body: str) -> Rows:
    raw = folder / "raw.tsv"
    raw.write_bytes(body.encode())
    table = sdmx_tsv.read(raw, folder / "long.csv", "eurostat")
    with table.path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def dataflow(latest: str = "2010", updated: str = STAMP) -> str:
    notes = [{"type": "OBS_PERIOD_OVERALL_LATEST", "title": latest}, {"type": "UPDATE_DATA", "date": updated}]
    return json.dumps({"extension": {"annotation": notes}})


@pytest.mark.quirk("eurostat", 1, "rows one empty field longer than the header are read; any other length is refused")
def test_eurostat_01_header_shorter_than_rows(parse, tmp_path: Path) -> None:
    (row,) = parse(COMEXT, comext(PLASTICS))
    assert (row["time_period"], row["obs_value"]) == ("2010", 3272312.08)
    raw = tmp_path / "wrong.csv"
    for wrong in (f"{PLASTICS}x", f"{PLASTICS},", PLASTICS.rsplit(",", 2)[0]):
        raw.write_text(f"{HEADER}\r\n{wrong}\r\n")
        with pytest.raises(SchemaDrift, match="fields under 10 names"):
            sdmx_csv.read(raw, tmp_path / "text.csv", "eurostat")


@pytest.mark.quirk("eurostat", 1, "a later row with text in the extra field fails the file, too")
def test_eurostat_01_text_in_the_extra_field(parse) -> None:
    with pytest.raises(SchemaDrift, match="nameless last field"):
        parse(COMEXT, comext(PLASTICS, f"{PLASTICS}x"))


@pytest.mark.quirk("eurostat", 3, "codes that look like numbers stay text with their leading zeros")
def test_eurostat_03_codes_are_text(parse) -> None:
    (row,) = parse(COMEXT, comext(line("5", product="01012100")))
    assert (row["product"], row["flow"], row["time_period"]) == ("01012100", "1", "2020")


@pytest.mark.quirk("eurostat", 4, "partner NA is Namibia and T is a text: nothing is taken for missing or true")
def test_eurostat_04_namibia_is_not_missing(parse) -> None:
    rows = parse(COMEXT, comext(line("5", "NA"), line("6", "T")))
    assert sorted(row["partner"] for row in rows) == ["NA", "T"]
    assert {row["partner_iso3"] for row in trade(rows)} == {"NAM", None}


@pytest.mark.quirk("eurostat", 7, "product TOTAL is never asked for and never among the flows, so nothing is doubled")
def test_eurostat_07_total_is_no_data(parse) -> None:
    assert "TOTAL" not in datasets()[COMEXT].request["products"]
    rows = parse(COMEXT, comext(line("1057446220270", product="TOTAL"), line("5")))
    assert [row["value_eur"] for row in trade(rows, "fct_trade_flow")] == [5.0]


@pytest.mark.quirk("eurostat", 9, "Northern Ireland and the rest of the United Kingdom are never added to GB")
def test_eurostat_09_united_kingdom_in_parts(parse) -> None:
    rows = parse(COMEXT, comext(line("12", "GB", "2021"), line("2", "XI", "2021"), line("10", "XU", "2021")))
    assert {row["partner"]: row["partner_kind"] for row in trade(rows)} == {"GB": "country", "XI": "part", "XU": "part"}
    assert [(row["partner_iso3"], row["value_eur"]) for row in trade(rows, "fct_trade_flow")] == [("GBR", 12.0)]


AREAS = [
    ("GR", "2020", "GRC", "country"),
    ("XS", "2020", "SRB", "country"),
    ("XK", "2020", "XKX", "territory"),
    ("QA", "2020", "QAT", "country"),
    ("QP", "2020", None, "unmapped"),
    ("CS", "1992", "CSK", "former"),
    ("CS", "2004", "SCG", "former"),
    ("CS", "2020", None, "unclassified"),
    ("BE", "1998", "BLX", "former"),
    ("BE", "1999", "BEL", "country"),
]


@pytest.mark.quirk("eurostat", 10, "a partner code means what it meant in its year; the high seas are no country")
@pytest.mark.parametrize(("code", "year", "iso3", "kind"), AREAS)
def test_eurostat_10_codes_with_validity(parse, code: str, year: str, iso3: str | None, kind: str) -> None:
    (row,) = trade(parse(COMEXT, comext(line("5", code, year))))
    assert (row["partner_iso3"], row["partner_kind"]) == (iso3, kind)


@pytest.mark.quirk("eurostat", 11, "aggregates of areas and the finer levels of products stay out of the flows")
def test_eurostat_11_aggregates_among_members(parse) -> None:
    lines = [line("9", partner) for partner in ("WORLD", "EU_INTRA", "EXT_EU27_2020")]
    lines += [line("9", reporter="EU27_2020"), line("4", product="0101"), line("3", product="010121"), line("5")]
    rows = parse(COMEXT, comext(*lines))
    assert len(rows) == 7
    flows = trade(rows, "fct_trade_flow")
    assert [(row["partner"], row["hs_chapter"], row["value_eur"]) for row in flows] == [("US", "61", 5.0)]


@pytest.mark.quirk("eurostat", 12, "100 kg and euro become kg and euro by the table of units")
def test_eurostat_12_units(parse) -> None:
    lines = (line("3272312.08", indicator=WEIGHT), line("7", indicator=EUROS))
    (row,) = trade(parse(COMEXT, comext(*lines)))
    assert (row["quantity_kg"], row["value_eur"]) == (pytest.approx(327231208.0), 7.0)


CELLS = {
    "7.5 u": ("7.5", "u", ""),
    ": ": ("", "", ""),
    ": u": ("", "u", ""),
    ": c": ("", "c", "C"),
    "0 u": ("0", "u", ""),
    "0n": ("0", "n", ""),
    ": @C": ("", "", "C"),
    "3 be": ("3", "be", ""),
    "3 bdep": ("3", "bdep", ""),
    "1235161": ("1235161", "", ""),
}


@pytest.mark.quirk("eurostat", 13, "a TSV cell is value, flag and confidentiality; flags are not split; empty is none")
def test_eurostat_13_tsv_cells(tmp_path: Path) -> None:
    body = "".join(f"A,A{n}\t{cell}\t\r\n" for n, cell in enumerate(CELLS))
    rows = tsv(tmp_path, f"freq,geo\\TIME_PERIOD\t2023 \t2024 \r\n{body}")
    assert [(row["OBS_VALUE"], row["OBS_FLAG"], row["CONF_STATUS"]) for row in rows] == list(CELLS.values())
    assert {row["TIME_PERIOD"] for row in rows} == {"2023"}


@pytest.mark.quirk("eurostat", 14, "the names around the backslash decide, so areas in the columns give the same rows")
def test_eurostat_14_tsv_orientation(tmp_path: Path) -> None:
    newest_first = tsv(tmp_path, "unit,geo\\time\t2014 \t2013 \nPC,BE\t1 \t3 \nPC,DE\t2 \t4 \n")
    oldest_first = tsv(tmp_path, "unit,geo\\time\t2013 \t2014 \nPC,BE\t3 \t1 \nPC,DE\t4 \t2 \n")
    areas_across = tsv(tmp_path, "unit,time\\geo\tBE \tDE \nPC,2013\t3 \t4 \nPC,2014\t1 \t2 \n")
    found = [
        sorted((r["geo"], r["TIME_PERIOD"], r["OBS_VALUE"]) for r in rows) for rows in (newest_first, oldest_first)
    ]
    assert found[0] == [("BE", "2013", "3"), ("BE", "2014", "1"), ("DE", "2013", "4"), ("DE", "2014", "2")]
    assert found[1] == found[0]
    assert sorted((r["geo"], r["TIME_PERIOD"], r["OBS_VALUE"]) for r in areas_across) == found[0]


@pytest.mark.quirk("eurostat", 15, "a confidential value, a missing one and a flag without value are three things")
def test_eurostat_15_confidential_is_not_missing(parse) -> None:
    lines = (f"{line('', 'AL')},,C", f"{line('', 'GB')},b,", f"{line('5', 'US')},,", f"{line('', 'NO')},,")
    rows = parse(COMEXT, comext(*lines, header=f"{HEADER},OBS_FLAG,CONF_STATUS"))
    found = {row["partner"]: (row["obs_value"], row["obs_flag"], row["conf_status"]) for row in rows}
    assert found == {"AL": (None, None, "C"), "GB": (None, "b", None), "US": (5.0, None, None), "NO": (None,) * 3}
    assert {row["partner"] for row in trade(rows) if row["is_confidential"]} == {"AL"}


@pytest.mark.quirk("eurostat", 16, "a file with labels in place of codes is refused")
def test_eurostat_16_label_mode(parse) -> None:
    germany = "Germany (incl. German Democratic Republic 'DD' from 1991)"
    with pytest.raises(PayloadInvalid, match="labels in place of codes"):
        parse(COMEXT, comext(line("5", freq="Annual", reporter=germany)))


@pytest.mark.quirk("eurostat", 17, "frequency is part of the key: months are kept apart and not added to their year")
def test_eurostat_17_months_beside_years(parse) -> None:
    assert "freq" in datasets()[COMEXT].key
    rows = parse(COMEXT, comext(line("12", year="2024"), line("1", year="2024-01", freq="M")))
    assert len(rows) == 2
    assert [(row["year"], row["value_eur"]) for row in trade(rows)] == [(2024, 12.0)]


@pytest.mark.quirk("eurostat", 20, "a gzip body that no header tells of is unpacked")
def test_eurostat_20_gzip_without_content_encoding(server, tmp_path: Path) -> None:
    body = comext(PLASTICS)["2010.csv"]
    server.says(dataflow(), on="/dataflow/")
    server.says(gzip.compress(body), on="/data/")
    client = HttpClient(partners()["eurostat"], Endpoints.sandbox(server.url), classify=eurostat.classify)
    eurostat.fetch(client, datasets()[COMEXT], eurostat.signal(client, datasets()[COMEXT], tmp_path), tmp_path)
    assert (tmp_path / "2010-00.csv").read_bytes() == body


@pytest.mark.quirk("eurostat", 22, "a revised delivery replaces the one before as a whole; nothing is appended")
def test_eurostat_22_revisions_replace(server, home) -> None:
    server.says(dataflow(), on="/dataflow/")
    server.says(dataflow(updated="2026-01-15T11:00:00+0100"), on="/dataflow/")
    server.says(comext(line("5", "US"), line("6", "NA"))["2010.csv"], on="/data/")
    server.says(comext(line("7", "US"), line("6", "CN"))["2010.csv"], on="/data/")
    for _delivery in (1, 2):
        endpoints = Endpoints.sandbox(server.url)
        outcome = refresh(home, datasets()[COMEXT], edition="live", endpoints=endpoints, check=lambda _d, _c: [])
        assert outcome.status == "accepted"
    now = lake.current(home, COMEXT)
    assert now is not None
    with lake.connect() as con:
        found = con.execute(f"select partner, obs_value from '{now.data}' order by 1").fetchall()
    assert found == [("CN", 6.0), ("US", 7.0)]
    assert outcome.message == "2 rows: 1 added, 1 removed, 1 changed"


@pytest.mark.quirk("eurostat", 23, "goods of value with no mass have no known mass and no unit value")
def test_eurostat_23_zero_mass(parse) -> None:
    rows = parse(COMEXT, comext(line("76"), line("0", indicator=WEIGHT)))
    assert {row["obs_value"] for row in rows} == {76.0, 0.0}
    (flow,) = trade(rows, "fct_trade_flow")
    assert (flow["value_eur"], flow["quantity_kg"], flow["unit_value_eur_per_kg"]) == (76.0, None, None)


@pytest.mark.quirk("eurostat", 28, "values keep their decimals")
def test_eurostat_28_decimals(parse) -> None:
    rows = parse(COMEXT, comext(line("57446.55")))
    assert [(row["obs_value"], row["obs_value_text"]) for row in rows] == [(57446.55, None)]
    assert "value_range" not in findings(datasets()[COMEXT], rows)
