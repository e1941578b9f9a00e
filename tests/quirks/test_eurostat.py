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
COMEXT, VICTIMS, RATES = "eurostat_ds_045409", "eurostat_crim_thb_vexp", "eurostat_ert_bil_eur_a"
CONTENTS, LINKS = "eurostat_toc", "eurostat_cn8_links"
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


def dataflow(latest: str = "2010", updated: str = STAMP, structure: str = "6.5") -> str:
    notes = [{"type": "OBS_PERIOD_OVERALL_LATEST", "title": latest}, {"type": "UPDATE_DATA", "date": updated}]
    return json.dumps({"extension": {"datastructure": {"version": structure}, "annotation": notes}})


def main_base(body: str) -> dict[str, bytes]:
    return {"data.tsv": body.encode()}


def contents(*lines: str) -> dict[str, bytes]:
    names = ("title", "code", "type", "last update of data", "last table structure change", "data start", "data end")
    head = "\t".join(f'"{name}"' for name in (*names, "values"))
    return {"contents.txt": "".join(f"{line}\n" for line in (head, *lines)).encode()}


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


@pytest.mark.quirk("eurostat", 2, "LAST UPDATE is dd/mm/yy; a stamp in the future or of another order fails the file")
@pytest.mark.parametrize(
    ("stamp", "refused"),
    [
        ("17/02/25 11:00:00", ""),
        ("05/03/25 23:00:00", ""),
        ("09/04/35 11:00:00", "lies in the future"),  # 2009 if read as yy/mm/dd
        ("2025-03-05 23:00:00", "expected dd/mm/yy"),
        ("03/25/25 23:00:00", "expected dd/mm/yy"),
    ],
)
def test_eurostat_02_last_update(parse, stamp: str, refused: str) -> None:
    body = comext(PLASTICS.replace("17/02/25 11:00:00", stamp))
    if refused:
        with pytest.raises(PayloadInvalid, match=refused):
            parse(COMEXT, body)
    else:
        assert [row["last_update"] for row in parse(COMEXT, body)] == [stamp]


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


@pytest.mark.quirk("eurostat", 10, "the main base has codes of its own: EL is Greece and UK the United Kingdom")
def test_eurostat_10_codes_of_the_main_base(parse) -> None:
    areas = ("EL", "UK", "UKC-L", "EU28", "EU27_2020")
    body = "freq,unit,geo\\TIME_PERIOD\t2019 \n" + "".join(f"A,NR,{area}\t5 \n" for area in areas)
    rows = parse(VICTIMS, main_base(body))
    assert [row["geo"] for row in rows] == list(areas)
    found = Warehouse({VICTIMS: rows}).rows("fct_trafficking_victim")
    assert sorted((row["ref_area"], row["iso3"]) for row in found) == [("EL", "GRC"), ("UK", "GBR")]


@pytest.mark.quirk(
    "eurostat", 11, "aggregates of areas stay out of the flows, and a heading holds the rest beyond its six-digit codes"
)
def test_eurostat_11_aggregates_among_members(parse) -> None:
    lines = [line("9", partner) for partner in ("WORLD", "EU_INTRA", "EXT_EU27_2020")]
    lines += [line("9", reporter="EU27_2020"), line("4", product="0101"), line("3", product="010121"), line("5")]
    rows = parse(COMEXT, comext(*lines))
    assert len(rows) == 7
    flows = trade(rows, "fct_trade_flow")
    assert sorted((row["partner"], row["product_code"], row["value_eur"]) for row in flows) == [
        ("US", "010121", 3.0), ("US", "0101XX", 1.0), ("US", "61XXXX", 5.0),
    ]  # fmt: skip


