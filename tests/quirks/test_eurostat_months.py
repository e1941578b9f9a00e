"""The numbered quirks of Eurostat that Comext's monthly files have, each with its literal row, packed as it comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import lake, months
from ingest.errors import PayloadInvalid
from ingest.http import Endpoints, HttpClient
from ingest.partners import eurostat
from ingest.registry import Dataset, datasets, partners
from ingest.sandbox.seven_zip import seven_zip_bytes
from tests.quirks.conftest import check_of, read_as
from tests.quirks.warehouse import Warehouse, findings

Rows = list[dict[str, Any]]
COMEXT = datasets()["eurostat_comext_full_v2"]
STAGING, MEANING = "stg_eurostat__comext_full_v2", "int_comext_months"
HEADER = (
    "REPORTER,PARTNER,TRADE_TYPE,PRODUCT_NC,PRODUCT_SITC,PRODUCT_CPA21,PRODUCT_CPA22,PRODUCT_BEC,PRODUCT_BEC5,"
    "PRODUCT_SECTION,FLOW,STAT_PROCEDURE,SUPPL_UNIT,PERIOD,VALUE_EUR,VALUE_NAC,QUANTITY_KG,QUANTITY_SUPPL_UNIT"
)
VISIBLE = "AT,AD,E,35069190,59229,2052,2059,220,311210,06,2,1,NO_SU,202402,65,65,3,0"
MASKED = "AT,AD,E,39XXXXXX,582XX,XXXX,XXXX,700,31XXXX,07,2,1,NO_SU,202402,89,89,0,0"
NO_MASS = "AT,AD,E,39269097,89399,2229,2226,620,314200,07,2,1,NO_SU,202402,76,76,0,0"
LISTING = "NAME,TYPE,SIZE,DATE\r\n"


def line(
    value: str = "65", *, reporter: str = "AT", partner: str = "AD", trade_type: str = "E", product: str = "35069190",
    sitc: str = "59229", procedure: str = "1", period: str = "202402", flow: str = "2",
) -> str:  # fmt: skip
    classes = f"{sitc},2052,2059,220,311210,06"
    return (
        f"{reporter},{partner},{trade_type},{product},{classes},{flow},{procedure},NO_SU,{period},{value},{value},3,0"
    )


def packed(*lines: str, period: str = "202402", header: str = HEADER) -> bytes:
    text = "".join(f"{row}\n" for row in (header, *lines))
    return seven_zip_bytes({f"full_{period}.dat": text.encode()})


@pytest.fixture
def month(tmp_path: Path):
    """Rows of the lake of one month's file."""

    def month(*lines: str, period: str = "202402", header: str = HEADER) -> Rows:
        file = {f"full_v2_{period}.7z": packed(*lines, period=period, header=header)}
        return read_as(COMEXT.for_period(period), file, tmp_path)

    return month


def staged(rows: Rows, model: str = STAGING) -> Rows:
    return Warehouse({COMEXT.id: rows}).rows(model)


def found(rows: Rows, period: str = "202402") -> dict[str, int]:
    """What the checks of the month find, less the members that a few rows lack."""
    counts = findings(COMEXT.for_period(period), rows)
    counts.pop("reporters_complete", None)
    return counts


@pytest.mark.quirk("eurostat", 3, "codes of the monthly files keep their leading zeros, with or without a masked row")
@pytest.mark.parametrize("more", [(), (MASKED,)])
def test_eurostat_03_months_keep_leading_zeros(month, more: tuple[str, ...]) -> None:
    row = month(line(product="01012100", sitc="00150"), *more)[0]
    assert (row["product_nc"], row["product_sitc"], row["product_section"]) == ("01012100", "00150", "06")


@pytest.mark.quirk("eurostat", 4, "partner NA of the monthly files is Namibia")
def test_eurostat_04_months_know_namibia(month) -> None:
    (row,) = staged(month(line(partner="NA")), MEANING)
    assert (row["partner"], row["partner_iso3"], row["partner_kind"]) == ("NA", "NAM", "country")


