"""Each partner's three functions: what moved, what is fetched, how it is read. Literal catalogues and literal slips."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest import lake
from ingest.errors import (
    DatasetRetired,
    IngestError,
    PartnerUnavailable,
    PayloadCut,
    PayloadInvalid,
    RequestRefused,
    SchemaDrift,
)
from ingest.http import Endpoints, HttpClient
from ingest.partners import connector, eurostat, fao, ilab, ilo, world_bank
from ingest.registry import Dataset, Partner, datasets, partners
from ingest.sandbox import sample_edition
from ingest.sandbox.sample_edition import fao as fao_edition

QCL = datasets()["fao_qcl"]
A871 = datasets()["ilo_sdg_a871_sex_age_rt"]
SOURCE = datasets()["ilo_source"]
WDI = datasets()["world_bank_wdi"]
COUNTRY = datasets()["world_bank_country"]
COMEXT = datasets()["eurostat_ds_045409"]
GOODS = datasets()["ilab_goods"]
FINDINGS = datasets()["ilab_findings"]


def client_for(partner: str, url: str) -> HttpClient:
    known: Partner = partners()[partner]
    return HttpClient(known, Endpoints.sandbox(url), classify=connector(known).classify)


def signal(dataset: Dataset, url: str, work: Path) -> dict[str, Any]:
    client = client_for(dataset.partner, url)
    return connector(client.partner).signal(client, dataset, work)


def deliver(dataset: Dataset, url: str, folder: Path) -> tuple[dict[str, Any], Path]:
    """Signal and payload folder of a whole conversation with the partner."""
    files = folder / "payload"
    files.mkdir(parents=True)
    client = client_for(dataset.partner, url)
    module = connector(client.partner)
    said = module.signal(client, dataset, folder)
    module.fetch(client, dataset, said, files)
    return said, files


def read(dataset: Dataset, files: Path, folder: Path) -> list[dict[str, Any]]:
    """The lake rows of a delivery."""
    work = folder / "text"
    work.mkdir(parents=True)
    tables = connector(partners()[dataset.partner]).read(dataset, files, work)
    dest = folder / "data.parquet"
    lake.load(dataset, tables, dest)
    return select(f"select * from '{dest}'")


def select(sql: str) -> list[dict[str, Any]]:
    with lake.connect() as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def sample_rows(table: str, **where: str) -> list[dict[str, str]]:
    with (sample_edition.BUNDLED / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if where.items() <= row.items()]


# A dataset in months stands here for one of them.
REGISTERED = [dataset.for_period("202402") if dataset.months else dataset for dataset in datasets().values()]

# --- all partners against the sample edition -------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", REGISTERED, ids=list(datasets()))
def test_every_dataset_of_the_registry_is_offered_fetched_and_read(dataset, sandbox, tmp_path):
    said, files = deliver(dataset, sandbox.url, tmp_path)
    rows = read(dataset, files, tmp_path)
    assert said["updated"].startswith("2026-02-17")
    assert len(rows) >= dataset.tolerances.min_rows
    keys = [tuple(row[name] for name in dataset.key) for row in rows]
    assert len(set(keys)) == len(keys)
    required = [column.name for column in dataset.columns if column.required]
    assert [name for name in required if any(row[name] is None for row in rows)] == []


@pytest.mark.parametrize("dataset", REGISTERED, ids=list(datasets()))
def test_the_signal_is_the_same_until_the_partner_updates(dataset, sandbox, tmp_path):
    first = signal(dataset, sandbox.url, tmp_path)
    assert signal(dataset, sandbox.url, tmp_path) == first
    sandbox.touch()
    assert signal(dataset, sandbox.url, tmp_path) != first


@pytest.mark.parametrize("dataset", REGISTERED, ids=list(datasets()))
def test_asking_what_moved_fetches_no_payload(dataset, sandbox, tmp_path):
    signal(dataset, sandbox.url, tmp_path)
    (asked,) = {request.split("?")[0] for request in sandbox.requests}
    assert asked in {
        "/bulks-faostat.fao.org/production/datasets_E.json",
        "/rplumber.ilo.org/metadata/toc/indicator",
        "/api.worldbank.org/v2/sources",
        "/ec.europa.eu/eurostat/api/comext/dissemination/sdmx/2.1/dataflow/ESTAT/DS-045409",
        "/ec.europa.eu/eurostat/api/dissemination/sdmx/2.1/dataflow/ESTAT/CRIM_THB_VCTZ",
        "/ec.europa.eu/eurostat/api/dissemination/sdmx/2.1/dataflow/ESTAT/CRIM_THB_VEXP",
        "/ec.europa.eu/eurostat/api/dissemination/sdmx/2.1/dataflow/ESTAT/ERT_BIL_EUR_A",
        "/ec.europa.eu/eurostat/api/dissemination/catalogue/toc/txt",
        "/ec.europa.eu/eurostat/api/dissemination/files",
        "/apiprod.dol.gov/v4/datasets",
    }


def test_figures_arrive_as_the_sample_has_them(sandbox, tmp_path):
    _said, files = deliver(QCL, sandbox.url, tmp_path)
    rows = read(QCL, files, tmp_path)
    assert len(rows) == len(sample_rows("fao_qcl"))
    (row,) = [
        r for r in rows if (r["ref_area"], r["item"], r["element"], r["time_period"]) == ("1", "826", "5510", "2020")
    ]
    assert (row["obs_value"], row["unit_measure"], row["obs_flag"], row["ref_area_m49"]) == (716.0, "t", "A", "051")


# --- FAO -------------------------------------------------------------------------------------------------------------

ENTRY = {
    "DatasetCode": "QCL", "DatasetName": "Production: Crops and livestock products", "Topic": None,
    "DatasetDescription": None, "Email": None, "DateUpdate": "2025-12-31T00:00:00", "FileSize": "33127KB",
    "FileRows": 4209110,
    "FileLocation": "https://bulks-faostat.fao.org/production/Production_Crops_Livestock_E_All_Data_(Normalized).zip",
}  # fmt: skip
QCL_HEADER = ",".join(fao_edition.SERIES)


def fao_catalogue(server, *entries: dict[str, Any]) -> None:
    server.says(json.dumps({"Datasets": {"-xmlns:xsi": "x", "Dataset": list(entries)}}))


def fao_zip(folder: Path, **members: bytes) -> Path:
    files = folder / "payload"
    files.mkdir()
    with zipfile.ZipFile(files / "data.zip", "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return files


def test_the_catalogue_row_is_the_signal_without_its_texts(server, tmp_path):
    fao_catalogue(server, ENTRY | {"DatasetCode": "TM"}, ENTRY)
    assert signal(QCL, server.url, tmp_path) == {
        "updated": "2025-12-31T00:00:00", "rows": 4209110, "size": "33127KB", "location": ENTRY["FileLocation"],
    }  # fmt: skip


def test_texts_of_the_catalogue_that_move_by_themselves_are_no_signal(server, tmp_path):
    fao_catalogue(server, ENTRY)
    fao_catalogue(server, ENTRY | {"Topic": "Viale delle Terme di Caracalla, 00153 Rome, Italy"})
    first = signal(QCL, server.url, tmp_path)
    assert signal(QCL, server.url, tmp_path) == first


@pytest.mark.parametrize("changed", [{"FileRows": 4209111}, {"FileSize": "33128KB"}, {"DateUpdate": "1991-12-31"}])
def test_any_other_difference_is_one(server, tmp_path, changed):
    fao_catalogue(server, ENTRY)
    fao_catalogue(server, ENTRY | changed)
    first = signal(QCL, server.url, tmp_path)
    assert signal(QCL, server.url, tmp_path) != first


def test_a_catalogue_with_an_object_in_place_of_a_list_is_read(server, tmp_path):
    server.says(json.dumps({"Datasets": {"Dataset": ENTRY}}))
    assert signal(QCL, server.url, tmp_path)["rows"] == 4209110


def test_a_code_that_left_the_catalogue_is_retired_and_named(server, tmp_path):
    fao_catalogue(server, ENTRY | {"DatasetCode": "QCL2"})
    with pytest.raises(DatasetRetired, match="code QCL is not in the catalogue") as caught:
        signal(QCL, server.url, tmp_path)
    assert caught.value.url.endswith("/production/datasets_E.json")
    assert "change `code`" in caught.value.remedy


def test_an_empty_catalogue_is_no_success(server, tmp_path):
    fao_catalogue(server)
    with pytest.raises(DatasetRetired):
        signal(QCL, server.url, tmp_path)


def test_a_code_twice_in_the_catalogue_is_refused(server, tmp_path):
    fao_catalogue(server, ENTRY, ENTRY)
    with pytest.raises(PayloadInvalid, match="code QCL twice"):
        signal(QCL, server.url, tmp_path)


@pytest.mark.parametrize("body", ["[]", '{"Datasets": null}', '{"Datasets": {}}', '{"datasets": []}'])
def test_a_catalogue_of_another_shape_is_refused(server, tmp_path, body):
    server.says(body)
    with pytest.raises(PayloadInvalid, match="another shape"):
        signal(QCL, server.url, tmp_path)


def test_the_location_of_the_catalogue_is_fetched_with_escaped_brackets(server, tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x", "y")
    fao_catalogue(server, ENTRY)
    server.says(out.getvalue(), on=".zip")
    deliver(QCL, server.url, tmp_path)
    assert server.paths[1].endswith("/production/Production_Crops_Livestock_E_All_Data_(Normalized).zip")


def test_403_of_fao_means_missing_blocked_or_removed_and_is_not_retried(server, tmp_path):
    server.says("<Error><Code>AccessDenied</Code></Error>", 403)
    with pytest.raises(RequestRefused, match="HTTP 403") as caught:
        signal(QCL, server.url, tmp_path)
    assert "403 means" in caught.value.remedy
    assert len(server.paths) == 1


def test_rows_in_cp1252_with_apostrophe_codes_and_bare_empties(tmp_path):
    body = (
        f"{QCL_HEADER}\r\n"
        '"107","\'384","C\xf4te d\'Ivoire","661","\'01640","Cocoa beans","5510","Production","2020","2020",'
        '"t","2200000","A",\r\n'
        '"4","\'012","Algeria","162","\'2351f","Raw cane or beet sugar","5510","Production","2020","2020",'
        '"t",,"O",\r\n'
    ).encode("cp1252")
    files = fao_zip(tmp_path, **{"P_E_All_Data_(Normalized).csv": body, "P_E_Flags.csv": b"Flag, Description\r\n"})
    first, second = read(QCL, files, tmp_path)
    assert (first["ref_area"], first["ref_area_m49"], first["ref_area_label"]) == ("107", "384", "Côte d'Ivoire")
    assert (first["item_cpc"], first["obs_value"], first["note"]) == ("01640", 2_200_000.0, None)
    assert (second["ref_area_m49"], second["item_cpc"]) == ("012", "2351f")
    assert (second["obs_value"], second["obs_value_text"], second["obs_flag"]) == (None, None, "O")


def test_a_release_without_cpc_and_note_is_read_by_name(tmp_path):
    body = (
        b"Area Code,Area Code (M49),Area,Element Code,Element,Item Code,Item,Year Code,Year,Unit,Value,Flag\r\n"
        b"4,'012,Algeria,5510,Production,328,Seed cotton,2020,2020,t,<0.1,E\r\n"
    )
    (row,) = read(QCL, fao_zip(tmp_path, **{"p_e_all_data_(normalized).CSV": body}), tmp_path)
    assert (row["element"], row["item"], row["item_cpc"], row["note"]) == ("5510", "328", None, None)
    assert (row["obs_value"], row["obs_value_text"], row["obs_qualifier"]) == (None, "<0.1", "<")


@pytest.mark.parametrize(
    ("names", "count"),
    [(["P_E_AreaCodes.csv"], 0), (["A_E_All_Data_(Normalized).csv", "B_E_All_Data_(Normalized).csv"], 2)],
)
def test_a_zip_without_its_one_main_member_is_refused(tmp_path, names, count):
    files = fao_zip(tmp_path, **dict.fromkeys(names, b"a,b\n"))
    with pytest.raises(PayloadInvalid, match=f"{count} members named"):
        fao.read(QCL, files, tmp_path)


# --- ILO -------------------------------------------------------------------------------------------------------------

CONTENTS = [
    {"id": "SDG_A871_SEX_AGE_RT_A", "indicator": "SDG_A871_SEX_AGE_RT", "last.update": "05/02/2026 07:10:19",
     "n.records": 2},
    {"id": "SDG_0831_SEX_ECO_RT_A", "indicator": "SDG_0831_SEX_ECO_RT", "last.update": "24/01/2026 07:10:19",
     "n.records": 9},
]  # fmt: skip
LAYOUT_2024 = (
    "\ufeffref_area,indicator,source,sex,classif1,time,obs_value,obs_status,note_classif,note_indicator,note_source\n"
    "AGO,SDG_A871_SEX_AGE_RT,BB:13366,SEX_T,AGE_CLDVERSION_Y15-17,2004,,U,,I11:264,R1:3513\n"
    "NAM,SDG_A871_SEX_AGE_RT,BA:1,SEX_F,AGE_CLDVERSION_Y5-11,2018,53.525,,,,\n"
)
LAYOUT_2026 = (
    '\ufeff"ref_area","source","indicator","sex","classif1","time","obs_value","obs_status"\n'
    '"AGO","BB:13366","SDG_A871_SEX_AGE_RT","SEX_T","AGE_CLDVERSION_Y15-17","2004",,"U"\n'
    '"NAM","BA:1","SDG_A871_SEX_AGE_RT","SEX_F","AGE_CLDVERSION_Y5-11","2018",53.525,\n'
)


def test_the_stamp_of_the_ilo_is_day_before_month(server, tmp_path):
    server.says(json.dumps(CONTENTS))
    assert signal(A871, server.url, tmp_path) == {"updated": "2026-02-05T07:10:19", "records": 2}


def test_a_dictionary_moves_with_the_newest_of_all_datasets(server, tmp_path):
    server.says(json.dumps([*CONTENTS, {}]))
    assert signal(SOURCE, server.url, tmp_path) == {"updated": "2026-02-05T07:10:19"}


def test_a_stamp_in_the_future_is_an_error_and_not_fresh(server, tmp_path):
    stamp = f"{datetime.now(UTC) + timedelta(days=40):%d/%m/%Y} 07:10:19"
    server.says(json.dumps([CONTENTS[0] | {"last.update": stamp}]))
    with pytest.raises(PayloadInvalid, match=f"last.update {stamp} lies in the future"):
        signal(A871, server.url, tmp_path)


def test_an_id_that_left_the_table_of_contents_is_retired_and_named(server, tmp_path):
    server.says(json.dumps(CONTENTS[1:]))
    with pytest.raises(DatasetRetired, match="id SDG_A871_SEX_AGE_RT_A is not in the table of contents") as caught:
        signal(A871, server.url, tmp_path)
    assert "change `code`" in caught.value.remedy


def test_the_data_are_asked_for_in_code_mode_and_best_source(server, tmp_path):
    server.says(json.dumps(CONTENTS), on="/toc/")
    server.says(LAYOUT_2026, on="/data/indicator")
    deliver(A871, server.url, tmp_path)
    assert server.paths[1] == (
        "/rplumber.ilo.org/data/indicator?id=SDG_A871_SEX_AGE_RT_A&best_source=yes&type=code&lang=en&format=.csv"
    )


@pytest.mark.parametrize("answer", ["[{}]", '[{"area": "AGO"}]', '{"sex": "SEX_T"}', "[1]"])
def test_a_list_of_codes_that_is_none_stops_the_delivery(server, tmp_path, answer):
    server.says(json.dumps(CONTENTS), on="/toc/")
    server.says(LAYOUT_2026, on="/data/indicator")
    server.says(answer, on="/metadata/dic?var=sex&lang")
    with pytest.raises(PayloadInvalid, match="a list of"):
        deliver(A871, server.url, tmp_path)


@pytest.mark.parametrize("layout", [LAYOUT_2024, LAYOUT_2026])
def test_both_layouts_give_the_same_rows(server, tmp_path, layout):
    server.says(json.dumps(CONTENTS), on="/toc/")
    server.says(layout, on="/data/indicator")
    _said, files = deliver(A871, server.url, tmp_path)
    first, second = read(A871, files, tmp_path)
    assert (first["ref_area"], first["source"], first["classif1"]) == ("AGO", "BB:13366", "AGE_CLDVERSION_Y15-17")
    assert (first["obs_value"], first["obs_value_text"], first["obs_status"]) == (None, None, "U")
    assert (second["ref_area"], second["sex"], second["obs_value"], second["obs_status"]) == (
        "NAM", "SEX_F", 53.525, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        LAYOUT_2026.split("\n")[0] + "\n",
        LAYOUT_2026[:-60],
        LAYOUT_2026.removesuffix("\n"),
        LAYOUT_2026 + '"X01","XA:1","SDG_A871_SEX_AGE_RT","SEX_T","AGE_CLDVERSION_Y5-11","2018",1,\n',
    ],
)
def test_rows_other_than_the_catalogue_promised_are_a_cut_body(server, tmp_path, body):
    server.says(json.dumps(CONTENTS), on="/toc/")
    server.says(body, on="/data/indicator")
    with pytest.raises(PayloadCut) as caught:
        deliver(A871, server.url, tmp_path)
    assert caught.value.expected == "2, as the table of contents says"


def test_a_label_file_is_drift(server, tmp_path):
    labels = (
        '"ref_area.label","source.label","indicator.label","sex.label","time","obs_value"\n"Angola","x","y","z",1,2\n'
    )
    server.says(json.dumps(CONTENTS), on="/toc/")
    server.says(labels + '"Angola","x","y","z",2,2\n', on="/data/indicator")
    _said, files = deliver(A871, server.url, tmp_path)
    with pytest.raises(SchemaDrift, match=r"missing columns \['classif1', 'indicator', 'ref_area', 'sex', 'source'\]"):
        read(A871, files, tmp_path)


def test_the_dictionary_ends_with_an_empty_object(server, tmp_path):
    entries = [
        {"source": "BA:829", "source.label": 'CIV - LFS - "Labour, Force" Survey', "ref_area": "CIV"},
        {"source": "XA:1", "source.label": "ILO - Modelled Estimates"},
        {},
    ]
    server.says(json.dumps(CONTENTS), on="/toc/")
    server.says(json.dumps(entries), on="/metadata/dic")
    _said, files = deliver(SOURCE, server.url, tmp_path)
    first, second = read(SOURCE, files, tmp_path)
    assert (first["source"], first["source_label"]) == ("BA:829", 'CIV - LFS - "Labour, Force" Survey')
    assert (second["source"], second["ref_area"]) == ("XA:1", None)


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind"),
    [
        (400, b'{"error":"deprecated or invalid dataset id=FOO_BAR_A"}', {}, DatasetRetired),
        (403, b"<title>Just a moment...</title>", {}, PartnerUnavailable),
        (403, b"", {"cf-mitigated": "challenge"}, PartnerUnavailable),
        (200, b"500 - Internal Server Error", {}, PartnerUnavailable),
    ],
)
def test_the_ilo_has_its_own_ways_to_say_no(status, body, headers, kind):
    assert type(ilo.classify(status, body, headers)) is kind


@pytest.mark.parametrize(("status", "body"), [(200, b'"ref_area"'), (400, b"bad"), (403, b"no"), (503, b"busy")])
def test_what_the_ilo_says_as_everybody_does_is_left_to_the_general_rules(status, body):
    assert ilo.classify(status, body, {}) is None


# --- World Bank ------------------------------------------------------------------------------------------------------

ONE_SERIES = WDI.model_copy(update={"series": WDI.series[:1]})
SOURCES = [
    {"page": "1", "pages": "1", "per_page": "1000", "total": "2"},
    [{"id": "1", "lastupdated": "2021-08-18"}, {"id": "2", "lastupdated": "2026-07-13"}],
]


def wb_row(**changes: Any) -> dict[str, Any]:
    return {
        "indicator": {"id": "SL.TLF.0714.ZS", "value": "Children in employment, total"},
        "country": {"id": "BD", "value": "Bangladesh"}, "countryiso3code": "BGD", "date": "2003",
        "value": 17.5385033159, "unit": "", "obs_status": "", "decimal": 0, "footnote": "",
    } | changes  # fmt: skip


def wb_page(rows: list[dict[str, Any]] | None, **header: Any) -> str:
    known = {"page": 1, "pages": 1, "per_page": 20000, "total": len(rows or []), "lastupdated": "2026-07-13"}
    return json.dumps([known | header, rows])


def wb_rows(server, folder: Path, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    server.says(json.dumps(SOURCES), on="/v2/sources")
    server.says(wb_page(list(rows)), on="/indicator/")
    _said, files = deliver(ONE_SERIES, server.url, folder)
    return read(ONE_SERIES, files, folder)


def test_the_stamp_is_that_of_our_source(server, tmp_path):
    server.says(json.dumps(SOURCES))
    assert signal(WDI, server.url, tmp_path) == {"updated": "2026-07-13"}


def test_a_source_that_left_the_list_is_retired(server, tmp_path):
    server.says(json.dumps([SOURCES[0], SOURCES[1][:1]]))
    with pytest.raises(DatasetRetired, match="source 2 is not in the list of sources"):
        signal(WDI, server.url, tmp_path)


def test_a_row_is_flattened_and_keeps_every_digit(server, tmp_path):
    (row,) = wb_rows(server, tmp_path, wb_row())
    assert (row["ref_area"], row["indicator"], row["time_period"]) == ("BGD", "SL.TLF.0714.ZS", "2003")
    assert (row["indicator_label"], row["obs_value"]) == ("Children in employment, total", 17.5385033159)
    assert (row["obs_status"], row["footnote"], row["is_synthetic"]) == (None, None, False)


LISTED = [{"id": "HIC", "iso2Code": "XD", "name": "High income"}, {"id": "NAM", "iso2Code": "NA", "name": "Namibia"}]


@pytest.mark.parametrize(("letters", "code"), [("XD", "HIC"), ("NA", "NAM"), ("GHA", "GHA"), ("Q9", "Q9")])
def test_a_row_without_three_letters_is_looked_up_in_the_banks_list(server, tmp_path, letters, code):
    server.says(wb_page(LISTED), on="/v2/country?")
    (found,) = wb_rows(server, tmp_path, wb_row(country={"id": letters, "value": "name"}, countryiso3code=""))
    assert found["ref_area"] == code


def test_the_list_is_not_asked_for_without_need(server, tmp_path):
    wb_rows(server, tmp_path, wb_row())
    assert not [path for path in server.paths if "/v2/country?" in path]


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        (0, 0.0, None), (2.76724837946435e-05, 2.76724837946435e-05, None),
        (27157914000000, 27157914000000.0, None), (-5955151, -5955151.0, None), ("38.7", 38.7, None),
        ("..", None, ".."), (float("nan"), None, "nan"), (float("inf"), None, "inf"),
    ],
)  # fmt: skip
def test_values_of_a_page(server, tmp_path, value, number, text):
    (row,) = wb_rows(server, tmp_path, wb_row(value=value))
    assert (row["obs_value"], row["obs_value_text"]) == (number, text)


def test_the_mark_of_a_generated_row_comes_through(server, tmp_path):
    rows = wb_rows(server, tmp_path, wb_row(), wb_row(date="2006", A87_SYNTHETIC="1"))
    assert [(row["time_period"], row["is_synthetic"]) for row in rows] == [("2003", False), ("2006", True)]


def test_null_in_place_of_rows_is_no_data_and_no_error(server, tmp_path):
    empty = {"page": 0, "pages": 0, "per_page": 0, "total": 0, "sourceid": None, "lastupdated": None}
    server.says(json.dumps(SOURCES), on="/v2/sources")
    server.says(json.dumps([empty, None]), on="/indicator/")
    _said, files = deliver(ONE_SERIES, server.url, tmp_path)
    assert list(files.iterdir()) == [files / "SL.TLF.0714.ZS-0001.json"]


def test_one_request_a_series_with_footnotes(server, tmp_path):
    two = WDI.model_copy(update={"series": WDI.series[:2]})
    server.says(json.dumps(SOURCES), on="/v2/sources")
    server.says(wb_page([wb_row()]), on="/indicator/")
    deliver(two, server.url, tmp_path)
    base, query = "/api.worldbank.org/v2/country/all/indicator", "format=json&per_page=20000&page=1&source=2&footnote=y"
    assert server.paths[1:] == [f"{base}/SL.TLF.0714.ZS?{query}", f"{base}/SL.TLF.0714.MA.ZS?{query}"]


def test_a_second_page_is_fetched(server, tmp_path):
    server.says(json.dumps(SOURCES), on="/v2/sources")
    server.says(wb_page([wb_row()], pages=2, total=2), on="page=1&")
    server.says(wb_page([wb_row(date="2006")], page=2, pages=2, total=2), on="page=2&")
    _said, files = deliver(ONE_SERIES, server.url, tmp_path)
    assert [row["time_period"] for row in read(ONE_SERIES, files, tmp_path)] == ["2003", "2006"]


def test_an_empty_cell_is_no_row_unless_it_has_a_footnote(server, tmp_path):
    rows = wb_rows(server, tmp_path, wb_row(value=None), wb_row(value=None, date="2006", footnote="MICS."))
    assert [(row["time_period"], row["obs_value"], row["footnote"]) for row in rows] == [("2006", None, "MICS.")]


def test_rows_without_the_column_of_values_are_drift_and_not_empty_cells(server, tmp_path):
    renamed = wb_row()
    renamed["val"] = renamed.pop("value")
    with pytest.raises(SchemaDrift, match=r"missing columns \['value'\]"):
        wb_rows(server, tmp_path, renamed)


def test_an_indicator_nobody_asked_for_is_refused(server, tmp_path):
    with pytest.raises(PayloadInvalid, match=r"nobody asked for: \['SP.POP.TOTL'\]"):
        wb_rows(server, tmp_path, wb_row(), wb_row(indicator={"id": "SP.POP.TOTL", "value": "Population"}))


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (
            '[{"message":[{"id":"175","key":"Invalid format","value":"The indicator was not found. It may have been '
            'deleted or archived."}]}]',
            DatasetRetired,
            "archived",
        ),
        (
            '\ufeff<?xml version="1.0"?><wb:error xmlns:wb="x"><wb:message id="175" key="Invalid format">The indicator '
            "was not found. It may have been deleted or archived.</wb:message></wb:error>",
            DatasetRetired,
            "archived",
        ),
        (
            '[{"message":[{"id":"120","key":"Invalid value","value":"The provided parameter value is not valid"}]}]',
            RequestRefused,
            "message 120",
        ),
        ('<wb:error><wb:message id="120" key="k">not valid</wb:message></wb:error>', RequestRefused, "message 120"),
    ],
)
def test_an_error_inside_a_200_is_permanent_and_named(server, tmp_path, body, kind, says):
    server.says(json.dumps(SOURCES), on="/v2/sources")
    server.says(body, on="/indicator/")
    with pytest.raises(kind, match=says) as caught:
        deliver(ONE_SERIES, server.url, tmp_path)
    assert "/indicator/SL.TLF.0714.ZS" in caught.value.url
    assert len(server.paths) == 2


def test_an_html_page_with_200_is_asked_for_again(server, tmp_path):
    server.says(json.dumps(SOURCES), on="/v2/sources")
    server.says("<!DOCTYPE html><html>Request Error</html>", on="/indicator/")
    server.says(wb_page([wb_row()]), on="/indicator/")
    _said, files = deliver(ONE_SERIES, server.url, tmp_path)
    assert len(read(ONE_SERIES, files, tmp_path)) == 1


def test_rows_short_of_the_total_are_refused(server, tmp_path):
    server.says(json.dumps(SOURCES), on="/v2/sources")
    server.says(wb_page([wb_row()], total=281), on="/indicator/")
    with pytest.raises(PayloadInvalid, match="1 rows of 281"):
        deliver(ONE_SERIES, server.url, tmp_path)


def test_a_country_and_an_aggregate_that_share_the_letters_na(server, tmp_path):
    def entity(code: str, iso2: str, name: str, region: dict[str, str], income: dict[str, str]) -> dict[str, Any]:
        return {
            "id": code, "iso2Code": iso2, "name": name, "region": region, "incomeLevel": income,
            "adminregion": {"id": "", "iso2code": "", "value": ""},
            "lendingType": {"id": "", "iso2code": "", "value": "Aggregates"},
            "capitalCity": "", "longitude": "", "latitude": "",
        }  # fmt: skip

    africa = {"id": "SSF", "iso2code": "ZG", "value": "Sub-Saharan Africa "}
    group = {"id": "NA", "iso2code": "NA", "value": "Aggregates"}
    rows = [
        entity("NAM", "NA", "Namibia", africa, {"id": "LMC", "iso2code": "XN", "value": "Lower middle income"}),
        entity("AFE", "ZH", "Africa Eastern and Southern", group, group),
    ]
    server.says(json.dumps(SOURCES), on="/v2/sources")
    server.says(wb_page(rows), on="/v2/country")
    _said, files = deliver(COUNTRY, server.url, tmp_path)
    namibia, aggregate = read(COUNTRY, files, tmp_path)
    assert (namibia["ref_area"], namibia["ref_area_iso2"], namibia["region_id"]) == ("NAM", "NA", "SSF")
    assert namibia["region_label"] == "Sub-Saharan Africa "
    assert (aggregate["region_id"], aggregate["income_group_id"], aggregate["capital_city"]) == ("NA", "NA", None)


WIDE = (
    '\ufeff"Data Source","World Development Indicators",\r\n\r\n"Last Updated Date","2020-07-01",\r\n\r\n'
    '"Country Name","Country Code","Indicator Name","Indicator Code","2003","2006",\r\n'
    '"Bangladesh","BGD","Children in employment","SL.TLF.0714.ZS","17.5385033159","",\r\n'
)
ZIPPED = WDI.model_copy(update={"request": {"door": "bulk", "zip": "WDI_CSV.zip"}, "series": WDI.series[:1]})


@pytest.mark.parametrize("name", ["API_BGD_DS2_en_csv_v2_1217649.csv", "WDICSV.csv", "WDIData.csv"])
def test_the_data_member_of_a_zip_is_found_whatever_its_place(tmp_path, name):
    members = {"Metadata_Indicator_API_BGD.csv": "x", name: WIDE, "WDICountry.csv": "y"}
    files = fao_zip(tmp_path, **{member: text.encode() for member, text in members.items()})
    rows = read(ZIPPED, files, tmp_path)
    assert [(row["ref_area"], row["time_period"], row["obs_value"]) for row in rows] == [
        ("BGD", "2003", 17.5385033159),
    ]


@pytest.mark.parametrize(("names", "count"), [(["Metadata.csv"], 0), (["API_a.csv", "API_b.csv"], 2)])
def test_a_zip_without_its_one_data_member_is_refused(tmp_path, names, count):
    files = fao_zip(tmp_path, **dict.fromkeys(names, WIDE.encode()))
    with pytest.raises(PayloadInvalid, match=f"{count} data members"):
        world_bank.read(ZIPPED, files, tmp_path)


# --- Eurostat --------------------------------------------------------------------------------------------------------


def dataflow(**dates: str) -> str:
    notes = [
        {"type": "OBS_COUNT", "title": "324"},
        {"type": "OBS_PERIOD_OVERALL_LATEST", "title": "2011-12"},
        {"type": "SOURCE_INSTITUTIONS", "text": "Eurostat"},
        {"type": "UPDATE_DATA", "date": "2025-12-04T23:00:00+0100"},
    ]
    structure = {"id": "DS-045409", "agencyId": "ESTAT", "version": "6.5"}
    return json.dumps({"extension": {"datastructure": structure, "annotation": [{**note, **dates} for note in notes]}})


CSV_HEADER = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE"


def comext_line(year: str, value: str, end: str = ",") -> str:
    return f"ESTAT:DS-045409(1.0),17/02/25 11:00:00,A,DE,NA,61,1,VALUE_IN_EUROS,{year},{value}{end}"


def test_the_annotations_of_the_dataflow_are_the_signal(server, tmp_path):
    server.says(dataflow())
    assert signal(COMEXT, server.url, tmp_path) == {
        "updated": "2025-12-04T23:00:00+0100", "observations": "324", "last_year": 2011, "structure": "6.5",
    }  # fmt: skip


@pytest.mark.parametrize("body", ["{}", "[]", '{"extension": {"annotation": []}}', '{"extension": null}'])
def test_a_dataflow_without_annotations_is_refused(server, tmp_path, body):
    server.says(body)
    with pytest.raises(PayloadInvalid, match="a dataflow without"):
        signal(COMEXT, server.url, tmp_path)


def test_one_request_a_year_with_every_dimension_in_its_order(server, tmp_path):
    small = {"reporters": ["DE", "GR"], "products": ["61", "62"], "indicators": ["VALUE_IN_EUROS"]}
    few = COMEXT.model_copy(update={"request": COMEXT.request | small})
    server.says(dataflow(), on="/dataflow/")
    server.says(f"{CSV_HEADER}\r\n{comext_line('2010', '5')}\r\n", on="/data/")
    _said, files = deliver(few, server.url, tmp_path)
    path = "/ec.europa.eu/eurostat/api/comext/dissemination/sdmx/2.1/data/DS-045409/A.DE+GR..61+62.1.VALUE_IN_EUROS"
    assert server.paths[1:] == [f"{path}?format=SDMX-CSV&startPeriod={year}&endPeriod={year}" for year in (2010, 2011)]
    assert sorted(file.name for file in files.iterdir()) == ["2010-00.csv", "2011-00.csv"]


def constraint(*codes: str) -> str:
    """The recorded layout."""
    values = "".join(f"<c:Value>{code}</c:Value>" for code in codes)
    return (
        '<m:Structure xmlns:m="m" xmlns:c="c"><c:KeyValue id="partner"><c:Value>6109</c:Value></c:KeyValue>'
        f'<c:KeyValue id="product">{values}</c:KeyValue></m:Structure>'
    )


def detailed(**asked: Any) -> Dataset:
    detail = {"headings": ["61", "8471"], "first_year": 2011}
    return COMEXT.model_copy(update={"request": COMEXT.request | {"products": ["61"], "detail": detail} | asked})


def test_headings_and_subheadings_in_use_are_asked_for_below_the_limit_of_cells(server, tmp_path):
    below = [f"6109{number:02}" for number in range(10, 99)]
    used = ["61", "6109", "61091000", "8471", "847130", "8473", "TOTAL", "61XXXX", *below]
    server.says(dataflow(), on="/dataflow/")
    server.says(constraint(*used), on="/contentconstraint/ESTAT/DS-045409")
    server.says(f"{CSV_HEADER}\r\n{comext_line('2010', '5')}\r\n", on="/data/")
    _said, files = deliver(detailed(), server.url, tmp_path)
    keys = [path.split("/DS-045409/")[1].split("?") for path in server.paths if "/data/" in path]
    asked = {(query[-4:], tuple(key.split(".")[3].split("+"))) for key, query in keys}
    products = {year: [code for of, codes in asked if of == year for code in codes] for year in ("2010", "2011")}
    assert products["2010"] == ["61"]
    assert sorted(products["2011"]) == sorted(["61", "6109", "8471", "847130", *below])
    cells = max(len(codes) for _year, codes in asked) * len(COMEXT.request["reporters"]) * 282 * 2
    assert 300_000 < cells < 500_000
    assert len(list(files.glob("*.csv"))) == len(keys) == 5
    assert (files / "codes.xml").exists()


def test_a_heading_without_codes_in_use_is_refused(server, tmp_path):
    server.says(dataflow(), on="/dataflow/")
    server.says(constraint("61", "6109", "610910"), on="/contentconstraint/")
    with pytest.raises(PayloadInvalid, match="no code in use under 8471"):
        deliver(detailed(), server.url, tmp_path)


def test_the_recorded_constraint_is_read(shared):
    file = shared / "wire" / "eurostat" / "live_2026" / "ds-045409_contentconstraint_trimmed.xml"
    assert eurostat._codes_in_use(file, "product") == {"01", "0101", "01012100"}


LISTING = "NAME,TYPE,SIZE,LAST_UPDATE_DATE\r\nCN.txt,FILE,9,2026-01-05T11:00:00\r\n"
LINKS = datasets()["eurostat_cn8_links"]


def test_the_line_of_the_listing_is_the_signal_of_a_bulk_file(server, tmp_path):
    server.says(f"{LISTING}CN8-PRED-SUCC.txt,FILE,401,2026-01-07T23:00:00\r\n")
    said = signal(LINKS, server.url, tmp_path)
    assert (said["updated"], said["line"]["SIZE"]) == ("2026-01-07T23:00:00", "401")
    assert "dir=comext/COMEXT_METADATA/CLASSIFICATIONS_AND_RELATIONS/RELATIONS&format=csv" in server.paths[0]


def test_a_bulk_file_that_left_its_folder_is_retired(server, tmp_path):
    server.says(LISTING)
    with pytest.raises(DatasetRetired, match="is not in the listing"):
        signal(LINKS, server.url, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "20212022;85414010;85414100\n",
        '"85414010","85414100","20212022"\n',
        "SUCC\tPRED\tPERIOD\n85414100\t85414010\t20212022.0\n\n",
    ],
)
def test_links_are_read_with_or_without_a_header_and_in_any_order_that_it_names(tmp_path, text):
    files = tmp_path / "payload"
    files.mkdir()
    (files / "links.txt").write_text(text)
    (row,) = read(LINKS, files, tmp_path)
    assert (row["period"], row["origin_code"], row["destination_code"]) == ("20212022", "85414010", "85414100")


def test_dbt_knows_the_datasets_of_the_main_base():
    project = yaml.safe_load((Path(__file__).parents[2] / "dbt_project" / "dbt_project.yml").read_text())
    loaded = [d.code.lower() for d in datasets().values() if d.request.get("kind") == "sdmx_tsv"]
    assert project["vars"]["eurostat_main_datasets"] == loaded


def test_years_with_and_without_the_trailing_comma_are_one_load(tmp_path):
    files = tmp_path / "payload"
    files.mkdir()
    (files / "2010.csv").write_text(f"{CSV_HEADER}\r\n{comext_line('2010', '3272312.08')}\r\n")
    (files / "2011.csv").write_text(f"{CSV_HEADER}\r\n{comext_line('2011', '7', '')}\r\n")
    rows = read(COMEXT, files, tmp_path)
    found = [(row["partner"], row["time_period"], row["obs_value"], row["obs_flag"]) for row in rows]
    assert sorted(found) == [("NA", "2010", 3272312.08, None), ("NA", "2011", 7.0, None)]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (413, b"EXTRACTION_TOO_BIG: The requested extraction is too big, estimated 17348292 rows", RequestRefused),
        (413, b"EXTRACTION_TOO_BIG_COMEXT: Full extraction of COMEXT datasets is forbidden", RequestRefused),
        (200, b'{"warning":{"status":413,"label":"ASYNCHRONOUS_RESPONSE. Your request"}}', PartnerUnavailable),
        (413, b'{"error":{"status":413,"label":"ASYNCHRONOUS_RESPONSE"}}', PartnerUnavailable),
        (200, b"<env:Envelope><ns0:syncResponse><queued>", PartnerUnavailable),
        (404, b"ERR_NOT_FOUND_4: DS-059322 is not available for dissemination.", DatasetRetired),
    ],
)
def test_eurostat_has_its_own_ways_to_say_no(status, body, kind):
    assert type(eurostat.classify(status, body, {})) is kind


@pytest.mark.parametrize(("status", "body"), [(200, CSV_HEADER.encode()), (400, b"fault 140"), (503, b"busy")])
def test_what_eurostat_says_as_everybody_does_is_left_to_the_general_rules(status, body):
    assert eurostat.classify(status, body, {}) is None


# --- USDOL -----------------------------------------------------------------------------------------------------------


def dol_page(*sets: tuple[str, str], next_page: int | None = None) -> str:
    listed = [{"agency": {"abbr": agency}, "updated_at": stamp} for agency, stamp in sets]
    return json.dumps({"datasets": listed, "meta": {"next_page": next_page}})


def test_the_newest_stamp_of_all_pages_and_of_ilab_only(server, tmp_path):
    server.says(dol_page(("ILAB", "2025-01-01"), ("OSHA", "2026-09-09"), next_page=2), on="page=1")
    server.says(dol_page(("ILAB", "2025-03-01"), ("ILAB", "2024-12-31")), on="page=2")
    said = signal(GOODS, server.url, tmp_path)
    assert said["updated"] == "2025-03-01"
    assert list(said["files"]) == ["2014", "2016", "2018", "2020", "2022"]
    assert len(server.paths) == 2


def test_the_files_of_a_report_are_asked_for_once_a_run(server, tmp_path):
    server.says("<Countries/>")
    endpoints = Endpoints.sandbox(server.url)
    for dataset_id in ("ilab_conventions", "ilab_projects"):
        client = HttpClient(partners()["ilab"], endpoints)
        files = tmp_path / dataset_id
        files.mkdir()
        ilab.fetch(client, datasets()[dataset_id], {}, files)
        assert {file.read_bytes() for file in files.iterdir()} == {b"<Countries/>"}
        assert sorted(file.stem for file in files.iterdir()) == ["2014", "2016", "2018", "2020", "2022"]
    assert len(server.paths) == 5
    ilab.fetch(HttpClient(partners()["ilab"], Endpoints.sandbox(server.url)), FINDINGS, {}, files)
    assert len(server.paths) == 10


@pytest.mark.parametrize("body", ["[]", "{}", '{"datasets": [{}], "meta": {}}', '{"datasets": [], "meta": {}}'])
def test_a_dol_catalogue_of_another_shape_is_refused(server, tmp_path, body):
    server.says(body)
    with pytest.raises(PayloadInvalid, match="a catalogue"):
        signal(GOODS, server.url, tmp_path)


def ilab_read(folder: Path, dataset: Dataset, **years: str | bytes) -> list[dict[str, Any]]:
    files = folder / "payload"
    files.mkdir()
    for year, body in years.items():
        (files / f"{year.lstrip('_')}.xml").write_bytes(body.encode() if isinstance(body, str) else body)
    return read(dataset, files, folder)


COTTON = """<Goods><Good><Good_Name>Cotton</Good_Name><Good_Sector>Agriculture</Good_Sector><Countries>
<Country><Country_Name>Uzbekistan</Country_Name><Country_Region>Europe &amp; Eurasia</Country_Region>
<Child_Labor>Yes</Child_Labor><Forced_Labor>Yes</Forced_Labor><Forced_Child_Labor>No</Forced_Child_Labor></Country>
</Countries></Good>
<Good><Good_Name>Tin ore (cassiterite)</Good_Name><Good_Sector>Mining</Good_Sector><Countries></Countries></Good>
</Goods>"""
SOLAR = """<Goods><Good><Good_Name>Solar Cells</Good_Name><Good_Sector>Manufacturing</Good_Sector><Countries>
<Country><Country_Name>China</Country_Name><Country_Region/><Child_Labor>No</Child_Labor>
<Forced_Labor>No</Forced_Labor><Forced_Child_Labor>No</Forced_Child_Labor>
<Derived_Labor_Exploitation>Yes</Derived_Labor_Exploitation><Derived_Country>China</Derived_Country></Country>
</Countries></Good></Goods>"""


def test_goods_of_two_editions_and_a_good_without_countries(tmp_path):
    cotton, solar = ilab_read(tmp_path, GOODS, _2014=COTTON, _2022=SOLAR)
    assert (cotton["edition"], cotton["good"], cotton["country"]) == ("2014", "Cotton", "Uzbekistan")
    assert (cotton["child_labor"], cotton["forced_labor"], cotton["forced_child_labor"]) == ("Yes", "Yes", "No")
    assert (cotton["country_region"], cotton["derived_country"]) == ("Europe & Eurasia", None)
    assert (solar["edition"], solar["derived_labor_exploitation"], solar["derived_country"]) == ("2022", "Yes", "China")
    assert solar["country_region"] is None


def test_an_exact_duplicate_stands_once_and_a_differing_one_twice(tmp_path):
    country = COTTON[COTTON.index("<Country>") : COTTON.index("</Countries>")]
    other = country.replace("<Forced_Labor>Yes", "<Forced_Labor>No")
    rows = ilab_read(tmp_path, GOODS, _2014=COTTON.replace(country, country + country + other))
    assert [(row["country"], row["forced_labor"]) for row in rows] == [("Uzbekistan", "Yes"), ("Uzbekistan", "No")]


PAKISTAN = """\ufeff<?xml version="1.0" encoding="utf-8"?>
<Countries><Country><Name> Pakistan </Name><Advancement_Level>Moderate Advancement</Advancement_Level>
<Goods><Good><Good_Name>Bricks</Good_Name></Good></Goods>
<Country_Statistics>
<Children_Work_Statistics>
<Age_Range>10-14</Age_Range><Total_Percentage_of_Working_Children>0.098</Total_Percentage_of_Working_Children>
<Agriculture>0.693</Agriculture>
<Age_Range>5-14</Age_Range><Total_Percentage_of_Working_Children>0.131</Total_Percentage_of_Working_Children>
<Total_Percentage_of_Working_Children>0.217</Total_Percentage_of_Working_Children>
</Children_Work_Statistics>
<UNESCO_Primary_Completion_Rate><Rate>0.71</Rate></UNESCO_Primary_Completion_Rate>
</Country_Statistics></Country>
<Country><Name>China</Name><Advancement_Level></Advancement_Level></Country></Countries>"""


def test_repeated_blocks_are_numbered_in_the_order_of_the_page(tmp_path):
    rows = ilab_read(tmp_path, FINDINGS, _2018=PAKISTAN)
    names = ("country", "section", "block", "age_range", "measure", "value_text")
    work, rate = "Children_Work_Statistics", "UNESCO_Primary_Completion_Rate"
    share = "Total_Percentage_of_Working_Children"
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("Pakistan", "Profile", "1", None, "Advancement_Level", "Moderate Advancement"),
        ("Pakistan", work, "1", "10-14", share, "0.098"),
        ("Pakistan", work, "1", "10-14", "Agriculture", "0.693"),
        ("Pakistan", work, "2", "5-14", share, "0.131"),
        ("Pakistan", work, "3", None, share, "0.217"),
        ("Pakistan", rate, "1", None, "Rate", "0.71"),
        ("China", "Profile", "1", None, "Advancement_Level", None),
    ]
    assert {row["report_year"] for row in rows} == {"2018"}


def test_numeric_entities_of_2014_are_letters(tmp_path):
    country = "<Country><Name>C&#244;te d'Ivoire</Name><Advancement_Level>x</Advancement_Level></Country>"
    (row,) = ilab_read(tmp_path, FINDINGS, _2014=f"<Countries>{country}</Countries>")
    assert row["country"] == "Côte d'Ivoire"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Goods><Good>&b;</Good></Goods>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Goods><Good>&a;</Good></Goods>'


@pytest.mark.parametrize("body", ["<Goods><Good>", "Not Found", BOMB, OUTSIDE])
def test_xml_that_is_broken_or_a_trap_is_refused_with_the_name_of_its_file(tmp_path, body):
    with pytest.raises(PayloadInvalid, match=r"2014\.xml: XML that cannot be parsed"):
        ilab_read(tmp_path, GOODS, _2014=body)


def test_a_renamed_element_is_drift(tmp_path):
    with pytest.raises(SchemaDrift, match=r"missing columns \['Forced_Labor'\]"):
        ilab_read(tmp_path, GOODS, _2014=COTTON.replace("Forced_Labor>", "Forced_Labour>"))


def test_ilab_has_no_errors_of_its_own():
    assert ilab.classify(404, b"404: Not Found", {}) is None


# --- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("partner", partners())
def test_a_retired_dataset_is_told_with_partner_and_what_to_do(partner, server, tmp_path):
    said: dict[str, tuple[Dataset, str]] = {
        "fao": (QCL, '{"Datasets": {"Dataset": []}}'),
        "ilo": (A871, "[]"),
        "world_bank": (WDI, '[{"message":[{"id":"175","key":"k","value":"archived"}]}]'),
        "eurostat": (COMEXT, ""),
        "ilab": (GOODS, ""),
    }
    dataset, body = said[partner]
    server.says(body or "gone", 200 if body else 404)
    with pytest.raises(IngestError) as caught:
        signal(dataset, server.url, tmp_path)
    assert str(caught.value).startswith(f"{partner}: ")
    assert "what to do: " in str(caught.value)