@pytest.mark.quirk("eurostat", 11, "the level comes from the code's length, and no level is inside another")
def test_eurostat_11_levels_of_products(parse) -> None:
    lines = [line("9", product=code) for code in ("61", "6109", "610910", "61091000", "TOTAL", "61XXXX")]
    rows = parse(COMEXT, comext(*lines))
    levels = {row["product"]: row["hs_level"] for row in trade(rows)}
    assert levels == {
        "61": "HS2", "6109": "HS4", "610910": "HS6", "61091000": "CN8", "TOTAL": None, "61XXXX": None,
    }  # fmt: skip
    exposure = [(row["sector_id"], row["stage"], row["value_eur"]) for row in trade(rows, "mart_exposure")]
    assert exposure == [("garment", "finished", 9.0)]
    assert [(row["product_code"], row["value_eur"]) for row in trade(rows, "fct_trade_flow")] == [("610910", 9.0)]


@pytest.mark.quirk("eurostat", 11, "headings that add up to more than their chapter are shown")
def test_eurostat_11_parts_exceed_their_whole(parse) -> None:
    lines = [line("1000000"), line("600000", product="6109"), line("500000", product="6110")]
    lines += [line("400000", product="610910"), line("200000", product="610990")]
    found = Warehouse({COMEXT: parse(COMEXT, comext(*lines))}).failing("trade_parts_exceed_their_whole")
    assert [(row["hs_code"], row["value_eur"], row["whole_value_eur"]) for row in found] == [("61", 1.1e6, 1e6)]


@pytest.mark.quirk("eurostat", 12, "100 kg and euro become kg and euro by the table of units")
def test_eurostat_12_units(parse) -> None:
    lines = (line("3272312.08", indicator=WEIGHT), line("7", indicator=EUROS))
    (row,) = trade(parse(COMEXT, comext(*lines)))
    assert (row["quantity_kg"], row["value_eur"]) == (pytest.approx(327231208.0), 7.0)


@pytest.mark.quirk("eurostat", 12, "a unit value a hundred times the usual one, or a hundredth of it, is shown")
@pytest.mark.parametrize("mass", ["100", "0.01"])
def test_eurostat_12_a_factor_of_100_is_seen(parse, mass: str) -> None:
    lines = [line("1000", year=year) for year in ("2018", "2019", "2020")]
    lines += [line(kg, year=year, indicator=WEIGHT) for year, kg in (("2018", "1"), ("2019", "1"), ("2020", mass))]
    jumps = Warehouse({COMEXT: parse(COMEXT, comext(*lines))}).failing("trade_unit_value_jumps")
    assert [(row["product"], row["year"]) for row in jumps] == [("61", 2020)]


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


@pytest.mark.quirk("eurostat", 13, "value, flag and confidentiality reach the fact; an unknown flag is kept and shown")
def test_eurostat_13_cells_through_the_loader(parse) -> None:
    cells = ("7 bdep", ": @C", ": ", "", "5 q", "12")
    body = "freq,unit,geo\\TIME_PERIOD\t2023 \r\n" + "".join(
        f"A,NR,{geo}\t{cell}\r\n" for geo, cell in zip(("AT", "BE", "BG", "CY", "CZ", "DE"), cells, strict=True)
    )
    rows = parse(VICTIMS, main_base(body))
    facts = Warehouse({VICTIMS: rows}).rows("fct_trafficking_victim")
    told = ("obs_value", "obs_flag", "obs_status", "conf_status")
    assert {row["ref_area"]: tuple(row[name] for name in told) for row in facts} == {
        "AT": (7.0, "bdep", "B", None), "BE": (None, None, "Q", "C"), "BG": (None, None, "O", None),
        "CZ": (5.0, "q", None, None), "DE": (12.0, None, "A", None),
    }  # fmt: skip
    assert findings(datasets()[VICTIMS], rows).get("known_codes") == 1


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


@pytest.mark.quirk("eurostat", 14, "a file of the main base may have newest periods first or areas in its columns")
@pytest.mark.parametrize(
    "body",
    [
        "freq,unit,geo\\TIME_PERIOD\t2023 \t2022 \r\nA,NR,AT\t2 \t1 \r\n",
        "freq,unit,geo\\TIME_PERIOD\t2022 \t2023 \r\nA,NR,AT\t1 \t2 \r\n",
        "freq,unit,TIME_PERIOD\\geo\tAT \r\nA,NR,2022\t1 \r\nA,NR,2023\t2 \r\n",
    ],
)
def test_eurostat_14_orientation_through_the_loader(parse, body: str) -> None:
    rows = sorted(parse(VICTIMS, main_base(body)), key=lambda row: row["time_period"])
    assert [(row["geo"], row["dimensions"], row["time_period"], row["obs_value"]) for row in rows] == [
        ("AT", "unit=NR", "2022", 1.0), ("AT", "unit=NR", "2023", 2.0),
    ]  # fmt: skip


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