@pytest.mark.quirk("eurostat", 5, "masked products are kept, flagged, counted and never given to an HS6 product")
def test_eurostat_05_masked_products(month) -> None:
    older = "AT,AD,E,99RRR100,.....,....,....,...,......,XX,2,1,NO_SU,202402,11,11,1,0"
    rows = {row["product_nc"]: row for row in staged(month(VISIBLE, MASKED, older))}
    assert {code: (row["is_masked"], row["hs6"]) for code, row in rows.items()} == {
        "35069190": (False, "350691"), "39XXXXXX": (True, None), "99RRR100": (True, None),
    }  # fmt: skip
    assert sum(row["value_eur"] for row in rows.values()) == 65 + 89 + 11


@pytest.mark.quirk("eurostat", 6, "rows of one masked key are added up: none of them is lost as a duplicate")
def test_eurostat_06_masked_keys_repeat(month) -> None:
    other = MASKED.replace("582XX", "583XX").replace(",89,89,0,0", ",11,11,4,0")
    rows = month(MASKED, other)
    assert found(rows) == {}
    (row,) = staged(rows)
    assert (row["value_eur"], row["quantity_kg"], row["product_sitc"]) == (100.0, 4.0, None)


@pytest.mark.quirk("eurostat", 6, "a product that is not masked may not repeat, whatever its classifications say")
def test_eurostat_06_visible_keys_do_not_repeat(month) -> None:
    assert found(month(VISIBLE, VISIBLE.replace("59229", "59230"))) == {"visible_product_once": 1}


TOTAL = "AT,AD,E,TOTAL,.....,....,....,...,......,TO,2,1,NO_SU,202402,{0},{0},3,0"


@pytest.mark.quirk("eurostat", 7, "TOTAL of the monthly files is no data; it must be the sum of all products")
@pytest.mark.parametrize(("total", "wrong"), [("154", 0), ("155", 1), ("65", 1), ("308", 1)])
def test_eurostat_07_totals_are_check_figures(month, total: str, wrong: int) -> None:
    rows = month(VISIBLE, MASKED, TOTAL.format(total))
    assert found(rows).get("totals_equal_parts", 0) == wrong
    assert sum(row["value_eur"] for row in staged(rows)) == 65 + 89


BESIDE = ("full_v2_202452.7z", "full_v2_202400.7z", "full_v2_202413.7z", "full_partxixu_v2_202402.7z",
          "fullxixu202402.7z", "tariff202402.7z", "trhs_v2_202402.7z", "full_v2_202402.7z.bak")  # fmt: skip


@pytest.mark.quirk("eurostat", 8, "annual and other files in the monthly folder are never asked for")
def test_eurostat_08_annual_file_in_the_monthly_folder(server, tmp_path: Path) -> None:
    names = (*BESIDE, "full_v2_202402.7z", "full_v2_202312.7z")
    server.says(LISTING + "".join(f"{name},FILE,7,2026-07-16T11:00:00\r\n" for name in names), on="dir=")
    client = HttpClient(partners()["eurostat"], Endpoints.sandbox(server.url), classify=eurostat.classify)
    assert sorted(eurostat.signal(client, COMEXT, tmp_path)) == ["202312", "202402"]


@pytest.mark.quirk("eurostat", 8, "a file whose rows are of another period than its name is held back")
@pytest.mark.parametrize("period", ["202452", "202401", "203001"])
def test_eurostat_08_period_equals_the_file_name(month, period: str) -> None:
    assert found(month(VISIBLE, line("7", product="38089490", period=period))) == {"period_of_the_file": 1}


@pytest.mark.quirk("eurostat", 8, "an archive with any other member than the month's own is refused")
@pytest.mark.parametrize("name", ["full_202452.dat", "SYNTHETIC_full_v2_202402.dat", "full_v2_202402.dat"])
def test_eurostat_08_member_of_another_name(tmp_path: Path, name: str) -> None:
    file = {"full_v2_202402.7z": seven_zip_bytes({name: f"{HEADER}\n{VISIBLE}\n".encode()})}
    with pytest.raises(PayloadInvalid, match=r"expected full_202402\.dat alone"):
        read_as(COMEXT.for_period("202402"), file, tmp_path)


