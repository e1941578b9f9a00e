"""The sandbox speaks each partner's dialect to the byte, misbehaves as told, and hands out recordings as they are."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from ingest import registry
from ingest.http import Endpoints
from ingest.sandbox import Fault, Recordings, SampleEdition, Sandbox

SHARED = Path(__file__).resolve().parents[3] / "shared"
STAMP = datetime(2026, 2, 17, 10, 0, tzinfo=UTC)
QCL = "bulks-faostat.fao.org/production/Production_Crops_Livestock_E_All_Data_(Normalized).zip"
QCL_MAIN = "Production_Crops_Livestock_E_All_Data_(Normalized).csv"
COMEXT = "ec.europa.eu/eurostat/api/comext/dissemination/sdmx/2.1"
ILO_DATA = "rplumber.ilo.org/data/indicator?id=SDG_0831_SEX_ECO_RT_A&type=code&lang=en&format=.csv"
WB_SERIES = "api.worldbank.org/v2/country/all/indicator/SI.POV.GINI?format=json&source=2"

TABLES = {
    "sources": "source_id,citation,synthetic\nreal,Published,0\nmade,Generated,1\n",
    "fao_areas": "area_code,m49,label\n107,384,Côte d'Ivoire\n351,159,China\n",
    "fao_items": "item_code,cpc,label\n661,01640,Cocoa beans\n767,01921.02,Cotton lint; ginned\n",
    "fao_elements": "element_code,label,unit\n5510,Production,t\n5922,Export value,1000 USD\n"
    "5532,Producer Price (USD/tonne),USD\n5539,Producer Price Index (2014-2016 = 100),\n6199,Value,\n",
    "fao_qcl": (
        "area_code,item_code,element_code,year,value,flag,source_id\n"
        "107,661,5510,2020,2200000,A,real\n107,661,5510,2021,2215000.5,E,made\n351,767,5510,2020,,M,real\n"
    ),
    "fao_tcl": "area_code,item_code,element_code,year,value,flag,source_id\n107,661,5922,2020,3600000,A,real\n",
    "fao_tm": (
        "reporter_code,partner_code,item_code,element_code,year,value,flag,source_id\n"
        "107,351,661,5922,2022,480338,,real\n"
    ),
    "fao_pp": (
        "area_code,item_code,element_code,year,month_code,value,flag,source_id\n"
        "107,661,5532,2022,7001,1500,A,real\n107,661,5539,2022,7021,110.5,E,real\n"
    ),
    "fao_oea": (
        "area_code,source_code,indicator_code,sex_code,element_code,year,unit,value,flag,note,source_id\n"
        "107,3044,21160,1,6199,2022,1000 No,4000.5,E,Modelled FAO,real\n"
    ),
    "ilo_sources": "source,label,ref_area\nBA:1,NAM - Labour Force Survey,NAM\n",
    "ilo": (
        "indicator,ref_area,source,sex,classif1,classif2,time,obs_value,obs_status,source_id\n"
        "SDG_0831_SEX_ECO_RT,NAM,BA:1,SEX_T,ECO_SECTOR_TOTAL,,2018,66.7,,real\n"
        "SDG_0831_SEX_ECO_RT,NAM,BA:1,SEX_O,ECO_SECTOR_TOTAL,,2018,,U,real\n"
        "SDG_0831_SEX_ECO_RT,X01,XA:1,SEX_T,ECO_SECTOR_TOTAL,,2022,58.007,,real\n"
        "EMP_TEMP_SEX_EC2_NB,NAM,BA:1,SEX_T,EC2_ISIC4_A01,,2018,120.5,,made\n"
        "ILR_TUMT_NOC_RT,NAM,BA:1,,,,2018,17.5,,real\n"
        "EAR_EMTA_SEX_ECO_CUR_NB,NAM,BA:1,SEX_T,ECO_SECTOR_TOTAL,CUR_TYPE_USD,2018,310.2,,real\n"
    ),
    "world_bank_countries": (
        "id,iso2,name,region_id,region_iso2,region,income_id,income_iso2,income,lending_id,lending_iso2,lending,"
        "capital,longitude,latitude\n"
        "NAM,NA,Namibia,SSF,ZG,Sub-Saharan Africa ,UMC,XT,Upper middle income,IBD,XF,IBRD,Windhoek,17.0931,-22.5648\n"
        "WLD,1W,World,NA,NA,Aggregates,NA,NA,Aggregates,,,Aggregates,,,\n"
        "BGD,BD,Bangladesh,SAS,8S,South Asia,LMC,XN,Lower middle income,IDX,XI,IDA,Dhaka,90.4113,23.7055\n"
    ),
    "world_bank_series": "indicator,name,source\nSI.POV.GINI,Gini index,2\nSP.POP.TOTL,\"Population, total\",2\n",
    "world_bank": (
        "indicator,ref_area,year,value,footnote,source_id\n"
        "SI.POV.GINI,NAM,2015,59.1,\"Survey, national\",real\nSI.POV.GINI,BGD,2010,32.1,,real\n"
        "SI.POV.GINI,BGD,2016,32.4,,made\nSI.POV.GINI,BGD,2011,,,real\n"
    ),
    "eurostat": (
        "reporter,partner,product,year,value_eur,quantity_100kg,source_id\n"
        "DE,CI,18,2010,1500000,6000.5,made\nDE,NA,18,2010,76,0,made\nNL,CI,18,2011,2000,,made\n"
        "NL,WORLD,18,2011,9000,35.1,real\n"
    ),
    "eurostat_main": (
        "dataset,dimensions,time_period,cell,source_id\n"
        "RATES,\"freq=A,currency=USD\",2022,1.053,real\nRATES,\"freq=A,currency=USD\",2023,1.07 e,made\n"
    ),
    "eurostat_toc": (
        "title,code,type,last_update,last_structure_change,data_start,data_end,source_id\n"
        "Economy,ec,folder,,,,,real\n    Rates,rates,dataset,2023-06-06,,1971,2022,real\n"
        "    Jobs,jobs,dataset,2023-06-07,2023-01-01,2000,2022Q4,real\n"
    ),
    "eurostat_cn8_links": "period,origin_code,destination_code,source_id\n20212022,8541 40 10,8541 41 00,real\n",
    "ilab_goods": (
        "edition,good,sector,country,region,child_labor,forced_labor,forced_child_labor,derived_labor_exploitation,"
        "derived_country,source_id\n"
        "2014,Cocoa,Agriculture,Côte d'Ivoire,Sub-Saharan Africa,Yes,Yes,Yes,,,real\n"
        "2014,Cocoa,Agriculture,Ghana,Sub-Saharan Africa,Yes,No,No,,,real\n"
        "2016,Garments,Manufacturing,Jordan,Middle East & North Africa,No,Yes,No,,,real\n"
        "2022,Solar cells,Manufacturing,China,,No,No,No,Yes,China,real\n"
    ),
    "ilab_findings": (
        "report_year,country,section,block,age_range,measure,value,source_id\n"
        "2018,Gambia,Profile,1,,Advancement_Level,Moderate Advancement,real\n"
        "2018,Gambia,Children_Work_Statistics,1,5-14,Total_Percentage_of_Working_Children,0.201,real\n"
        "2018,Gambia,Children_Work_Statistics,1,5-14,Services,,real\n"
        "2018,Gambia,Children_Work_Statistics,2,10-14,Total_Percentage_of_Working_Children,0.199,real\n"
        "2018,Gambia,UNESCO_Primary_Completion_Rate,1,,Rate,0.702,real\n"
        "2016,Gambia,Profile,1,,Advancement_Level,No Advancement – Efforts,real\n"
        "2014,Gambia,Profile,1,,Advancement_Level,Moderate Advancement,real\n"
        "2020,Gambia,Profile,1,,Advancement_Level,Moderate Advancement,real\n"
    ),
    "ilab_conventions": (
        "report_year,country,convention,value,source_id\n"
        "2014,Gambia,C_138_Ratified,Yes,real\n2020,Gambia,Palermo_Ratified,No,real\n"
    ),
    "ilab_legal_standards": (
        "report_year,country,standard,territory,established,age,calculated_age,conforms,source_id\n"
        "2014,Gambia,Minimum_Work,,Yes,16.0,,,real\n2014,Gambia,Free_Public_Education,,No,,,,real\n"
        "2020,Gambia,Minimum_Work,,Yes*,16,No,Yes,real\n"
        "2020,Gambia,Compulsory_Education,Banjul,Yes,15,Yes,No,real\n"
    ),
    "ilab_enforcement": (
        "report_year,country,section,measure,territory,value,source_id\n"
        "2020,Gambia,Enforcements,Labor_Inspectors,,\"1,050‡\",real\n"
        "2020,Gambia,Enforcements,Labor_Funding,Banjul,$1.6 million,real\n"
        "2020,Gambia,Mechanisms,Policy,,Yes,real\n"
    ),
    "ilab_suggested_actions": (
        "report_year,country,area,action,years,source_id\n"
        "2014,Gambia,Laws,Raise the age.,2009 – 2014,real\n2020,Gambia,Enforcement,\"Hire, then train.\",,real\n"
    ),
    "ilab_projects": "report_year,country,title,link,source_id\n2020,Gambia,A & B,https://www.dol.gov/x,real\n",
}  # fmt: skip

Get = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def sandbox(folder: Path) -> Iterator[Sandbox]:
    with Sandbox(SampleEdition(folder), stamp=STAMP) as sandbox:
        yield sandbox


@pytest.fixture
def get(sandbox: Sandbox) -> Iterator[Get]:
    yield lambda path, **more: requests.get(f"{sandbox.url}/{path}", timeout=10, **more)
    sandbox.faults.clear()


def members(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- FAO -------------------------------------------------------------------------------------------------------------


def test_fao_catalogue(get: Get) -> None:
    reply = get("bulks-faostat.fao.org/production/datasets_E.json")
    assert reply.content.startswith(b'{\r\n\t"Datasets": {\r\n\t\t"-xmlns:xsi": "http://www.w3.org/2001/XMLSchema-')
    entry, *others = reply.json()["Datasets"]["Dataset"]
    assert [entry["DatasetCode"], *(other["DatasetCode"] for other in others)] == ["QCL", "TCL", "TM", "PP", "OEA"]
    assert (entry["DateUpdate"], entry["FileSize"], entry["FileRows"]) == ("2026-02-17T10:00:00", "2KB", 3)
    assert entry["FileLocation"] == f"https://{QCL}"


def test_fao_zip(get: Get) -> None:
    reply = get(quote(QCL))
    assert reply.headers["Last-Modified"] == "Tue, 17 Feb 2026 10:00:00 GMT"
    found = members(reply.content)
    assert found[QCL_MAIN] == (
        b"Area Code,Area Code (M49),Area,Item Code,Item Code (CPC),Item,Element Code,Element,Year Code,Year,Unit,"
        b"Value,Flag,Note,A87_SYNTHETIC\r\n"
        b'"107","\'384","C\xf4te d\'Ivoire","661","\'01640","Cocoa beans","5510","Production","2020","2020","t",'
        b'"2200000","A",,\r\n'
        b'"107","\'384","C\xf4te d\'Ivoire","661","\'01640","Cocoa beans","5510","Production","2021","2021","t",'
        b'"2215000.5","E",,"1"\r\n'
        b'"351","\'159","China","767","\'01921.02","Cotton lint, ginned","5510","Production","2020","2020","t",'
        b',"M",,\r\n'
    )
    stem = "Production_Crops_Livestock_E_"
    assert found[stem + "AreaCodes.csv"] == (
        "Area Code,M49 Code,Area\r\n107,'384,Côte d'Ivoire\r\n351,'159,China\r\n".encode()
    )
    assert found[stem + "ItemCodes.csv"].endswith(b"767,'01921.02,Cotton lint; ginned\r\n")
    assert found[stem + "Elements.csv"] == b"Element Code,Element\r\n5510,Production\r\n"
    assert found[stem + "Flags.csv"].startswith(b"Flag, Description\r\nA,Official figure\r\n")


@pytest.mark.parametrize(
    ("stem", "lines"),
    [
        (
            "Trade_DetailedTradeMatrix_E",
            (
                "Reporter Country Code,Reporter Country Code (M49),Reporter Countries,Partner Country Code,"
                "Partner Country Code (M49),Partner Countries,Item Code,Item Code (CPC),Item,Element Code,Element,"
                "Year Code,Year,Unit,Value,Flag",
                '"107","\'384","Côte d\'Ivoire","351","\'159","China","661","\'01640","Cocoa beans","5922",'
                '"Export value","2022","2022","1000 USD","480338",',
            ),
        ),
        (
            "Prices_E",
            (
                "Area Code,Area Code (M49),Area,Item Code,Item Code (CPC),Item,Element Code,Element,Year Code,Year,"
                "Months Code,Months,Unit,Value,Flag",
                '"107","\'384","Côte d\'Ivoire","661","\'01640","Cocoa beans","5532",'
                '"Producer Price (USD/tonne)","2022","2022","7001","January","USD","1500","A"',
                '"107","\'384","Côte d\'Ivoire","661","\'01640","Cocoa beans","5539",'
                '"Producer Price Index (2014-2016 = 100)","2022","2022","7021","Annual value",,"110.5","E"',
            ),
        ),
        (
            "Employment_Indicators_Agriculture_E",
            (
                "Area Code,Area Code (M49),Area,Source Code,Source,Indicator Code,Indicator,Sex Code,Sex,Element Code,"
                "Element,Year Code,Year,Unit,Value,Flag,Note",
                '"107","\'384","Côte d\'Ivoire","3044","FAO Model","21160",'
                '"Total employment in agrifood systems (AFS)","1","Total","6199","Value",'
                '"2022","2022","1000 No","4000.5","E","Modelled FAO"',
            ),
        ),
    ],
)
def test_other_sets_of_fao_have_headers_of_their_own(get: Get, stem: str, lines: tuple[str, ...]) -> None:
    found = members(get(f"bulks-faostat.fao.org/production/{stem}_All_Data_(Normalized).zip").content)
    main = found[f"{stem}_All_Data_(Normalized).csv"].decode("cp1252")
    assert main.splitlines() == list(lines)
    assert (f"{stem}_ItemCodes.csv" in found) == ("Item Code" in main)


def test_fao_zip_is_the_same_bytes_for_the_same_figures(get: Get, folder: Path) -> None:
    with Sandbox(SampleEdition(folder)) as other:
        assert requests.get(f"{other.url}/{QCL}", timeout=10).content == get(QCL).content


# --- ILO -------------------------------------------------------------------------------------------------------------


def test_ilo_contents(get: Get) -> None:
    reply = get("rplumber.ilo.org/metadata/toc/indicator?lang=en&format=.json")
    assert reply.headers["Content-Type"] == "application/octet-stream"
    entries = {entry["id"]: entry for entry in reply.json()}
    assert set(entries) == {
        "SDG_0831_SEX_ECO_RT_A", "EMP_TEMP_SEX_EC2_NB_A", "ILR_TUMT_NOC_RT_A", "EAR_EMTA_SEX_ECO_CUR_NB_A",
    }  # fmt: skip
    informal = entries["SDG_0831_SEX_ECO_RT_A"]
    assert (informal["last.update"], informal["n.records"]) == ("17/02/2026 10:00:00", 3)
    assert (informal["rep_var"], informal["classification"]) == ("SDG_0831_RT", "SEX_ECO")
    assert (informal["data.start"], informal["data.end"], informal["with.region"]) == (2018, 2022, "Y")
    assert "with.region" not in entries["EMP_TEMP_SEX_EC2_NB_A"]


def test_ilo_data(get: Get) -> None:
    assert get(ILO_DATA).content == (
        b'\xef\xbb\xbf"ref_area","source","indicator","sex","classif1","time","obs_value","obs_status"\n'
        b'"NAM","BA:1","SDG_0831_SEX_ECO_RT","SEX_T","ECO_SECTOR_TOTAL","2018",66.7,\n'
        b'"NAM","BA:1","SDG_0831_SEX_ECO_RT","SEX_O","ECO_SECTOR_TOTAL","2018",,"U"\n'
        b'"X01","XA:1","SDG_0831_SEX_ECO_RT","SEX_T","ECO_SECTOR_TOTAL","2022",58.007,\n'
    )
    assert get(ILO_DATA + "&ref_area=X01+KEN").content.count(b"\n") == 2


@pytest.mark.parametrize(
    ("dataset", "body"),
    [
        (
            "ILR_TUMT_NOC_RT_A",
            b'"ref_area","source","indicator","time","obs_value","obs_status"\n'
            b'"NAM","BA:1","ILR_TUMT_NOC_RT","2018",17.5,\n',
        ),
        (
            "EAR_EMTA_SEX_ECO_CUR_NB_A",
            b'"ref_area","source","indicator","sex","classif1","classif2","time","obs_value","obs_status"\n'
            b'"NAM","BA:1","EAR_EMTA_SEX_ECO_CUR_NB","SEX_T","ECO_SECTOR_TOTAL","CUR_TYPE_USD","2018",310.2,\n',
        ),
    ],
)
def test_ilo_data_have_the_columns_of_their_breakdown(get: Get, dataset: str, body: bytes) -> None:
    assert get(f"rplumber.ilo.org/data/indicator?id={dataset}&sex=SEX_T").content == b"\xef\xbb\xbf" + body


def test_ilo_synthetic_mark(get: Get) -> None:
    assert get("rplumber.ilo.org/data/indicator?id=EMP_TEMP_SEX_EC2_NB_A").content == (
        b'\xef\xbb\xbf"ref_area","source","indicator","sex","classif1","time","obs_value","obs_status",'
        b'"A87_SYNTHETIC"\n"NAM","BA:1","EMP_TEMP_SEX_EC2_NB","SEX_T","EC2_ISIC4_A01","2018",120.5,,1\n'
    )


def test_ilo_dictionary_ends_with_an_empty_object(get: Get) -> None:
    reply = get("rplumber.ilo.org/metadata/dic?var=source&lang=en&format=.json")
    label = "NAM - Labour Force Survey"
    assert reply.json() == [{"source": "BA:1", "source.label": label, "ref_area": "NAM"}, {}]


# --- World Bank ------------------------------------------------------------------------------------------------------


def test_world_bank_sources(get: Get) -> None:
    header, rows = get("api.worldbank.org/v2/sources?format=json&per_page=1000").json()
    assert header == {"page": "1", "pages": "1", "per_page": "1000", "total": "3"}
    assert rows[1]["id"] == "2"
    assert rows[1]["lastupdated"] == "2026-02-17"


def test_world_bank_countries_come_in_pages(get: Get) -> None:
    header, rows = get("api.worldbank.org/v2/country?format=json&per_page=2&page=1").json()
    assert header == {"page": 1, "pages": 2, "per_page": "2", "total": 3}
    assert rows[0] == {
        "id": "NAM",
        "iso2Code": "NA",
        "name": "Namibia",
        "region": {"id": "SSF", "iso2code": "ZG", "value": "Sub-Saharan Africa "},
        "adminregion": {"id": "", "iso2code": "", "value": ""},
        "incomeLevel": {"id": "UMC", "iso2code": "XT", "value": "Upper middle income"},
        "lendingType": {"id": "IBD", "iso2code": "XF", "value": "IBRD"},
        "capitalCity": "Windhoek",
        "longitude": "17.0931",
        "latitude": "-22.5648",
    }
    _header, rows = get("api.worldbank.org/v2/country?format=json&per_page=2&page=2").json()
    assert [row["id"] for row in rows] == ["BGD"]


def test_world_bank_series(get: Get) -> None:
    reply = get(WB_SERIES + "&per_page=3&page=1")
    assert reply.content.startswith(
        b'[{"page":1,"pages":2,"per_page":3,"total":4,"sourceid":"2","lastupdated":"2026-02-17"},'
        b'[{"indicator":{"id":"SI.POV.GINI","value":"Gini index"},"country":{"id":"BD","value":"Bangladesh"},'
        b'"countryiso3code":"BGD","date":"2016","value":32.4,"unit":"","obs_status":"","decimal":0,'
        b'"A87_SYNTHETIC":"1"},'
    )
    assert [(row["date"], row["value"]) for row in reply.json()[1]] == [("2016", 32.4), ("2011", None), ("2010", 32.1)]
    (last,) = get(WB_SERIES + "&per_page=3&page=2&footnote=y").json()[1]
    assert (last["country"]["id"], last["footnote"]) == ("NA", "Survey, national")
    assert "A87_SYNTHETIC" not in last


def test_world_bank_series_without_rows(get: Get) -> None:
    header, rows = get("api.worldbank.org/v2/country/all/indicator/SP.POP.TOTL?format=json").json()
    assert (header["total"], rows) == (0, None)


def test_world_bank_bulk_zip(get: Get) -> None:
    with zipfile.ZipFile(io.BytesIO(get("databank.worldbank.org/data/download/WDI_CSV.zip").content)) as archive:
        assert {member.date_time[:3] for member in archive.infolist()} == {(2026, 2, 17)}
        lines = archive.read("WDICSV.csv").decode("utf-8-sig").split("\r\n")
        notes = archive.read("WDIfootnote.csv").decode("utf-8-sig").split("\r\n")
    lead = '"Country Name","Country Code","Indicator Name","Indicator Code"'
    assert lines[0] == f'{lead},"2010","2011","2015","2016","A87_SYNTHETIC",'
    assert '"Namibia","NAM","Gini index","SI.POV.GINI","","","59.1","","",' in lines
    assert notes[1:] == ['"NAM","SI.POV.GINI","YR2015","Survey, national",', ""]


# --- Eurostat --------------------------------------------------------------------------------------------------------


def test_eurostat_dataflow(get: Get) -> None:
    body = get(f"{COMEXT}/dataflow/ESTAT/DS-045409?format=JSON").json()
    notes = {note["type"]: note for note in body["extension"]["annotation"]}
    assert notes["UPDATE_DATA"]["date"] == "2026-02-17T11:00:00+0100"
    assert notes["OBS_COUNT"]["title"] == "7"
    assert notes["OBS_PERIOD_OVERALL_LATEST"]["title"] == "2011"
    assert notes["OBS_PERIOD_OVERALL_OLDEST"]["title"] == "2010"


def test_eurostat_data_has_rows_longer_than_its_header(get: Get) -> None:
    key = "A.DE+NL..18+61.1.VALUE_IN_EUROS+QUANTITY_IN_100KG"
    reply = get(f"{COMEXT}/data/DS-045409/{key}?format=SDMX-CSV&startPeriod=2010&endPeriod=2010")
    assert reply.content == (
        b"DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE,A87_SYNTHETIC\r\n"
        b"ESTAT:DS-045409(1.0),17/02/26 11:00:00,A,DE,CI,18,1,VALUE_IN_EUROS,2010,1500000,1,\r\n"
        b"ESTAT:DS-045409(1.0),17/02/26 11:00:00,A,DE,CI,18,1,QUANTITY_IN_100KG,2010,6000.5,1,\r\n"
        b"ESTAT:DS-045409(1.0),17/02/26 11:00:00,A,DE,NA,18,1,VALUE_IN_EUROS,2010,76,1,\r\n"
        b"ESTAT:DS-045409(1.0),17/02/26 11:00:00,A,DE,NA,18,1,QUANTITY_IN_100KG,2010,0,1,\r\n"
    )
    assert "Content-Length" not in reply.headers


def test_eurostat_key_filters(get: Get) -> None:
    url = f"{COMEXT}/data/DS-045409/{{}}?format=SDMX-CSV"
    assert get(url.format("A.NL.WORLD..1.VALUE_IN_EUROS")).content.splitlines()[1:] == [
        b"ESTAT:DS-045409(1.0),17/02/26 11:00:00,A,NL,WORLD,18,1,VALUE_IN_EUROS,2011,9000,,"
    ]
    assert get(url.format("A...61.1.")).content.count(b"\n") == 1
    assert get(url.format("A.DE.18")).status_code == 400
    assert b"EXTRACTION_TOO_BIG_COMEXT" in get(url.format(".....")).content


EUROSTAT = "ec.europa.eu/eurostat/api/dissemination"
RELATIONS = "comext/COMEXT_METADATA/CLASSIFICATIONS_AND_RELATIONS/RELATIONS"


def test_eurostat_main_base_keeps_generated_cells_in_lines_of_their_own(get: Get) -> None:
    assert get(f"{EUROSTAT}/sdmx/2.1/data/RATES?format=TSV").content == (
        b"A87_SYNTHETIC,freq,currency\\TIME_PERIOD\t2022 \t2023 \r\n,A,USD\t1.053 \t\r\n1,A,USD\t\t1.07 e \r\n"
    )
    assert get(f"{EUROSTAT}/sdmx/2.1/data/JOBS?format=TSV").status_code == 404


def test_eurostat_table_of_contents(get: Get, sandbox: Sandbox) -> None:
    assert get(f"{EUROSTAT}/catalogue/toc/txt?lang=en").text.splitlines()[1:] == [
        '"Economy"\t"ec"\t"folder"\t" "\t" "\t" "\t" "',
        '"    Rates"\t"rates"\t"dataset"\t"17.02.2026"\t" "\t"1971"\t"2022"\t" "',
        '"    Jobs"\t"jobs"\t"dataset"\t"07.06.2023"\t"01.01.2023"\t"2000"\t"2022Q4"\t" "',
    ]


def test_eurostat_bulk_files_and_their_listing(get: Get) -> None:
    body = get(f"{EUROSTAT}/files?file={RELATIONS}/CN8-PRED-SUCC.txt").content
    assert body == b"Period\tOrigin code\tDestination code\r\n20212022\t8541 40 10\t8541 41 00\r\n"
    listed = get(f"{EUROSTAT}/files?dir={RELATIONS}&format=csv").text.splitlines()
    assert listed[1] == f"CN8-PRED-SUCC.txt,FILE,{len(body)},2026-02-17T10:00:00Z"


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        ("eurostat_toc=cut", f"{EUROSTAT}/catalogue/toc/txt?lang=en"),
        ("CN8-PRED-SUCC=cut", f"{EUROSTAT}/files?file={RELATIONS}/CN8-PRED-SUCC.txt"),
    ],
)
def test_eurostat_files_can_be_spoilt(sandbox: Sandbox, get: Get, fault: str, path: str) -> None:
    whole = get(path).content
    sandbox.faults = [Fault.parse(fault)]
    assert get(path).content == whole[: len(whole) * 6 // 10]


def test_eurostat_content_constraint(get: Get) -> None:
    body = get(f"{COMEXT}/contentconstraint/ESTAT/DS-045409").text
    assert '<c:KeyValue id="product"><c:Value>18</c:Value></c:KeyValue>' in body
    assert '<c:KeyValue id="partner"><c:Value>CI</c:Value><c:Value>NA</c:Value><c:Value>WORLD</c:Value>' in body


# --- USDOL -----------------------------------------------------------------------------------------------------------


def ilab(dataset: str, year: str) -> str:
    return f"raw.githubusercontent.com/USDepartmentofLabor/{quote(registry.datasets()[dataset].request['files'][year])}"


def test_ilab_goods_2014_is_ascii_with_numeric_entities(get: Get) -> None:
    assert get(ilab("ilab_goods", "2014")).content.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Goods>\n\t<Good>\n\t\t<Good_Name>Cocoa</Good_Name>\n'
        b"\t\t<Good_Sector>Agriculture</Good_Sector>\n\t\t<Countries>\n\t\t\t<Country>\n"
        b"\t\t\t\t<Country_Name>C&#244;te d'Ivoire</Country_Name>\n\t\t\t\t<Country_ISO2></Country_ISO2>\n"
    )


def test_ilab_goods_of_later_years(get: Get) -> None:
    middle = get(ilab("ilab_goods", "2016")).content
    assert b"        <Country_Region>Middle East &amp; North Africa</Country_Region>\r\n" in middle
    last = get(ilab("ilab_goods", "2022")).content
    assert last.startswith(b"<Goods>\n  <Good>\n    <Good_Name>Solar cells</Good_Name>\n")
    assert b"<Country_Region />\n" in last
    assert b"<Derived_Labor_Exploitation>Yes</Derived_Labor_Exploitation>\n" in last


def test_ilab_findings_repeat_their_blocks_in_order(get: Get) -> None:
    assert get(ilab("ilab_findings", "2018")).content == (
        b"<Countries>\r\n    <Country>\r\n        <Name>Gambia</Name>\r\n        <Region />\r\n"
        b"        <Advancement_Level>Moderate Advancement</Advancement_Level>\r\n"
        b"        <Description>In 2018, Gambia: Moderate Advancement.</Description>\r\n        <Goods />\r\n"
        b"        <Country_Statistics>\r\n            <Children_Work_Statistics>\r\n"
        b"                <Age_Range>5-14</Age_Range>\r\n"
        b"                <Total_Percentage_of_Working_Children>0.201</Total_Percentage_of_Working_Children>\r\n"
        b"                <Services />\r\n                <Age_Range>10-14</Age_Range>\r\n"
        b"                <Total_Percentage_of_Working_Children>0.199</Total_Percentage_of_Working_Children>\r\n"
        b"            </Children_Work_Statistics>\r\n            <UNESCO_Primary_Completion_Rate>\r\n"
        b"                <Rate>0.702</Rate>\r\n            </UNESCO_Primary_Completion_Rate>\r\n"
        b"        </Country_Statistics>\r\n    </Country>\r\n</Countries>\r\n"
    )


def test_ilab_findings_2016_have_a_bom(get: Get) -> None:
    body = get(ilab("ilab_findings", "2016")).content
    assert body.startswith(b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n<Countries>\r\n  <Country>\r\n')
    assert "No Advancement – Efforts".encode() in body


def test_ilab_reports_hold_all_their_tables(get: Get) -> None:
    old = get(ilab("ilab_findings", "2014")).content.decode()
    assert (
        old.replace("\n", "")
        .replace("\t", "")
        .endswith(
            "<Master_Data><C_138_Ratified>Yes</C_138_Ratified><Minimum_Age_for_Work_Estabslished>Yes"
            "</Minimum_Age_for_Work_Estabslished><Minimum_Age_for_Work>16.0</Minimum_Age_for_Work>"
            "<Free_Public_Education_Estabslished>No</Free_Public_Education_Estabslished></Master_Data>"
            "<Suggested_Actions><Laws><Action><Name>Raise the age.</Name><Years>2009 &#8211; 2014</Years></Action>"
            "</Laws></Suggested_Actions></Country></Countries>"
        )
    )
    new = "".join(line.strip() for line in get(ilab("ilab_findings", "2020")).content.decode().splitlines())
    assert new.endswith(
        "<Conventions><Palermo_Ratified>No</Palermo_Ratified></Conventions><Legal_Standards><Minimum_Work>"
        "<Standard>Yes*</Standard><Age>16</Age><Calculated_Age>No</Calculated_Age><Conforms_To_Intl_Standard>Yes"
        "</Conforms_To_Intl_Standard></Minimum_Work><Compulsory_Education><Territory><Territory_Name>Banjul"
        "</Territory_Name><Territory_Display_Name>Banjul</Territory_Display_Name><Standard>Yes</Standard><Age>15</Age>"
        "<Calculated_Age>Yes</Calculated_Age><Conforms_To_Intl_Standard>No</Conforms_To_Intl_Standard></Territory>"
        "</Compulsory_Education></Legal_Standards><Enforcements><Labor_Inspectors>1,050‡</Labor_Inspectors>"
        "<Labor_Funding><Territory><Territory_Name>Banjul</Territory_Name><Territory_Display_Name>Banjul"
        "</Territory_Display_Name><Enforcement>$1.6 million</Enforcement></Territory></Labor_Funding></Enforcements>"
        "<Mechanisms><Policy>Yes</Policy></Mechanisms><Suggested_Actions><Enforcement><Action><Name>Hire, then train."
        "</Name></Action></Enforcement></Suggested_Actions><ILAB_Projects><Project><Title>A &amp; B</Title>"
        "<Link>https://www.dol.gov/x</Link></Project></ILAB_Projects></Country></Countries>"
    )


def test_ilab_catalogue(get: Get) -> None:
    body = get("apiprod.dol.gov/v4/datasets?page=1").json()
    assert {row["updated_at"] for row in body["datasets"]} == {"2026-02-17T10:00:00"}
    assert {row["agency"]["abbr"] for row in body["datasets"]} == {"ILAB"}
    assert body["meta"]["next_page"] is None


# --- refusals and signals --------------------------------------------------------------------------------------------

REFUSALS = [
    ("bulks-faostat.fao.org/production/Nothing.zip", 403, b"AccessDenied"),
    ("rplumber.ilo.org/data/indicator?id=FOO_BAR_A", 400, b'{"error":"deprecated or invalid dataset id=FOO_BAR_A",'),
    ("rplumber.ilo.org/metadata/dic?var=note", 404, b"404"),
    ("api.worldbank.org/v2/country/all/indicator/NO.SUCH?format=json", 200, b'[{"message":[{"id":"175","key":'),
    ("api.worldbank.org/v2/country/XXX/indicator/SI.POV.GINI?format=json", 200, b'[{"message":[{"id":"120","key":'),
    (WB_SERIES + "&per_page=50000", 200, b"<!DOCTYPE html>"),
    (f"{COMEXT}/data/DS-999999/A.....", 404, b"ERR_NOT_FOUND_2: DATA_SET:DS-999999 is not available"),
    (f"{COMEXT}/dataflow/ESTAT/DS-999999?format=JSON", 404, b"<faultcode>100</faultcode>"),
    ("raw.githubusercontent.com/USDepartmentofLabor/Child-Labor/abc/none.xml", 404, b"404: Not Found"),
    ("apiprod.dol.gov/v4/nothing", 403, b'{"message":"Missing Authentication Token"}'),
    ("www.example.org/", 404, b"Not Found"),
]


@pytest.mark.parametrize(("path", "status", "words"), REFUSALS)
def test_unknown_things_are_refused_as_the_partner_does(get: Get, path: str, status: int, words: bytes) -> None:
    reply = get(path)
    assert reply.status_code == status
    assert words in reply.content


def test_touch_moves_every_signal(folder: Path) -> None:
    catalogues = [
        "bulks-faostat.fao.org/production/datasets_E.json", "rplumber.ilo.org/metadata/toc/indicator",
        "api.worldbank.org/v2/sources", f"{COMEXT}/dataflow/ESTAT/DS-045409", "apiprod.dol.gov/v4/datasets",
    ]  # fmt: skip
    with Sandbox(SampleEdition(folder)) as sandbox:
        before = [requests.get(f"{sandbox.url}/{path}", timeout=10).text for path in catalogues]
        again = [requests.get(f"{sandbox.url}/{path}", timeout=10).text for path in catalogues]
        sandbox.touch()
        after = [requests.get(f"{sandbox.url}/{path}", timeout=10).text for path in catalogues]
    assert before == again
    assert all(old != new for old, new in zip(before, after, strict=True))


def test_requests_are_noted(get: Get, sandbox: Sandbox) -> None:
    sandbox.reset_requests()
    get(quote(QCL) + "?a=b%20c")
    assert sandbox.requests == [f"/{QCL}?a=b c"]


def test_the_client_finds_the_partners_through_endpoints(sandbox: Sandbox) -> None:
    base = Endpoints.sandbox(sandbox.url).base(registry.partners()["ilo"], "data")
    assert base == f"{sandbox.url}/rplumber.ilo.org/"


# --- faults ----------------------------------------------------------------------------------------------------------


def test_fault_status(get: Get, sandbox: Sandbox) -> None:
    sandbox.faults = [Fault.parse("ilo=status:503:7")]
    for path in (ILO_DATA, "rplumber.ilo.org/metadata/toc/indicator"):
        reply = get(path)
        assert (reply.status_code, reply.headers["Retry-After"]) == (503, "7")
    assert get(QCL).status_code == 200


def test_fault_html(get: Get, sandbox: Sandbox) -> None:
    sandbox.faults = [Fault.parse("world_bank=html")]
    reply = get(WB_SERIES)
    assert (reply.status_code, reply.content[:15]) == (200, b"<!DOCTYPE html>")


def test_fault_cut_tells_the_cut_length(get: Get, sandbox: Sandbox) -> None:
    whole = get(QCL).content
    sandbox.faults = [Fault.parse("fao=cut")]
    reply = get(QCL)
    assert reply.content == whole[: len(whole) * 6 // 10]
    assert reply.headers["Content-Length"] == str(len(reply.content))
    assert get("bulks-faostat.fao.org/production/datasets_E.json").json()


@pytest.mark.parametrize("path", [QCL, f"{COMEXT}/data/DS-045409/A.DE...."])
def test_fault_short_breaks_the_connection(get: Get, sandbox: Sandbox, path: str) -> None:
    sandbox.faults = [Fault(match=".", kind="short")]
    with pytest.raises(requests.RequestException):
        get(path)


def test_fault_stall(get: Get, sandbox: Sandbox) -> None:
    sandbox.faults = [Fault.parse("QCL=stall:30")]
    with pytest.raises(requests.RequestException):
        requests.get(f"{sandbox.url}/{QCL}", timeout=0.3)


@pytest.mark.parametrize(
    ("fault", "path", "gone", "come"),
    [
        ("ilo=rename:obs_value>value", ILO_DATA, b'"obs_value"', b'"time","value","obs_status"\n'),
        ("DS-045409=rename:OBS_VALUE>OBS_VAL", f"{COMEXT}/data/DS-045409/A.DE....", b"OBS_VALUE", b",OBS_VAL,A87_"),
        ("world_bank=rename:date>day", WB_SERIES, b'"date":', b'"day":"2016"'),
        ("goods=rename:Child_Labor>CL", ilab("ilab_goods", "2022"), b"<Child_Labor>", b"<CL>No</CL>"),
        ("ilo=scale:10", ILO_DATA, b"66.7", b',"2018",667.0,\n'),
        ("eurostat=scale:0.5", f"{COMEXT}/data/DS-045409/A.DE....", b",1500000,", b",2010,750000.0,1,\r\n"),
        ("world_bank=scale:10", WB_SERIES, b":32.4,", b'"value":324.0,'),
        ("ilo=drop:NAM", ILO_DATA, b"NAM", b"X01"),
        ("eurostat=drop:DE", f"{COMEXT}/data/DS-045409/A.....", b",DE,", b",NL,"),
        ("world_bank=drop:BGD", WB_SERIES, b"BGD", b'"total":1,'),
        ("ilo=header_only", ILO_DATA, b"NAM", b'"obs_status"\n'),
        ("world_bank=header_only", WB_SERIES, b"NAM", b'"total":0,'),
        ("ilo=half", ILO_DATA, b"X01", b"NAM"),
        ("ilo=shift", ILO_DATA, b'"NAM"', b',"2018",66.7,,\n'),
        ("ilo=lack:obs_status", ILO_DATA, b"obs_status", b'"obs_value"\n'),
        ("goods=lack:Child_Labor", ilab("ilab_goods", "2022"), b"<Child_Labor>", b"<Forced_Labor>"),
        ("eurostat=extra", f"{COMEXT}/data/DS-045409/A.DE....", b"\r\nESTAT:", b"\r\n1,ESTAT:"),
        ("world_bank=later:30", WB_SERIES, b'"date":"2016"', b'"date":"2046"'),
        ("SDG_0831_SEX_ECO_RT=garbage", ILO_DATA, b"NAM", b"\xff\xfe\xfd"),
        ("ilo=retired", ILO_DATA, b"NAM", b"deprecated or invalid dataset id=SDG_0831_SEX_ECO_RT_A"),
        ("SI.POV.GINI=retired", WB_SERIES, b"NAM", b'"id":"175"'),
        ("eurostat=retired", f"{COMEXT}/dataflow/ESTAT/DS-045409", b"annotation", b"ERR_NOT_FOUND_2"),
        ("ilab=retired", ilab("ilab_goods", "2022"), b"<Goods>", b"404: Not Found"),
    ],
)  # fmt: skip
def test_faults_in_the_text(get: Get, sandbox: Sandbox, fault: str, path: str, gone: bytes, come: bytes) -> None:
    assert gone in get(path).content
    sandbox.faults = [Fault.parse(fault)]
    body = get(path).content
    assert gone not in body
    assert come in body


def test_fault_encoding(get: Get, sandbox: Sandbox) -> None:
    whole = get(ILO_DATA).content
    sandbox.faults = [Fault.parse("ilo_sdg_0831_sex_eco_rt=encoding")]
    body = get(ILO_DATA).content
    assert len(body) == len(whole)
    assert body.count(b"\x81") == 1
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_fault_recode(get: Get, sandbox: Sandbox) -> None:
    """What is UTF-8 comes as cp1252 and the reverse; what is ASCII as UTF-16."""
    path = "rplumber.ilo.org/metadata/dic?var=source&lang=en&format=.json"
    text, cp1252 = get(path).content.decode("utf-8-sig"), members(get(QCL).content)[QCL_MAIN]
    sandbox.faults = [Fault.parse("ilo=recode"), Fault.parse("fao=recode")]
    assert get(path).content.decode("utf-16" if text.isascii() else "cp1252") == text
    assert members(get(QCL).content)[QCL_MAIN].decode() == cp1252.decode("cp1252")


def test_fault_repeat_and_the_catalogue_counts_so(get: Get, sandbox: Sandbox) -> None:
    header, *rows = get(ILO_DATA).content.splitlines()
    sandbox.faults = [Fault.parse("ilo=repeat")]
    assert get(ILO_DATA).content.splitlines() == [header, *(row for row in rows for _copy in "12")]
    toc = get("rplumber.ilo.org/metadata/toc/indicator").json()
    assert {e["n.records"] for e in toc if e["id"] == "SDG_0831_SEX_ECO_RT_A"} == {2 * len(rows)}


def test_fault_empty(get: Get, sandbox: Sandbox) -> None:
    sandbox.faults = [Fault.parse("eurostat=empty")]
    assert get(f"{COMEXT}/data/DS-045409/A.DE....").content == b""


def test_faults_reach_into_the_zip(get: Get, sandbox: Sandbox) -> None:
    whole = members(get(QCL).content)
    sandbox.faults = [Fault.parse("fao=scale:10"), Fault.parse("fao=drop:351"), Fault.parse("fao=rename:Value>Val")]
    spoilt = members(get(QCL).content)
    assert b",Unit,Val,Flag," in spoilt[QCL_MAIN]
    assert b'"22000000","A"' in spoilt[QCL_MAIN]
    assert b"China" not in spoilt[QCL_MAIN]
    assert {n: b for n, b in spoilt.items() if n != QCL_MAIN} == {n: b for n, b in whole.items() if n != QCL_MAIN}


def test_the_catalogues_agree_with_the_faults(get: Get, sandbox: Sandbox) -> None:
    gone = ("QCL", "EMP_TEMP_SEX_EC2_NB", "ILR_TUMT_NOC_RT", "EAR_EMTA_SEX_ECO_CUR_NB")
    told = [*(f"{name}=retired" for name in gone), "ilo=drop:NAM"]
    sandbox.faults = [Fault.parse(text) for text in told]
    listed = get("bulks-faostat.fao.org/production/datasets_E.json").json()["Datasets"]["Dataset"]
    assert "QCL" not in {entry["DatasetCode"] for entry in listed}
    (left,) = get("rplumber.ilo.org/metadata/toc/indicator").json()
    assert (left["id"], left["n.records"]) == ("SDG_0831_SEX_ECO_RT_A", 1)


@pytest.mark.parametrize("text", ["ilo", "=html", "ilo=explode", "ilo=status:abc", "fao=rename:Value", "fao=cut:3"])
def test_faults_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"fault"):
        Fault.parse(text)


# --- recordings ------------------------------------------------------------------------------------------------------


def recorded(tmp_path: Path, files: dict[str, bytes]) -> Recordings:
    for name, body in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        os.utime(file, (STAMP.timestamp(), STAMP.timestamp()))
    return Recordings(tmp_path)


def packed(**texts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in texts.items():
            archive.writestr(name, body)
    return out.getvalue()


def fetched(edition: Recordings, path: str, *, touch: bool = False) -> requests.Response:
    with Sandbox(edition) as sandbox:
        if touch:
            sandbox.touch()
        return requests.get(f"{sandbox.url}/{path}", timeout=10)


def test_recorded_fao_zips_join_the_catalogue(tmp_path: Path) -> None:
    body = packed(main=b"a,b\r\n1,2\r\n3,4\r\n")
    file = "Land_E_All_Data_(Normalized).zip"
    listed = {
        "DatasetCode": "TM",
        "DateUpdate": "2025-12-23T00:00:00",
        "FileLocation": "https://host/production/TM.zip",
    }
    catalogue = json.dumps({"Datasets": {"Dataset": [listed]}}).encode()
    edition = recorded(tmp_path, {f"deep/{file}": body, "datasets_E.json": catalogue})
    entries = fetched(edition, "bulks-faostat.fao.org/production/datasets_E.json").json()["Datasets"]["Dataset"]
    assert entries[0] == listed
    assert (entries[1]["DatasetCode"], entries[1]["FileRows"]) == ("Land", 2)
    assert entries[1]["DateUpdate"] == "2026-02-17T10:00:00"
    assert fetched(edition, f"bulks-faostat.fao.org/production/{file}").content == body


def test_recorded_ilo_files_make_the_contents(tmp_path: Path) -> None:
    code = b"\xef\xbb\xbfref_area,indicator,source,time,obs_value\nNAM,X,BA:1,2018,1\nBGD,X,BA:2,2020,\n"
    label = b'"ref_area.label","time"\n"Namibia","2018"\n'
    edition = recorded(tmp_path, {"SDG_A821_NOC_RT_A.csv": code, "EMP_NIFL_SEX_RT_A.csv": label})
    (entry,) = fetched(edition, "rplumber.ilo.org/metadata/toc/indicator").json()
    assert (entry["id"], entry["n.records"]) == ("SDG_A821_NOC_RT_A", 2)
    assert (entry["last.update"], entry["data.end"]) == ("17/02/2026 10:00:00", 2020)
    touched = fetched(edition, "rplumber.ilo.org/metadata/toc/indicator", touch=True).json()
    assert touched[0]["last.update"] == "17/02/2026 11:00:00"
    assert fetched(edition, "rplumber.ilo.org/data/indicator?id=SDG_A821_NOC_RT_A").content == code
    assert fetched(edition, "rplumber.ilo.org/data/indicator?id=EMP_NIFL_SEX_RT_A").status_code == 400


def test_recorded_eurostat_files_are_cut_by_line(tmp_path: Path) -> None:
    header = b"DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE\r\n"
    first = b"ESTAT:DS-1(1.0),17/02/25 11:00:00,A,DE,NA,3915,1,VALUE_IN_EUROS,2010,5,\r\n"
    second = b"ESTAT:DS-1(1.0),17/02/25 11:00:00,A,ES,NA,3915,1,VALUE_IN_EUROS,2012,6,\r\n"
    body = gzip.compress(header + first + second)
    labels = header + b'ESTAT:DS-1(1.0),17/02/25 11:00:00,Annual,"Spain, all",Namibia,Waste,IMPORT,VALUE,2012,6,\r\n'
    edition = recorded(tmp_path, {"codes.csv.gz": body, "labels.csv": labels})
    assert fetched(edition, f"{COMEXT}/data/DS-1/A...3915.1.").content == body
    assert fetched(edition, f"{COMEXT}/data/DS-1/A.ES..3915.1.").content == header + second
    window = f"{COMEXT}/data/DS-1/A...3915.1.?startPeriod=2010&endPeriod=2011"
    assert fetched(edition, window).content == header + first
    assert fetched(edition, f"{COMEXT}/data/DS-1/A...09.1.").status_code == 404
    notes = fetched(edition, f"{COMEXT}/dataflow/ESTAT/DS-1").json()["extension"]["annotation"]
    assert {"type": "OBS_PERIOD_OVERALL_LATEST", "title": "2012"} in notes


def test_recorded_ilab_files_need_a_manifest(tmp_path: Path) -> None:
    manifest = b"file\tsource\ngoods.xml\tUSDepartmentofLabor/Child-Labor@0aff:Child Labor/goods.xml\n"
    path = "raw.githubusercontent.com/USDepartmentofLabor/Child-Labor/0aff/Child%20Labor/goods.xml"
    assert fetched(recorded(tmp_path, {"goods.xml": b"<Goods/>"}), path).status_code == 404
    assert fetched(recorded(tmp_path, {"MANIFEST.tsv": manifest}), path).content == b"<Goods/>"


real = pytest.mark.skipif(not (SHARED / "wire").is_dir(), reason="the real recordings are not on this machine")


@pytest.fixture(scope="module")
def wire() -> Iterator[Callable[[str], requests.Response]]:
    with Sandbox(Recordings(SHARED / "wire")) as sandbox:
        yield lambda path: requests.get(f"{sandbox.url}/{path}", timeout=30)


@real
@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("rplumber.ilo.org/data/indicator?id=SDG_0831_SEX_ECO_RT_A", "ilo/rplumber_code/SDG_0831_SEX_ECO_RT_A.csv"),
        ("rplumber.ilo.org/metadata/dic?var=obs_status", "ilo/rplumber_2026_transcribed/dic-obs_status.json"),
        ("api.worldbank.org/v2/sources?format=json", "world_bank/catalogue/sources_2025-09-15.json"),
        (
            "api.worldbank.org/v2/en/country/BGD?downloadformat=csv",
            "world_bank/api_country_zip/API_BGD_DS2_en_csv_v2_1224638.zip",
        ),
        ("databank.worldbank.org/data/download/ESG_CSV.zip", "world_bank/bulk_zip/ESG_CSV.zip"),
        (
            f"{COMEXT}/data/DS-045409/A...3915.1.QUANTITY_IN_100KG",
            "eurostat/sdmx_csv/DS-045409_import_quantity_codes.csv.gz",
        ),
        (f"{COMEXT}/data/DS-999999/A.....", "eurostat/live_2026/ds-999999_404_data_fault.xml"),
        ("api.worldbank.org/v2/country/all/indicator/NO.SUCH", "world_bank/error_payloads/err_175_http200.json"),
        ("rplumber.ilo.org/data/indicator?id=FOO_BAR_A", "ilo/errors/rplumber_400_invalid_dataset.json"),
        (ilab("ilab_findings", "2018"), "ilab/findings_2018.xml"),
        (ilab("ilab_goods", "2014"), "ilab/goods_2014.xml"),
        ("apiprod.dol.gov/v4/datasets?page=1", "ilab/api_v4/datasets-list.json"),
    ],
)  # fmt: skip
def test_real_recordings_come_back_to_the_byte(wire: Callable[[str], Any], path: str, file: str) -> None:
    assert wire(path).content.strip() == (SHARED / "wire" / file).read_bytes().strip()


@real
def test_real_contents(wire: Callable[[str], Any]) -> None:
    counts = {e["id"]: e["n.records"] for e in wire("rplumber.ilo.org/metadata/toc/indicator").json()}
    assert counts == {"SDG_0831_SEX_ECO_RT_A": 49930, "SDG_0861_SEX_RT_A": 6262, "SDG_A821_NOC_RT_A": 4571}


# --- the bundled sample ----------------------------------------------------------------------------------------------


def test_the_bundled_sample_can_be_encoded() -> None:
    """All areas and items have a place in cp1252, and every data row names what the lists know."""
    with Sandbox(SampleEdition()) as sandbox:
        zipped = members(requests.get(f"{sandbox.url}/{QCL}", timeout=30).content)
        catalogue = requests.get(f"{sandbox.url}/bulks-faostat.fao.org/production/datasets_E.json", timeout=30).json()
    assert zipped[QCL_MAIN].count(b"\r\n") - 1 == catalogue["Datasets"]["Dataset"][0]["FileRows"]
    assert zipped[QCL_MAIN].splitlines()[0].endswith(b",Note,A87_SYNTHETIC")