@pytest.mark.quirk("eurostat", 16, "labels of areas are refused, also where the frequency is a code or missing")
@pytest.mark.parametrize("lead", ["freq,unit,geo\\TIME_PERIOD\t2023\nA,NR,", "unit,geo\\time\t2023\nNR,"])
def test_eurostat_16_labels_of_areas(parse, lead: str) -> None:
    with pytest.raises(PayloadInvalid, match="labels in place of codes"):
        parse(VICTIMS, main_base(f"{lead}Germany\t5 \n"))


@pytest.mark.quirk("eurostat", 16, "a label of the reporter in a Comext file is refused")
def test_eurostat_16_label_of_the_reporter(parse) -> None:
    with pytest.raises(PayloadInvalid, match="labels in place of codes"):
        parse(COMEXT, comext(line("5", reporter="Germany")))


@pytest.mark.quirk("eurostat", 17, "frequency is part of the key: months are kept apart and not added to their year")
def test_eurostat_17_months_beside_years(parse) -> None:
    assert "freq" in datasets()[COMEXT].key
    rows = parse(COMEXT, comext(line("12", year="2024"), line("1", year="2024-01", freq="M")))
    assert len(rows) == 2
    assert [(row["year"], row["value_eur"]) for row in trade(rows)] == [(2024, 12.0)]


@pytest.mark.quirk("eurostat", 17, "quarters and half-years stay as printed and are never taken for a year")
def test_eurostat_17_periods_of_every_kind(parse) -> None:
    periods = ("2024", "2024-Q1", "2024-01", "2024-S1", "2024-W05", "2024-01-15")
    body = "freq,unit,geo\\TIME_PERIOD\t" + "\t".join(periods) + "\nA,NR,AT" + "\t1 " * len(periods) + "\n"
    rows = parse(VICTIMS, main_base(body))
    assert sorted(row["time_period"] for row in rows) == sorted(periods)
    assert [row["year"] for row in Warehouse({VICTIMS: rows}).rows("fct_trafficking_victim")] == [2024]


@pytest.mark.quirk("eurostat", 17, "first and last periods of the table of contents stay texts")
def test_eurostat_17_periods_of_the_contents(parse) -> None:
    line = '"    Rates"\t"a"\t"dataset"\t"06.06.2023"\t"12.05.2023"\t"1992Q4"\t"LTAA"\t" "'
    rows = parse(CONTENTS, contents(line))
    (found,) = Warehouse({CONTENTS: rows}).rows("dim_eurostat_dataset")
    assert (found["data_start"], found["data_end"], str(found["last_update"])) == ("1992Q4", "LTAA", "2023-06-06")


STRIDES = '{"version":"2.0","class":"dataset","id":["freq","geo"],"size":[2,1],"value":{"1":28417786122}}'


@pytest.mark.quirk("eurostat", 18, "JSON-stat, which drops unknown codes silently, is asked for nowhere and refused")
@pytest.mark.parametrize(("dataset", "file"), [(COMEXT, "2024-00.csv"), (VICTIMS, "data.tsv")])
def test_eurostat_18_json_stat_is_refused(parse, dataset: str, file: str) -> None:
    with pytest.raises(SchemaDrift, match="JSON in place of a table"):
        parse(dataset, {file: STRIDES.encode()})