UNITED_KINGDOM = [
    pytest.param(("GB",), "202012", {}, {"GB": ("GBR", "country")}, id="whole to 2020"),
    pytest.param(("XI", "XU"), "202101", {}, {"XI": ("GBR", "part"), "XU": ("GBR", "part")}, id="parts from 2021"),
    pytest.param(("GB", "XI", "XU"), "202101", {"united_kingdom_once": 1}, None, id="both from 2021"),
]


@pytest.mark.quirk("eurostat", 9, "the United Kingdom is GB or its parts XI and XU: a file with both is held back")
@pytest.mark.parametrize(("partners", "period", "finding", "meaning"), UNITED_KINGDOM)
def test_eurostat_09_months_hold_the_united_kingdom_once(month, partners, period, finding, meaning) -> None:
    rows = month(*(line(partner=code, period=period) for code in partners), period=period)
    assert found(rows, period) == finding
    if meaning:
        shown = staged(rows, MEANING)
        assert {row["partner"]: (row["partner_iso3"], row["partner_kind"]) for row in shown} == meaning


AREAS = [
    ("GR", "202402", "GRC", "country"),
    ("XS", "202402", "SRB", "country"),
    ("QA", "202402", "QAT", "country"),
    ("QP", "202402", None, "not_allocated"),
    ("QZ", "202402", None, "not_allocated"),
    ("CS", "200401", "SCG", "former"),
    ("CS", "202402", None, "unclassified"),
]


@pytest.mark.quirk("eurostat", 10, "area codes of a month mean what they meant in its year; stores stand apart")
@pytest.mark.parametrize(("code", "period", "iso3", "kind"), AREAS)
def test_eurostat_10_months_read_codes_with_validity(
    month, code: str, period: str, iso3: str | None, kind: str
) -> None:
    (row,) = staged(month(line(partner=code, period=period), period=period), MEANING)
    assert (row["partner_iso3"], row["partner_kind"]) == (iso3, kind)


def members(value: str, without: str = "") -> list[str]:
    return [line(value, reporter=code) for code in COMEXT.known["reporter"] if code != without]


@pytest.mark.quirk("eurostat", 22, "a month that lacks members is held back; a revised one replaces it as a whole")
def test_eurostat_22_incomplete_and_revised_months(server, home, refreshed) -> None:
    loose = COMEXT.tolerances.model_copy(update={"min_rows": 1, "max_changed_pct": 100.0})
    dataset: Dataset = COMEXT.model_copy(update={"tolerances": loose}).for_period("202402")
    for value, missing in (("5", ""), ("6", "DE"), ("7", "")):
        body = packed(*members(value, missing))
        server.says(f"{LISTING}full_v2_202402.7z,FILE,{len(body)},{value}\r\n", on="dir=")
        server.says(body, on="file=")
    outcomes = [refreshed(dataset) for _delivery in range(3)]
    assert [outcome.status for outcome in outcomes] == ["accepted", "quarantined", "accepted"]
    assert check_of(outcomes[1], "reporters_complete")["examples"] == [{"reporter": "DE"}]
    assert outcomes[1].snapshot_id == outcomes[0].snapshot_id
    assert outcomes[2].message == "27 rows: 0 added, 0 removed, 27 changed"
    (now,) = months.serving(home, COMEXT).values()
    assert duckdb.sql(f"select count(*), sum(obs_value) from '{now.data}'").fetchall() == [(27, 27 * 7.0)]
    assert len(lake.vintages(home, dataset.id)) == 2


@pytest.mark.quirk("eurostat", 22, "a month is provisional until October of the year after")
def test_eurostat_22_months_are_provisional(month) -> None:
    """Judged by the newest delivery, so that another day makes no other table."""
    (row,) = month(VISIBLE)
    rows = [{**row, "period": f"{year}12"} for year in (2023, 2024)]
    for newest, provisional in {"2025-09-30": [False, True], "2025-10-01": [False, False]}.items():
        known = [
            {"dataset_id": COMEXT.for_period(period).id, "snapshot_id": period, "retrieved_at": f"{day}T05:00:00Z"}
            for period, day in {"202312": "2024-02-16", "202412": newest}.items()
        ]
        shown = Warehouse({COMEXT.id: rows, "vintage": known}).rows(STAGING)
        assert [r["is_provisional"] for r in sorted(shown, key=lambda r: r["time_period"])] == provisional