@pytest.mark.quirk("eurostat", 19, '7 or 8 fields, blanks as `" "`, a dataset under several themes in any case: once')
def test_eurostat_19_table_of_contents(parse) -> None:
    rates = '"    Rates"\t"%s"\t"dataset"\t"06.06.2023"\t" "\t"1971"\t"2022"\t%s'
    folder = '"Database"\t"data"\t"folder"\t" "\t" "\t" "\t" "'
    (row,) = parse(CONTENTS, contents(folder, rates % ("ERT_BIL_EUR_A", '" "'), rates % ("ert_bil_eur_a", "")))
    assert (row["code"], row["title"], row["data_end"]) == ("ert_bil_eur_a", "Rates", "2022")
    assert row["last_structure_change"] is None


@pytest.mark.quirk("eurostat", 19, "a line of another length, another date or a contradiction fails the file")
@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (['"Rates"\t"a"\t"dataset"'], SchemaDrift),
        (['"Rates"\t"a"\t"dataset"\t"2023-06-06"\t" "\t"1971"\t"2022"'], PayloadInvalid),
        ([f'"Rates"\t"a"\t"dataset"\t"0{day}.06.2023"\t" "\t"1971"\t"2022"' for day in (6, 7)], PayloadInvalid),
    ],
)
def test_eurostat_19_broken_table_of_contents(parse, lines: list[str], kind: type[PayloadInvalid]) -> None:
    with pytest.raises(kind):
        parse(CONTENTS, contents(*lines))


@pytest.mark.quirk("eurostat", 21, "each load keeps code, structure version and UPDATE_DATA; a new structure is noted")
def test_eurostat_21_structure_version_is_noted(server, home) -> None:
    server.says(dataflow("2023", structure="52.0"), on="/dataflow/")
    server.says(dataflow("2023", "2026-01-15T11:00:00+0100", "53.0"), on="/dataflow/")
    server.says("freq,unit,geo\\TIME_PERIOD\t2023 \nA,NR,AT\t5 \n", on="/data/")
    server.says("<m:Structure/>", on="/datastructure/")
    for status, words in (("accepted", ""), ("unchanged", "structure went from version 52.0 to 53.0")):
        endpoints = Endpoints.sandbox(server.url)
        outcome = refresh(home, datasets()[VICTIMS], edition="live", endpoints=endpoints, check=lambda _d, _c: [])
        assert outcome.status == status and words in outcome.message
        kept = lake.last_signal(home, VICTIMS)
        assert kept is not None
    assert (kept["structure"], kept["updated"]) == ("53.0", "2026-01-15T11:00:00+0100")
    assert any("/data/CRIM_THB_VEXP?" in path for path in server.paths)


@pytest.mark.quirk("eurostat", 20, "a gzip body that no header tells of is unpacked")
def test_eurostat_20_gzip_without_content_encoding(server, tmp_path: Path) -> None:
    body = comext(PLASTICS)["2010.csv"]
    server.says(dataflow(), on="/dataflow/")
    server.says(gzip.compress(body), on="/data/")
    client = HttpClient(partners()["eurostat"], Endpoints.sandbox(server.url), classify=eurostat.classify)
    eurostat.fetch(client, datasets()[COMEXT], eurostat.signal(client, datasets()[COMEXT], tmp_path), tmp_path)
    assert (tmp_path / "2010-00.csv").read_bytes() == body


@pytest.mark.quirk("eurostat", 21, "a dataset of ours that left the table of contents is named")
def test_eurostat_21_a_dataset_left_the_contents(parse) -> None:
    kept = [
        f'"x"\t"{code}"\t"dataset"\t"06.06.2023"\t" "\t"1971"\t"2022"' for code in ("CRIM_THB_VEXP", "ert_bil_eur_a")
    ]
    warehouse = Warehouse({CONTENTS: parse(CONTENTS, contents(*kept))})
    assert warehouse.failing("eurostat_dataset_left_the_contents") == [{"code": "crim_thb_vctz"}]
    assert Warehouse({}).failing("eurostat_dataset_left_the_contents") == []


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


KNOWN_LINK = "20212022\t8541 40 10\t8541 41 00"


def links(*lines: str, header: str = "Period\tOrigin code\tDestination code") -> dict[str, bytes]:
    return {"links.txt": "".join(f"{line}\r\n" for line in (header, KNOWN_LINK, *lines) if line).encode()}


@pytest.mark.quirk("eurostat", 24, "blanks leave the codes, periods are texts, rows of one code to itself stay")
def test_eurostat_24_cn8_links(parse) -> None:
    rows = parse(
        LINKS, links("20112012\t03074191\t03074199", "20132014\t0307 41 91\t0307 42 10", "20232024\t85176990\t85176990")
    )
    assert sorted((row["period"], row["origin_code"], row["destination_code"]) for row in rows) == [
        ("20112012", "03074191", "03074199"), ("20132014", "03074191", "03074210"),
        ("20212022", "85414010", "85414100"), ("20232024", "85176990", "85176990"),
    ]  # fmt: skip


@pytest.mark.quirk("eurostat", 24, "links that are not one to one are told apart, and a code keeps its year")
def test_eurostat_24_kinds_of_links(parse) -> None:
    many = ("10000000 20000000", "30000000 40000000", "30000000 50000000", "60000000 50000000", "70000000 20000001",
            "70000000 20000002", "80000000 20000003", "90000000 20000003")  # fmt: skip
    rows = parse(
        LINKS, links(*(f"20162017\t{pair.replace(' ', chr(9))}" for pair in many), "20172018\t30000000\t30000001")
    )
    found = {
        (row["origin_year"], row["origin_code"], row["destination_code"]): row["link_kind"]
        for row in Warehouse({LINKS: rows}).rows("dim_cn8_link")
    }
    assert found[2016, "10000000", "20000000"] == "1:1"
    assert found[2016, "30000000", "50000000"] == "n:m"
    assert found[2016, "70000000", "20000001"] == "1:n"
    assert found[2016, "80000000", "20000003"] == "n:1"
    assert found[2017, "30000000", "30000001"] == "1:1"


@pytest.mark.quirk("eurostat", 24, "a lost zero, swapped columns and an unknown layout are refused")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (links("20112012\t3074191\t03074199"), "two years and two codes"),
        (links("20112013\t03074191\t03074199"), "two years and two codes"),
        ({"links.txt": b"20212022\t85414100\t85414010\n"}, "changed places"),
        ({"links.txt": b"85414010\t01/01/2021\t31/12/2021\t85414100\n"}, "period, old code and new code"),
    ],
)
def test_eurostat_24_another_layout(parse, body: dict[str, bytes], message: str) -> None:
    with pytest.raises(PayloadInvalid, match=message):
        parse(LINKS, body)


PRODCOM = "A,DE,20143430,QNTUNIT\tKG\r\nA,DE,20143430,PQNTFLAG\t:C\r\nA,DE,20143430,PRODQNT\t1200\r\n"


@pytest.mark.quirk("eurostat", 27, "PRODCOM is not asked for: its dimensions are refused")
def test_eurostat_27_prodcom_is_refused(parse) -> None:
    with pytest.raises(SchemaDrift, match="missing columns"):
        parse(VICTIMS, main_base(f"freq,reporter,product,indicators\\TIME_PERIOD\t2022 \r\n{PRODCOM}"))


@pytest.mark.quirk("eurostat", 27, "text in the value column is no figure and no missing value: it holds the load back")
def test_eurostat_27_text_in_place_of_a_value(parse) -> None:
    rows = parse(VICTIMS, main_base("freq,unit,geo\\TIME_PERIOD\t2022 \r\nA,NR,AT\tKG\r\nA,NR,BE\t:C\r\n"))
    found = {row["geo"]: (row["obs_value"], row["obs_value_text"], row["conf_status"]) for row in rows}
    assert found == {"AT": (None, "KG", None), "BE": (None, None, "C")}
    assert findings(datasets()[VICTIMS], rows)["value_parses"] == 1


@pytest.mark.quirk("eurostat", 28, "values keep their decimals")
def test_eurostat_28_decimals(parse) -> None:
    rows = parse(COMEXT, comext(line("57446.55")))
    assert [(row["obs_value"], row["obs_value_text"]) for row in rows] == [(57446.55, None)]
    assert "value_range" not in findings(datasets()[COMEXT], rows)