@pytest.mark.quirk("eurostat", 23, "a value of the monthly files without mass has no unit value")
def test_eurostat_23_months_with_zero_mass(month) -> None:
    rows = {row["product_nc"]: row for row in staged(month(NO_MASS, VISIBLE))}
    assert (rows["39269097"]["value_eur"], rows["39269097"]["quantity_kg"]) == (76.0, 0.0)
    assert rows["39269097"]["unit_value_eur_per_kg"] is None
    assert rows["35069190"]["unit_value_eur_per_kg"] == pytest.approx(65 / 3)


@pytest.mark.quirk("eurostat", 25, "dots fill an unknown classification, which is NULL")
def test_eurostat_25_dots_are_unknown(month) -> None:
    old = "AT,AD,E,22082012,.....,....,....,122,......,04,2,1,NO_SU,200201,65,65,3,0"
    (row,) = staged(month(old, period="200201"))
    names = ("product_sitc", "product_cpa21", "product_cpa22", "product_bec", "product_bec5", "product_section")
    assert [row[name] for name in names] == [None, None, None, "122", None, "04"]


@pytest.mark.quirk("eurostat", 26, "procedures are part of the key; the codes before 2010 get today's beside them")
def test_eurostat_26_procedures(month) -> None:
    rows = month(*(line(procedure=code, period="200912") for code in "135679"), period="200912")
    assert found(rows, "200912") == {}
    assert [(row["stat_procedure"], row["stat_procedure_current"]) for row in staged(rows)] == [
        ("1", "1"), ("3", "3"), ("5", "2"), ("6", "2"), ("7", "3"), ("9", "9"),
    ]  # fmt: skip


@pytest.mark.quirk("eurostat", 28, "values of the monthly files keep their decimals")
def test_eurostat_28_months_with_decimals(month) -> None:
    (row,) = staged(month(line("57446.55")))
    assert (row["value_eur"], row["value_nac"]) == (57446.55, 57446.55)


@pytest.mark.quirk("eurostat", 28, "a text or a negative number for a value or a quantity is held back")
@pytest.mark.parametrize(
    ("cells", "check"),
    [("x,65,3,0", "value_parses"), ("-65,65,3,0", "value_range"), ("65,x,3,0", "measures_are_numbers"),
     ("65,65,-3,0", "measures_are_numbers"), (",65,3,0", "required_not_null")],
)  # fmt: skip
def test_eurostat_28_months_without_numbers(month, cells: str, check: str) -> None:
    assert check in found(month(VISIBLE.replace("65,65,3,0", cells)))


@pytest.mark.parametrize("header", [HEADER, HEADER.replace("PRODUCT_CPA22,", "")])
def test_both_forms_of_the_header_are_read(month, header: str) -> None:
    """17 columns were still sent in February 2026; line ends may be either."""
    row = VISIBLE if header == HEADER else VISIBLE.replace("2052,2059,", "2052,")
    (found_row,) = month(f"{row}\r", header=f"{header}\r")
    assert found_row["product_cpa22"] == ("2059" if header == HEADER else None)
    assert (found_row["product_bec"], found_row["obs_value"], found_row["quantity_suppl_unit"]) == ("220", 65.0, "0")


def test_the_quoted_rows_of_the_real_file_are_read(month, shared: Path) -> None:
    file = shared / "wire" / "eurostat" / "comext" / "full_v2_202402_rows_quoted_AT_AD.dat"
    header, *lines = file.read_text().splitlines()
    rows = staged(month(*lines, header=header))
    assert len(rows) == 13
    assert sum(row["value_eur"] for row in rows) == 7713
    assert sum(row["quantity_kg"] == 0 for row in rows) == 6
    assert sum(row["is_masked"] for row in rows) == 1
