"""Builds the sample edition: the small tables of figures from which the sandbox speaks the partners' dialects.

    python tools/build_sample.py FIGURES_DIR OUT_DIR

FIGURES_DIR holds collected figures of the partners (folders `wire` and `reference`). Published figures are taken as
printed, each row with its source. What had to be generated says so: its source has `synthetic` = 1 in `sources.csv`.
Never generated: prevalence of child labour or child employment, entries of the goods list, advancement levels. Numbers
of children are at most a published share times a rough population, or the reverse for shares, and then synthetic.
Same input, same bytes: every generated series draws from its own stream, seeded by its own name.
Levels behind generated series (populations, yields, sizes of trade flows, prices) are rough choices made here.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import random
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import xls

Row = dict[str, str]
Rows = list[Row]
Course = dict[int, float]  # year -> value

SEED = "alliance87-sample-1"
FIRST_YEAR = 2010

# ISO3, ISO2 and rough population in millions about 2015: producing countries of the four chains and their neighbours.
ORIGINS = """
BGD BD 157, BEN BJ 10.9, BFA BF 18.1, BRA BR 204, CHN CN 1380, CIV CI 23.2, CMR CM 23.3, COL CO 47, DOM DO 10.4,
ECU EC 16.2, EGY EG 94, ETH ET 101, FJI FJ 0.87, GHA GH 28.7, GTM GT 15.8, HND HN 9.3, IDN ID 259, IND IN 1320,
KEN KE 47, KHM KH 15.4, LAO LA 6.8, LBR LR 4.6, LKA LK 21, MAR MA 34.7, MDG MG 24.2, MEX MX 121, MLI ML 17.4,
MMR MM 52, MWI MW 16.9, MYS MY 31, NAM NA 2.3, NGA NG 182, NPL NP 27, PAK PK 205, PER PE 30.5, PHL PH 103,
PRK KP 25.2, PRY PY 6.2, TGO TG 7.4, THA TH 70, TUN TN 11.6, TUR TR 79, TZA TZ 52, UGA UG 38, USA US 321,
UZB UZ 31.3, VNM VN 92.7, ZMB ZM 16, ZWE ZW 14.2, ALB AL 2.9, CHL CL 17.9, WSM WS 0.2, TKM TM 5.6, TJK TJ 8.5
"""
MEMBERS = """
AUT AT 8.6, BEL BE 11.3, BGR BG 7.2, CYP CY 0.85, CZE CZ 10.5, DEU DE 81.7, DNK DK 5.7, EST EE 1.3, ESP ES 46.4,
FIN FI 5.5, FRA FR 66.6, GRC GR 10.8, HRV HR 4.2, HUN HU 9.8, IRL IE 4.7, ITA IT 60.7, LTU LT 2.9, LUX LU 0.57,
LVA LV 2, MLT MT 0.44, NLD NL 16.9, POL PL 38, PRT PT 10.4, ROU RO 19.8, SWE SE 9.8, SVN SI 2.1, SVK SK 5.4
"""

SOURCES = {
    "fao_qcl_pacific": ("FAO. FAOSTAT: Crops and livestock products, 1992-2023, Pacific countries and World", 0),
    "fao_qcl_2020": ("FAO. FAOSTAT: Crops and livestock products, production of 2020, export before the 2022 flags", 0),
    "fao_tm_values": ("FAO. FAOSTAT: Detailed trade matrix, 1992-2024, values of EU trade; flags not recorded", 0),
    "fao_pp_2026": ("FAO. FAOSTAT: Producer prices, Honduras, September 2026, excerpt", 0),
    "fao_oea_2026": ("FAO. FAOSTAT: Employment in agriculture and agrifood systems, Honduras, Sept. 2026, excerpt", 0),
    "syn_fao": ("Generated: path through the published production of 2020; area, yield and processed goods derived", 1),
    "syn_fao_trade": ("Generated: exports as a part of production; tonnes from value and a rough price", 1),
    "syn_fao_price": ("Generated: a rough price per tonne with a smooth path, its index and months", 1),
    "syn_fao_oea": ("Generated: employment in agrifood systems from a rough population and share", 1),
    "ilo_a871": ("ILOSTAT, ILO. SDG_A871_SEX_AGE_RT, both sexes, transcribed; source codes not recorded", 0),
    "un_sdg_2019": ("UN SDG database, release 2019.Q1.G.02, SL_TLF_CHLDEA, ages 5-17 (UNICEF and ILO)", 0),
    "ilo_0831": ("ILOSTAT, ILO. SDG_0831_SEX_ECO_RT, code download of early 2024", 0),
    "ilo_child": ("ILOSTAT, ILO. SDG_B871_SEX_AGE_RT, CLD_XCHL_SEX_AGE_RT, transcribed; source codes not recorded", 0),
    "ilo_xhaz": ("ILOSTAT, ILO. CLD_XHAZ_SEX_AGE_ECO_NB, export of 2021-07-06; source codes not recorded", 0),
    "ilo_0861": ("ILOSTAT, ILO. SDG_0861_SEX_RT, code download of early 2024", 0),
    "syn_ilo_child": ("Generated: a published share or number of children, turned over by a rough population", 1),
    "syn_ilo_rights": ("Generated: usual level of the indicator with a smooth path", 1),
    "syn_ilo": ("Generated: employment by division from a rough population and sector shares", 1),
    "wb_esg_2023": ("World Bank. ESG data, bulk file of 2023-05-19", 0),
    "wb_social_2021": ("World Bank. World Development Indicators, 2021-09-15, children in employment by sex", 0),
    "wb_poverty_2021": ("World Bank. World Development Indicators, 2021-09-15, topic poverty", 0),
    "wb_bgd_2020": ("World Bank. World Development Indicators, 2020-07-01, Bangladesh", 0),
    "wb_wgi_2023": ("World Bank. ESG data, bulk file of 2023-05-19: governance estimates, then RL.EST and kin", 0),
    "syn_wb": ("Generated: level of the income group with a smooth path", 1),
    "cbs": ("Statistics Netherlands (CBS), news items: Dutch imports of cocoa and cocoa products, rounded", 0),
    "syn_eu": ("Generated: rough size of a flow in 2018, spread over members and years", 1),
    "eurostat_thb_news": ("Eurostat. News of 2023-02-09 and 2024-01-24: registered victims of trafficking, EU", 0),
    "syn_thb": ("Generated: small whole numbers; dimension names and codes of forms of exploitation not recorded", 1),
    "ecb_usd": ("ECB euro reference rates, US dollar, annual averages, as Eurostat prints them", 0),
    "syn_ert": ("Generated: usual level of the currency with a smooth path", 1),
    "eurostat_toc_2023": ("Eurostat. Table of contents, August 2023", 0),
    "eurostat_cn": ("Eurostat. CN concordances 1988-2025, links of the sectors' goods since 2009/10", 0),
    "comext_202402": ("Eurostat. Comext, full_v2_202402, rows quoted in a public document, Austria to Andorra", 0),
    "syn_comext": ("Generated: rough size of a monthly flow, spread over members and months", 1),
    "ilab_goods": ("USDOL ILAB. List of Goods Produced by Child Labor or Forced Labor, editions 2014-2022", 0),
    "ilab_findings": ("USDOL ILAB. Findings on the Worst Forms of Child Labor, report years 2014-2022", 0),
}


# --- reading, writing, drawing ---------------------------------------------------------------------------------------


def read_rows(lines: Iterable[str], delimiter: str = ",") -> Rows:
    return [dict(row) for row in csv.DictReader(lines, delimiter=delimiter)]


def read_file(path: Path) -> Rows:
    text = path.read_text(encoding="utf-8-sig")
    return read_rows(io.StringIO(text, newline=""), "\t" if path.suffix == ".tsv" else ",")


def read_member(archive: Path, prefix: str) -> str:
    with zipfile.ZipFile(archive) as zipped:
        (name,) = [n for n in zipped.namelist() if n.startswith(prefix)]
        return zipped.read(name).decode("utf-8-sig")


def write_table(folder: Path, name: str, columns: str, rows: Rows) -> int:
    """UTF-8, LF, comma. Columns in the given order; a row with a column too many or too few is an error."""
    names = columns.split(",")
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            if set(row) != set(names):
                raise ValueError(f"{name}: columns {sorted(row)}, expected {sorted(names)}")
            writer.writerow([row[c] for c in names])
    return len(rows)


def unique(rows: Rows, *key: str) -> Rows:
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        values = tuple(row[k] for k in key)
        if values in seen:
            raise ValueError(f"key {values} twice")
        seen.add(values)
    return rows


def stream(*name: str) -> random.Random:
    """A random stream of its own for each series: adding one series leaves the others as they are."""
    return random.Random("/".join((SEED, *name)))


def path_through(rng: random.Random, anchor: float, base: int, years: range, growth: float, noise: float) -> Course:
    """A smooth course that passes exactly through `anchor` in the year `base`."""
    swing, period = rng.uniform(-0.06, 0.06), rng.uniform(5, 9)
    course: Course = {}
    for year in years:
        away = year - base
        wave = swing * math.sin(2 * math.pi * away / period)
        wobble = rng.gauss(0, noise) if away else 0.0
        course[year] = anchor * math.exp(growth * away + wave + wobble)
    return course


def number(value: float, digits: int) -> str:
    """Plain decimal text without trailing zeros."""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def places(text: str) -> dict[str, tuple[str, float]]:
    """ISO3 -> (ISO2 as Comext writes it, population in millions)."""
    triples = [entry.split() for entry in text.split(",")]
    return {iso3: (iso2, float(millions)) for iso3, iso2, millions in triples}


ORIGIN = places(ORIGINS)
MEMBER = places(MEMBERS)
COUNTRY = ORIGIN | MEMBER


# --- FAO -------------------------------------------------------------------------------------------------------------

FAO_ITEMS = ["328", "767", "836", "661", "656", "826", "156", "254", "257", "667"]
FAO_ELEMENTS = {
    "5312": ("Area harvested", "ha"), "5412": ("Yield", "kg/ha"), "5510": ("Production", "t"),
    "5610": ("Import quantity", "t"), "5622": ("Import value", "1000 USD"),
    "5910": ("Export quantity", "t"), "5922": ("Export value", "1000 USD"),
    "5530": ("Producer Price (LCU/tonne)", "LCU"), "5531": ("Producer Price (SLC/tonne)", "SLC"),
    "5532": ("Producer Price (USD/tonne)", "USD"), "5539": ("Producer Price Index (2014-2016 = 100)", ""),
    "6199": ("Value", ""),
}  # fmt: skip
FAO_YEARS = range(FIRST_YEAR, 2024)
CHINA_MAINLAND, CHINA_ALL = "41", "351"
USUAL_YIELD = {  # kg per hectare
    "328": 1800, "836": 1100, "661": 450, "656": 800, "826": 1700, "156": 65000, "254": 13000, "667": 5000,
}  # fmt: skip
PROCESSED = {"328": ("767", 0.36), "254": ("257", 0.21)}  # lint from seed cotton, oil from oil palm fruit
TRADED = {"661": 2900, "656": 3400, "767": 1900, "836": 1700, "826": 4300}  # item -> US dollars per tonne, roughly
TRADE_YEARS = range(2019, 2025)
PRICE_YEARS = range(2013, 2025)
OEA_YEARS = range(2015, 2024)
OLD_FLAG = {"": "A", "Im": "I"}  # every other letter of before 2022 becomes E


def fao_code_list(figures: Path, name: str) -> Rows:
    return read_file(figures / f"wire/fao/qcl_codelists_2026/Production_Crops_Livestock_E_{name}.csv")


def fao_areas(figures: Path) -> Rows:
    """Areas of QCL as FAO's own code list of 2026 has them."""
    return [
        {"area_code": r["Area Code"], "m49": r["M49 Code"].removeprefix("'"), "label": r["Area"]}
        for r in fao_code_list(figures, "AreaCodes")
    ]


def fao_items(figures: Path) -> Rows:
    """Items and item groups of QCL as FAO's own code list of 2026 has them."""
    return [
        {"item_code": r["Item Code"], "cpc": r["CPC Code"].removeprefix("'"), "label": r["Item"]}
        for r in fao_code_list(figures, "ItemCodes")
    ]


def fao_elements() -> Rows:
    return [{"element_code": c, "label": label, "unit": unit} for c, (label, unit) in FAO_ELEMENTS.items()]


def fao_row(area: str, item: str, element: str, year: int | str, value: str, flag: str, source: str) -> Row:
    return {
        "area_code": area, "item_code": item, "element_code": element, "year": str(year), "value": value,
        "flag": flag, "source_id": source,
    }  # fmt: skip


def fao_pacific(figures: Path) -> Rows:
    """Pacific countries and World, as printed; that file carries no flags.

    Its sub-region rows are left out: they are means over members (Melanesia, cocoa 2020: production is not area times
    yield), where FAO prints totals.
    """
    area_of = {r["label"]: r["area_code"] for r in fao_areas(figures)}
    item_of = {r["label"].replace("; ", ", "): r["item_code"] for r in fao_items(figures)}
    element_of = {label: code for code, (label, _) in FAO_ELEMENTS.items()}
    return [
        fao_row(
            area_of[r["Area"]], item_of[r["Item"]], element_of[r["Element"]], r["Year"], r["value"], "",
            "fao_qcl_pacific",
        )
        for r in read_file(figures / "wire/fao/derived/qcl.csv")
        if r["Area"] != "NA" and r["value"] != "NA" and int(r["Year"]) >= FIRST_YEAR and item_of[r["Item"]] in FAO_ITEMS
    ]  # fmt: skip


def fao_code_of_iso3(figures: Path) -> dict[str, str]:
    definitions = read_file(figures / "wire/fao/definitions/country_region_2022-10-01.csv")
    return {r["ISO3 Code"]: r["Country Code"] for r in definitions}


def fao_2020(figures: Path) -> Rows:
    """Production of 2020. CHN is the aggregate 351 there, F41 the mainland; rows flagged M or empty are no figures."""
    code_of = fao_code_of_iso3(figures)
    return [
        fao_row(
            code_of[r["Area Code (ISO3)"]], r["Item Code (FAO)"], r["Element Code"], "2020", r["Value"],
            OLD_FLAG.get(r["Flag"], "E"), "fao_qcl_2020",
        )
        for r in read_file(figures / "wire/fao/ui_exports/FAOSTAT_food_production_2020.csv")
        if r["Item Code (FAO)"] in FAO_ITEMS and r["Value"] and r["Flag"] != "M"
    ]  # fmt: skip


def fao_generated(area: str, item: str, production_2020: float) -> Iterator[Row]:
    """Area, yield and production of one crop, 2010-2023, around its published production of 2020."""
    rng = stream("fao", area, item)
    crop = path_through(rng, production_2020, 2020, FAO_YEARS, rng.uniform(-0.01, 0.03), 0.03)
    usual = USUAL_YIELD[item] * math.exp(rng.gauss(0, 0.2))
    yields = path_through(rng, usual, 2020, FAO_YEARS, rng.uniform(-0.005, 0.012), 0.02)
    for year in FAO_YEARS:
        hectares = max(1, round(crop[year] * 1000 / yields[year]))
        # The published tonnes stand; their yield follows from them. Other years: tonnes follow from area and yield.
        per_hectare = round(production_2020 * 1000 / hectares if year == 2020 else yields[year], 1)
        tonnes = production_2020 if year == 2020 else hectares * per_hectare / 1000
        yield from _fao_crop_rows(area, item, year, hectares, per_hectare, tonnes)


def _fao_crop_rows(area: str, item: str, year: int, hectares: int, per_hectare: float, tonnes: float) -> Iterator[Row]:
    yield fao_row(area, item, "5312", year, str(hectares), "E", "syn_fao")
    yield fao_row(area, item, "5412", year, number(per_hectare, 1), "E", "syn_fao")
    if year != 2020:
        yield fao_row(area, item, "5510", year, number(tonnes, 2), "E", "syn_fao")
    if item in PROCESSED:
        product, ratio = PROCESSED[item]
        yield fao_row(area, product, "5510", year, number(tonnes * ratio, 2), "E", "syn_fao")


def fao_qcl(figures: Path) -> Rows:
    pacific = fao_pacific(figures)
    covered = {(r["area_code"], r["item_code"]) for r in pacific}  # newer vintage, all years: it goes first
    published = [r for r in fao_2020(figures) if (r["area_code"], r["item_code"]) not in covered]
    code_of = fao_code_of_iso3(figures)
    origins = {CHINA_MAINLAND if iso3 == "CHN" else code_of[iso3] for iso3 in ORIGIN}
    generated = [
        row
        for r in published
        if r["area_code"] in origins and float(r["value"]) > 0
        for row in fao_generated(r["area_code"], r["item_code"], float(r["value"]))
    ]
    key = ("area_code", "item_code", "element_code", "year")
    rows = sorted(pacific + published + generated, key=lambda r: tuple(int(r[k]) for k in key))
    return unique(rows, *key)


def fao_tm(figures: Path) -> Rows:
    """Values of trade between the EU's members and the origins, each flow as both sides report it.

    The collected figures have no quantities, so those are generated. Left out is China, since ISO3 CHN may be FAO's
    area 41 or 351 there.
    """
    code_of = fao_code_of_iso3(figures)
    item_of = {r["label"].replace("; ", ", "): r["item_code"] for r in fao_items(figures)}
    folder = figures / "wire/fao/derived"
    with gzip.open(folder / "tm_exports_to_eu.csv.gz", "rt", encoding="utf-8-sig", newline="") as packed:
        reports = [("5622", r) for r in read_file(folder / "tm_eu_imports.csv")] + [
            ("5922", r) for r in read_rows(packed)
        ]
    rows = []
    for element, r in reports:
        origin = r["ISOP"] if element == "5622" else r["ISO3"]
        item = item_of.get(r["Item"], "")
        if origin in ORIGIN and origin != "CHN" and item in TRADED and int(r["Year"]) in TRADE_YEARS:
            flow = (code_of[r["ISO3"]], code_of[r["ISOP"]], item, r["Year"])
            rows += _fao_flow(flow, element, "" if r["value"] == "NA" else r["value"])
    key = ("reporter_code", "partner_code", "item_code", "element_code", "year")
    return unique(sorted(rows, key=lambda r: tuple(int(r[k]) for k in key)), *key)


def _fao_flow(flow: tuple[str, str, str, str], element: str, value: str) -> Iterator[Row]:
    """The value as published; in some years also the tonnes that a rough price makes of it."""
    names = ("reporter_code", "partner_code", "item_code", "year")
    cells = dict(zip(names, flow, strict=True))
    yield cells | {"element_code": element, "value": value, "flag": "", "source_id": "fao_tm_values"}
    if value and flow[3] in ("2022", "2024"):
        price = TRADED[flow[2]] * math.exp(stream("fao_tm", *flow, element).gauss(0, 0.2))
        tonnes = number(float(value) * 1000 / price, 2)
        quantity = {"5622": "5610", "5922": "5910"}[element]
        yield cells | {"element_code": quantity, "value": tonnes, "flag": "E", "source_id": "syn_fao_trade"}


def fao_crops(figures: Path) -> dict[tuple[str, str], float]:
    """Area and item -> published production of 2020, of the origins and the traded items that are harvested."""
    code_of = fao_code_of_iso3(figures)
    origins = {CHINA_MAINLAND if iso3 == "CHN" else code_of[iso3] for iso3 in ORIGIN}
    return {
        (r["area_code"], r["item_code"]): float(r["value"])
        for r in fao_2020(figures)
        if r["area_code"] in origins and r["item_code"] in TRADED and float(r["value"]) > 0
    }


def fao_tcl(figures: Path) -> Rows:
    """Exports of the origins: a part of what they harvest."""
    rows = []
    for (area, item), tonnes in sorted(fao_crops(figures).items()):
        rng = stream("fao_tcl", area, item)
        course = path_through(rng, tonnes * rng.uniform(0.2, 0.9), 2020, TRADE_YEARS, rng.uniform(-0.01, 0.03), 0.05)
        price = path_through(rng, TRADED[item], 2020, TRADE_YEARS, 0.02, 0.05)
        for year in TRADE_YEARS:
            value = number(course[year] * price[year] / 1000, 0)
            rows.append(fao_row(area, item, "5910", year, number(course[year], 2), "E", "syn_fao_trade"))
            rows.append(fao_row(area, item, "5922", year, value, "E", "syn_fao_trade"))
    return rows


def fao_price(
    area: str, item: str, element: str, year: int | str, month: str, value: str, flag: str, source: str
) -> Row:
    return fao_row(area, item, element, year, value, flag, source) | {"month_code": month}


def fao_pp(figures: Path) -> Rows:
    """Honduras as recorded; for the origins prices in US dollars, their index, and the months of one year."""
    published = [
        fao_price(
            r["Area Code"], r["Item Code"], r["Element Code"], r["Year"], r["Months Code"], r["Value"], r["Flag"],
            "fao_pp_2026",
        )
        for r in read_file(figures / "wire/fao/excerpts_2026/PP_honduras_excerpt.csv")
    ]  # fmt: skip
    return published + [row for crop in sorted(fao_crops(figures)) for row in _fao_prices(*crop)]


def _fao_prices(area: str, item: str) -> Iterator[Row]:
    rng = stream("fao_pp", area, item)
    course = path_through(rng, TRADED[item] * rng.uniform(0.4, 0.8), 2015, PRICE_YEARS, rng.uniform(0, 0.04), 0.05)
    base = sum(course[year] for year in range(2014, 2017)) / 3
    for year in PRICE_YEARS:
        yield fao_price(area, item, "5532", year, "7021", number(course[year], 1), "E", "syn_fao_price")
        index = number(100 * course[year] / base, 2)
        yield fao_price(area, item, "5539", year, "7021", index, "E", "syn_fao_price")
    for month in range(7001, 7013) if item == "661" else ():
        value = number(course[2024] * math.exp(rng.gauss(0, 0.05)), 1)
        yield fao_price(area, item, "5532", 2024, str(month), value, "E", "syn_fao_price")


def fao_oea(figures: Path) -> Rows:
    """Honduras as recorded, from two sources; for the other origins FAO's model alone."""
    published = [
        fao_persons(
            r["Area Code"], r["Source Code"], r["Indicator Code"], r["Sex Code"], r["Year"], r["Value"], r["Flag"],
            "fao_oea_2026",
        ) | {"unit": r["Unit"], "note": r["Note"]}
        for r in read_file(figures / "wire/fao/excerpts_2026/OEA_honduras_excerpt.csv")
    ]  # fmt: skip
    code_of = fao_code_of_iso3(figures)
    rows = list(published)
    for iso3, (_iso2, millions) in ORIGIN.items():
        if iso3 == "HND":
            continue
        rng = stream("fao_oea", iso3)
        course = path_through(rng, millions * 1000 * rng.uniform(0.1, 0.3), 2019, OEA_YEARS, 0.005, 0.02)
        area = CHINA_MAINLAND if iso3 == "CHN" else code_of[iso3]
        rows += [
            fao_persons(area, "3044", "21160", "1", year, number(course[year], 2), "E", "syn_fao_oea")
            for year in OEA_YEARS
        ]
    return unique(rows, "area_code", "source_code", "indicator_code", "sex_code", "year")


def fao_persons(
    area: str, origin: str, indicator: str, sex: str, year: int | str, value: str, flag: str, source: str
) -> Row:
    """Thousand persons; `origin` is FAO's code of the survey or model."""
    return {
        "area_code": area, "source_code": origin, "indicator_code": indicator, "sex_code": sex, "element_code": "6199",
        "year": str(year), "unit": "1000 No", "value": value, "flag": flag, "note": "", "source_id": source,
    }  # fmt: skip


# --- ILO -------------------------------------------------------------------------------------------------------------

INFORMAL_SECTORS = {"ECO_SECTOR_TOTAL", "ECO_SECTOR_AGR", "ECO_SECTOR_IND", "ECO_SECTOR_SER"}
SDG_SEX = {"BOTHSEX": "SEX_T", "MALE": "SEX_M", "FEMALE": "SEX_F"}
MODELLED = "ILO - Modelled Estimates"
EMPLOYMENT_YEARS = range(FIRST_YEAR, 2024)
USUAL_DIVISION_PCT = {"C12": 0.06, "C13": 0.8, "C14": 1.0, "C15": 0.3, "C22": 0.5, "C26": 0.25}
LARGE_DIVISION_PCT = {  # where a chain employs far more than usual, per cent of employment
    "BGD": {"C13": 2.6, "C14": 6.5}, "KHM": {"C14": 9.0, "C15": 1.4}, "LKA": {"C13": 1.2, "C14": 4.2},
    "VNM": {"C14": 4.8, "C15": 2.7, "C26": 2.0}, "PAK": {"C13": 4.0, "C14": 2.6}, "IND": {"C13": 2.0, "C14": 2.1},
    "CHN": {"C13": 1.3, "C14": 1.6, "C26": 2.2}, "MMR": {"C14": 2.6}, "TUN": {"C14": 5.0}, "MAR": {"C14": 2.2},
    "TUR": {"C13": 1.7, "C14": 2.4}, "HND": {"C14": 3.2}, "MYS": {"C22": 2.3, "C26": 3.4}, "UZB": {"C13": 1.5},
    "THA": {"C22": 1.5, "C26": 1.3}, "IDN": {"C12": 0.4, "C13": 1.4, "C14": 2.0, "C22": 0.7}, "PHL": {"C26": 0.9},
    "MEX": {"C14": 1.1, "C26": 0.9}, "EGY": {"C13": 1.3, "C14": 1.5}, "MDG": {"C14": 1.6}, "NPL": {"C13": 1.1},
}  # fmt: skip
SEX_LABEL = {"Total": "SEX_T", "Male": "SEX_M", "Female": "SEX_F"}
HAZARD_COLUMN = {
    "F": "ECO_SECTOR_TOTAL", "G": "ECO_SECTOR_AGR", "H": "ECO_SECTOR_IND", "I": "ECO_SECTOR_SER", "J": "ECO_SECTOR_X",
}  # fmt: skip
CHILD_SECTOR_PART = {"ECO_SECTOR_TOTAL": 1.0, "ECO_SECTOR_AGR": 0.7, "ECO_SECTOR_IND": 0.1, "ECO_SECTOR_SER": 0.2}
RIGHTS_AREAS = ["BGD", "BRA", "CIV", "COL", "GHA", "IDN", "IND", "KHM", "TUR", "VNM"]
RIGHTS_YEARS = range(2014, 2023, 4)
NAME_IN_LABEL_FILE = {"Turkey": "Türkiye"}  # the ILO code list against the label download


class Usual(NamedTuple):
    """About where an indicator stands, and its cells: `sex classif1 classif2` (- is none) -> part of the level."""

    level: float
    spread: float
    most: float
    digits: int
    cells: dict[str, float]


NO_CELLS = {"- - -": 1.0}
USUAL_RIGHTS = {
    "HOW_TEMP_SEX_EC2_NB": Usual(
        45, 0.06, 70, 2, {"SEX_T EC2_ISIC4_TOTAL -": 1, "SEX_T EC2_ISIC4_C14 -": 1.08, "SEX_T EC2_ISIC4_A01 -": 0.85}
    ),
    "EAR_EMTA_SEX_ECO_CUR_NB": Usual(
        280, 0.4, 5000, 2,
        {
            "SEX_T ECO_SECTOR_TOTAL CUR_TYPE_USD": 1, "SEX_T ECO_SECTOR_TOTAL CUR_TYPE_PPP": 2.6,
            "SEX_T ECO_SECTOR_AGR CUR_TYPE_USD": 0.6, "SEX_T ECO_SECTOR_AGR CUR_TYPE_PPP": 1.5,
        },
    ),
    "SDG_0111_SEX_AGE_RT": Usual(
        9, 0.6, 80, 2, {"SEX_T AGE_YTHADULT_YGE15 -": 1, "SEX_T AGE_YTHADULT_Y15-24 -": 1.3}
    ),
    "SDG_0131_SEX_SOC_RT": Usual(45, 0.3, 98, 1, {"SEX_T SOC_CONTIG_TOTAL -": 1, "SEX_T SOC_CONTIG_CHILD -": 0.6}),
    "ILR_TUMT_NOC_RT": Usual(14, 0.4, 90, 1, NO_CELLS),
    "ILR_CBCT_NOC_RT": Usual(18, 0.4, 98, 1, NO_CELLS),
    "LAI_INDE_NOC_RT": Usual(0.4, 0.4, 5, 2, NO_CELLS),
    "LAI_VIST_NOC_NB": Usual(20000, 0.7, 1e6, 0, NO_CELLS),
    "SDG_0882_NOC_RT": Usual(4, 0.4, 10, 2, NO_CELLS),
    "SDG_F881_SEX_MIG_RT": Usual(
        5, 0.4, 60, 1, {"SEX_T MIG_STATUS_TOTAL -": 1, "SEX_M MIG_STATUS_TOTAL -": 1.6, "SEX_F MIG_STATUS_TOTAL -": 0.2}
    ),
}  # fmt: skip


def ilo_row(
    indicator: str, area: str, source: str, sex: str, classif1: str, time: str, value: str, status: str, source_id: str,
    classif2: str = "",
) -> Row:  # fmt: skip
    """One cell; sex and classifications are blank where the dataset has no such column."""
    return {
        "indicator": indicator, "ref_area": area, "source": source, "sex": sex, "classif1": classif1,
        "classif2": classif2, "time": time, "obs_value": value, "obs_status": status, "source_id": source_id,
    }  # fmt: skip


def transcribed(figures: Path, indicator: str, source_id: str) -> Rows:
    """Shares of children as published, both sexes. A country and year is a source of its own."""
    return [
        ilo_row(
            indicator, r["ref_area"], f"NR:{r['ref_area']}{r['time']}", r["sex"], r["classif1"], r["time"],
            r["obs_value"], "", source_id,
        )
        for r in read_file(figures / "wire/ilo/derived/child_labour_ilostat_sample_transcribed.csv")
        if r["indicator"] == indicator
    ]  # fmt: skip


def ilo_child_labour(figures: Path) -> Rows:
    """SDG 8.7.1, variant A. The figures were published without their source codes.

    So each country and year is a source of its own (`NR:` ILOSTAT, `UN:` UN SDG database): two surveys never look like
    one series. A country and year that ILOSTAT covers is not filled from the older UN release, and UN rows for other
    ages than 5-17 are left out, because ILO has no code for them.
    """
    indicator = "SDG_A871_SEX_AGE_RT"
    rows = transcribed(figures, indicator, "ilo_a871")
    covered = {(r["ref_area"], r["time"]) for r in rows}
    for r in read_file(figures / "wire/ilo/related/sdg_8.7.1_CHLDEA_2019Q1_values.tsv"):
        area, year = r["ISO3CD"], r["timePeriod"]
        if r["ageCode"] == "5-17" and (area, year) not in covered:
            sex, age = SDG_SEX[r["sexCode"]], "AGE_CLDVERSION_Y5-17"
            rows.append(ilo_row(indicator, area, f"UN:{area}{year}", sex, age, year, r["value"], "", "un_sdg_2019"))
    return rows


def ilo_informal_file(figures: Path) -> Rows:
    return read_file(figures / "wire/ilo/rplumber_code/SDG_0831_SEX_ECO_RT_A.csv")


def is_modelled(source: str) -> bool:
    return source.startswith("XA:")


def ilo_informal(figures: Path) -> Rows:
    """SDG 8.3.1 as published: by sex for the total, both sexes together by sector; regions as modelled by the ILO."""
    return [
        ilo_row(
            "SDG_0831_SEX_ECO_RT", r["ref_area"], r["source"], r["sex"], r["classif1"], r["time"], r["obs_value"],
            r["obs_status"], "ilo_0831",
        )
        for r in ilo_informal_file(figures)
        if int(r["time"]) >= FIRST_YEAR and _informal_is_taken(r)
    ]  # fmt: skip


def _informal_is_taken(row: Row) -> bool:
    if is_modelled(row["source"]):
        return row["sex"] == "SEX_T"
    wanted = {"ECO_SECTOR_TOTAL"} if row["sex"] in ("SEX_M", "SEX_F") else INFORMAL_SECTORS
    return row["ref_area"] in COUNTRY and row["classif1"] in wanted


def agriculture_pct(iso3: str, income: str) -> Course:
    """Share of employment in agriculture; the World Bank series and the ILO division A01 both follow it."""
    rng = stream("agriculture", iso3)
    level = {"LIC": 60.0, "LMC": 36.0, "UMC": 19.0, "HIC": 4.0}.get(income, 30.0) * math.exp(rng.gauss(0, 0.1))
    return path_through(rng, level, 2018, range(FIRST_YEAR, 2024), rng.uniform(-0.02, -0.004), 0.006)


def ilo_employment(figures: Path) -> Rows:
    """Thousand persons in employment: all, and the two-digit divisions of the chains."""
    income = income_groups(figures)
    return [row for iso3 in ORIGIN for row in _employment_of(iso3, income[iso3])]


def _employment_of(iso3: str, income: str) -> Iterator[Row]:
    rng = stream("employment", iso3)
    persons = population(iso3, income)
    rate = path_through(rng, rng.uniform(0.36, 0.47), 2018, EMPLOYMENT_YEARS, rng.uniform(-0.003, 0.004), 0.004)
    farming = agriculture_pct(iso3, income)
    division_pct = USUAL_DIVISION_PCT | LARGE_DIVISION_PCT.get(iso3, {})
    division = {
        code: path_through(rng, pct * rng.uniform(0.8, 1.2), 2018, EMPLOYMENT_YEARS, rng.uniform(-0.02, 0.03), 0.02)
        for code, pct in division_pct.items()
    }
    for year in EMPLOYMENT_YEARS:
        total = persons[year] * rate[year] / 1000
        share = {"TOTAL": 100.0, "A01": 0.96 * farming[year]} | {code: pct[year] for code, pct in division.items()}
        for code, pct in share.items():
            value = number(total * pct / 100, 2)
            classif1 = f"EC2_ISIC4_{code}"
            yield ilo_row("EMP_TEMP_SEX_EC2_NB", iso3, f"ZZ:{iso3}", "SEX_T", classif1, str(year), value, "", "syn_ilo")


def ilo_hazardous(figures: Path) -> Rows:
    """Thousand children in hazardous work by branch, countries only. Blank parts are no figures."""
    area_of = ilo_area_codes(figures)
    rows: Rows = []
    for line in sheet_lines(figures / "wire/ilo/xlsx/CLD_XHAZ_SEX_AGE_ECO_NB_A_EN.xlsx"):
        if line.get("A") in area_of and line.get("B") != MODELLED and line.get("F"):
            area, year, age = area_of[line["A"]], line["E"], line["D"].removeprefix("'")
            rows += [
                ilo_row(
                    "CLD_XHAZ_SEX_AGE_ECO_NB", area, f"NR:{area}{year}", SEX_LABEL[line["C"]],
                    f"AGE_CLDVERSION_Y{age}", year, number(float(line[column]), 3), "", "ilo_xhaz", sector,
                )
                for column, sector in HAZARD_COLUMN.items()
                if line.get(column)
            ]  # fmt: skip
    return rows


def sheet_lines(workbook: Path) -> Iterator[Row]:
    """Rows of the first sheet as column letter -> text."""
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(workbook) as zipped:
        texts = ElementTree.fromstring(zipped.read("xl/sharedStrings.xml")).findall("x:si", space)
        sheet = ElementTree.fromstring(zipped.read("xl/worksheets/sheet1.xml"))
    shared = ["".join(text.itertext()) for text in texts]
    for line in sheet.iterfind(".//x:row", space):
        cells = {c.attrib["r"].rstrip("0123456789"): c for c in line.iterfind("x:c", space)}
        values = {column: (cell, cell.findtext("x:v", "", space)) for column, cell in cells.items()}
        yield {c: shared[int(v)] if v and cell.get("t") == "s" else v for c, (cell, v) in values.items()}


def children(iso3: str, income: str, age: str, year: int) -> float:
    """Rough number of children of an age band such as `5-11`, in thousands."""
    first, last = map(int, age.split("-"))
    one_year = population(iso3, income)[year] * WB_LEVEL["SP.POP.0014.TO"].get(income, 0.3) / 15
    return one_year * (last - first + 1) / 1000


def ilo_children_turned_over(figures: Path) -> Rows:
    """Numbers of children in child labour from published shares, shares in hazardous work from published numbers."""
    income = income_groups(figures)
    rows: Rows = []
    for r in transcribed(figures, "CLD_XCHL_SEX_AGE_RT", "ilo_child"):
        if r["ref_area"] in ORIGIN:
            rows += _children_in_child_labour(r, income[r["ref_area"]])
    for r in ilo_hazardous(figures):
        if r["ref_area"] in ORIGIN and r["sex"] == "SEX_T" and r["classif2"] == "ECO_SECTOR_TOTAL":
            age, year = r["classif1"].removeprefix("AGE_CLDVERSION_Y"), int(r["time"])
            share = 100 * float(r["obs_value"]) / children(r["ref_area"], income[r["ref_area"]], age, year)
            rows.append(_turned_over(r, "CLD_XHAZ_SEX_AGE_RT", number(share, 2)))
    return rows


def _children_in_child_labour(share: Row, income: str) -> Iterator[Row]:
    age, year = share["classif1"].removeprefix("AGE_CLDVERSION_Y"), int(share["time"])
    thousands = float(share["obs_value"]) / 100 * children(share["ref_area"], income, age, year)
    yield _turned_over(share, "CLD_XCHL_SEX_AGE_NB", number(thousands, 2))
    for sector, part in CHILD_SECTOR_PART.items():
        yield _turned_over(share, "CLD_XCHL_SEX_AGE_ECO_NB", number(thousands * part, 2), sector)


def _turned_over(row: Row, indicator: str, value: str, classif2: str = "") -> Row:
    more = {"indicator": indicator, "obs_value": value, "classif2": classif2, "source_id": "syn_ilo_child"}
    return row | more


def ilo_youth(figures: Path) -> Rows:
    """Youth not in education, employment or training, as published."""
    return [
        ilo_row(
            "SDG_0861_SEX_RT", r["ref_area"], r["source"], r["sex"], "", r["time"], r["obs_value"], r["obs_status"],
            "ilo_0861",
        )
        for r in read_file(figures / "wire/ilo/rplumber_code/SDG_0861_SEX_RT_A.csv")
        if r["ref_area"] in ORIGIN and int(r["time"]) >= FIRST_YEAR
    ]  # fmt: skip


def ilo_rights(_figures: Path) -> Rows:
    return [row for indicator in USUAL_RIGHTS for iso3 in RIGHTS_AREAS for row in _rights_of(indicator, iso3)]


def _rights_of(indicator: str, iso3: str) -> Iterator[Row]:
    usual = USUAL_RIGHTS[indicator]
    rng = stream(indicator, iso3)
    level = usual.level * math.exp(rng.gauss(0, usual.spread))
    course = path_through(rng, level, 2018, EMPLOYMENT_YEARS, rng.uniform(-0.02, 0.02), 0.01)
    for cell, factor in usual.cells.items():
        sex, classif1, classif2 = ("" if code == "-" else code for code in cell.split())
        for year in RIGHTS_YEARS:
            value = number(min(course[year] * factor, usual.most), usual.digits)
            yield ilo_row(
                indicator, iso3, f"ZZ:{iso3}", sex, classif1, str(year), value, "", "syn_ilo_rights", classif2
            )


def ilo_table(figures: Path) -> Rows:
    rows = ilo_child_labour(figures) + ilo_informal(figures) + ilo_employment(figures)
    for indicator in ("SDG_B871_SEX_AGE_RT", "CLD_XCHL_SEX_AGE_RT"):
        rows += transcribed(figures, indicator, "ilo_child")
    rows += ilo_hazardous(figures) + ilo_children_turned_over(figures) + ilo_youth(figures) + ilo_rights(figures)
    return unique(rows, "indicator", "ref_area", "source", "sex", "classif1", "classif2", "time")


def ilo_area_codes(figures: Path) -> dict[str, str]:
    """English name, also as the label files spell it -> code."""
    areas = read_file(figures / "wire/ilo/codelists/cl_area_crosswalk.tsv")
    names = {r["name_en"]: r["ref_area"] for r in areas}
    return names | {NAME_IN_LABEL_FILE.get(name, name): code for name, code in names.items()}


def recorded_labels(figures: Path) -> dict[tuple[str, str, str], tuple[str, str]]:
    """(area, sex, year) -> (informality rate, source label), from a label download of the same statistic."""
    area_of = ilo_area_codes(figures)
    sex_of = {"Sex: Total": "SEX_T", "Sex: Male": "SEX_M", "Sex: Female": "SEX_F"}
    known: dict[tuple[str, str, str], tuple[str, str]] = {}
    for r in read_file(figures / "wire/ilo/rplumber_label/EMP_NIFL_SEX_RT_A-20240726T0000.csv"):
        place = area_of.get(r["ref_area.label"], ""), sex_of.get(r["sex.label"], ""), r["time"]
        known[place] = r["obs_value"], r["source.label"]
    return known


def labels_by_source(figures: Path) -> dict[str, str]:
    """Source code -> label, only where figure, area, sex and year agree and one label alone is met."""
    known = recorded_labels(figures)
    met: dict[str, set[str]] = {}
    for r in ilo_informal_file(figures):
        value, label = known.get((r["ref_area"], r["sex"], r["time"]), ("", ""))
        if r["classif1"] == "ECO_SECTOR_TOTAL" and value and r["obs_value"] == value:
            met.setdefault(r["source"], set()).add(label)
    return {source: labels.pop() for source, labels in met.items() if len(labels) == 1}


def ilo_sources(figures: Path, rows: Rows) -> Rows:
    recorded = labels_by_source(figures)
    pairs = sorted({(r["source"], r["ref_area"]) for r in rows})
    return unique([{"source": s, "label": _source_label(s, a, recorded), "ref_area": a} for s, a in pairs], "source")


def _source_label(source: str, area: str, recorded: dict[str, str]) -> str:
    kind, _, rest = source.partition(":")
    if source in recorded:
        return f"{area} - {recorded[source]}"
    if is_modelled(source):
        return MODELLED
    if kind == "NR":
        return f"{area} - Survey of {rest[3:]} (label not recorded)"
    if kind == "UN":
        return f"{area} - UNICEF and ILO calculations, {rest[3:]}, UN SDG database 2019.Q1"
    if kind == "ZZ":
        return f"{area} - Generated series (no survey)"
    return f"{area} - Source {source} (label not recorded)"


# --- World Bank ------------------------------------------------------------------------------------------------------

WB_AGGREGATES = {"WLD", "SSF"}
WB_CHILD_SHARES = {  # the derived file gives names only
    "Children in employment, total (% of children ages 7-14)": "SL.TLF.0714.ZS",
    "Children in employment, male (% of male children ages 7-14)": "SL.TLF.0714.MA.ZS",
    "Children in employment, female (% of female children ages 7-14)": "SL.TLF.0714.FE.ZS",
    "Children in employment, study and work (% of children in employment, ages 7-14)": "SL.TLF.0714.SW.ZS",
    "Children in employment, study and work, male (% of male children in employment, ages 7-14)":
        "SL.TLF.0714.SW.MA.ZS",
    "Children in employment, study and work, female (% of female children in employment, ages 7-14)":
        "SL.TLF.0714.SW.FE.ZS",
    "Children in employment, work only (% of children in employment, ages 7-14)": "SL.TLF.0714.WK.ZS",
    "Children in employment, work only, male (% of male children in employment, ages 7-14)": "SL.TLF.0714.WK.MA.ZS",
    "Children in employment, work only, female (% of female children in employment, ages 7-14)": "SL.TLF.0714.WK.FE.ZS",
}  # fmt: skip
WB_CHILD = list(WB_CHILD_SHARES.values())
WB_HOURS = [f"SL.TLF.0714.{work}{sex}.TM" for work in ("SW", "WK") for sex in ("", ".MA", ".FE")]  # never generated
WB_ESG = ["SE.PRM.ENRR", "SE.ADT.LITR.ZS", "SI.POV.GINI", "SI.POV.NAHC", "NV.AGR.TOTL.ZS"]
WB_POVERTY = ["SI.POV.DDAY", "SI.POV.LMIC", "SI.POV.UMIC", "SI.POV.GINI"]
WB_GENERATED = [
    "NY.GDP.PCAP.PP.KD", "SL.AGR.EMPL.ZS", "SP.POP.TOTL", "SP.POP.0014.TO", "SE.PRM.UNER.ZS", "SE.PRM.CMPT.ZS",
]  # fmt: skip
WB_FEW = {  # generated for a few producers only: level, growth a year, most
    "SE.PRM.UNER.MA.ZS": (7.0, -0.03, 100.0), "SE.PRM.UNER.FE.ZS": (8.0, -0.04, 100.0),
    "SE.PRM.UNER": (400000.0, -0.02, math.inf), "SE.SEC.UNER.LO.ZS": (14.0, -0.02, 100.0),
    "SE.SEC.CMPT.LO.ZS": (70.0, 0.01, 105.0), "SE.PRM.NENR": (91.0, 0.003, 99.5), "SE.SEC.ENRR": (70.0, 0.012, 115.0),
    "SE.COM.DURS": (9.0, 0.0, 14.0), "SE.XPD.TOTL.GD.ZS": (3.8, 0.0, 12.0), "SE.LPV.PRIM": (55.0, -0.005, 98.0),
    "NY.GDP.MKTP.CD": (2e11, 0.03, math.inf), "NV.IND.MANF.ZS": (14.0, 0.005, 45.0),
    "NV.MNF.TXTL.ZS.UN": (14.0, 0.0, 80.0), "SL.IND.EMPL.ZS": (18.0, 0.01, 60.0),
    "SL.EMP.VULN.ZS": (52.0, -0.01, 95.0), "SL.EMP.WORK.ZS": (42.0, 0.01, 98.0), "SL.UEM.NEET.ZS": (22.0, 0.0, 70.0),
    "SL.UEM.NEET.ME.ZS": (22.0, 0.0, 70.0), "SL.TLF.TOTL.IN": (2e7, 0.015, math.inf),
    "TX.VAL.MANF.ZS.UN": (45.0, 0.0, 98.0), "TX.VAL.AGRI.ZS.UN": (4.0, 0.0, 60.0),
    "TX.VAL.FOOD.ZS.UN": (22.0, 0.0, 95.0), "TX.VAL.ICTG.ZS.UN": (3.0, 0.0, 60.0),
    "TX.VAL.MRCH.CD.WT": (4e10, 0.03, math.inf), "NE.EXP.GNFS.ZS": (27.0, 0.0, 120.0),
    "NE.TRD.GNFS.ZS": (58.0, 0.0, 220.0), "TM.TAX.MRCH.WM.AR.ZS": (7.0, -0.02, 40.0),
    "BX.TRF.PWKR.DT.GD.ZS": (4.0, 0.0, 40.0), "per_allsp.cov_pop_tot": (35.0, 0.01, 99.0),
    "per_sa_allsa.cov_pop_tot": (28.0, 0.01, 99.0), "per_lm_alllm.cov_pop_tot": (3.0, 0.0, 60.0),
    "IQ.CPA.PROT.XQ": (3.2, 0.0, 5.5), "SP.REG.BRTH.ZS": (78.0, 0.01, 99.9), "SP.M18.2024.FE.ZS": (24.0, -0.02, 80.0),
    "SM.POP.RHCR.EO": (20000.0, 0.02, math.inf), "SH.STA.STNT.ZS": (24.0, -0.02, 60.0),
    "GD_WBL_OVL_LAW": (66.0, 0.01, 100.0),
}  # fmt: skip
WB_PRODUCERS = ["BGD", "BRA", "CIV", "GHA", "IND", "KHM", "MWI", "PAK", "UZB", "VNM"]
WB_WGI = {f"{code}.EST": f"GOV_WGI_{code}.EST" for code in ("VA", "PV", "GE", "RQ", "RL", "CC")}
WB_WGI_SINCE = 2015
WB_SERIES = [*WB_CHILD, *WB_HOURS, "SI.POV.DDAY", "SI.POV.LMIC", "SI.POV.UMIC", *WB_ESG, *WB_GENERATED, *WB_FEW]
WB_EMPTY_SHOWN = "SE.ADT.LITR.ZS"  # its years without a value are kept, as the Bank's API prints them
WB_YEARS = range(FIRST_YEAR, 2024)
WB_LEVEL = {  # by income group: international dollars, per cent, per cent, share of the population
    "NY.GDP.PCAP.PP.KD": {"LIC": 2200.0, "LMC": 6800.0, "UMC": 16500.0, "HIC": 42000.0},
    "SE.PRM.UNER.ZS": {"LIC": 20.0, "LMC": 8.0, "UMC": 4.0, "HIC": 1.8},
    "SE.PRM.CMPT.ZS": {"LIC": 62.0, "LMC": 90.0, "UMC": 96.0, "HIC": 98.0},
    "SP.POP.0014.TO": {"LIC": 0.43, "LMC": 0.31, "UMC": 0.24, "HIC": 0.155},
}
WB_GROWTH = {"NY.GDP.PCAP.PP.KD": 0.022, "SE.PRM.UNER.ZS": -0.03, "SE.PRM.CMPT.ZS": 0.006, "SP.POP.0014.TO": -0.008}
WB_MOST = {"SE.PRM.CMPT.ZS": 108.0}
WB_UNPUBLISHED = {("PRK", "NY.GDP.PCAP.PP.KD")}  # the Bank prints none for this country


def wb_country_items(figures: Path) -> list[dict[str, Any]]:
    path = figures / "wire/world_bank/api_json/country_items_2024-06.json"
    items: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return items


def world_bank_countries(figures: Path) -> Rows:
    """All entities of the Bank's country list of June 2024, blanks as printed."""
    return [_wb_country(item) for item in wb_country_items(figures)]


def _wb_country(item: dict[str, Any]) -> Row:
    row = {"id": str(item["id"]), "iso2": str(item["iso2Code"]), "name": str(item["name"])}
    for column, field in (("region", "region"), ("income", "incomeLevel"), ("lending", "lendingType")):
        group = item[field]
        row |= {f"{column}_id": group["id"], f"{column}_iso2": group["iso2code"], column: group["value"]}
    capital = {"capital": item["capitalCity"], "longitude": item["longitude"], "latitude": item["latitude"]}
    return row | {column: str(value) for column, value in capital.items()}


def income_groups(figures: Path) -> dict[str, str]:
    return {r["id"]: r["income_id"] for r in world_bank_countries(figures)}


def wb_wide(figures: Path) -> dict[str, Rows]:
    """The three wide files by source; a row is a country and series, years as columns."""
    folder = figures / "wire/world_bank"
    bangladesh = read_member(folder / "api_country_zip/API_BGD_DS2_en_csv_v2_1224638.zip", "API_")
    poverty = (folder / "api_topic_csv/poverty-raw-2021.csv").read_text(encoding="utf-8-sig")
    return {
        "wb_esg_2023": read_rows(io.StringIO(read_member(folder / "bulk_zip/ESG_CSV.zip", "ESGData"), newline="")),
        "wb_poverty_2021": read_rows(_from_header(poverty)),
        "wb_bgd_2020": read_rows(_from_header(bangladesh)),
    }


def _from_header(text: str) -> io.StringIO:
    return io.StringIO(text[text.index('"Country Name"') :], newline="")


def wb_row(indicator: str, area: str, year: int | str, value: str, footnote: str, source: str) -> Row:
    return {
        "indicator": indicator, "ref_area": area, "year": str(year), "value": value, "footnote": footnote,
        "source_id": source,
    }  # fmt: skip


def wb_child_employment(figures: Path) -> Rows:
    """Children in employment, 7-14, all countries and years, with the survey of each total."""
    folder = figures / "wire/world_bank/derived"
    rows = [
        wb_row("SL.TLF.0714.ZS", r["Country Code"], r["year"], r["value"], r["DESCRIPTION"].strip(), "wb_esg_2023")
        for r in read_file(folder / "child_employment_SL.TLF.0714.ZS_2023-05.csv")
    ]
    return rows + [
        wb_row(WB_CHILD_SHARES[r["indicator"]], r["Country Code"], r["Year"], r["value"], "", "wb_social_2021")
        for r in read_file(folder / "child_employment_9series_2021-09.csv")
        if WB_CHILD_SHARES[r["indicator"]] != "SL.TLF.0714.ZS"
    ]


def wb_governance(wide: dict[str, Rows]) -> Rows:
    """Governance under the ids that it has today, from the file that had it under the old ones."""
    return [
        wb_row(WB_WGI[r["Indicator Code"]], r["Country Code"], year, r[year], "", "wb_wgi_2023")
        for r in wide["wb_esg_2023"]
        if r["Indicator Code"] in WB_WGI and r["Country Code"] in COUNTRY
        for year in r
        if year and year.isdigit() and int(year) >= WB_WGI_SINCE and r[year]
    ]


def wb_published(wide: dict[str, Rows]) -> Rows:
    """The other published series since 2010. A country's series comes from one vintage only, the newest that has it."""
    wanted = {"wb_esg_2023": WB_ESG, "wb_poverty_2021": WB_POVERTY, "wb_bgd_2020": WB_SERIES}
    taken: dict[tuple[str, str], Rows] = {}
    for source, table in wide.items():
        for r in table:
            indicator, area = r["Indicator Code"], r["Country Code"]
            if indicator in wanted[source] and indicator not in WB_CHILD and area in COUNTRY.keys() | WB_AGGREGATES:
                rows = _wb_years(r, source)
                if any(row["value"] for row in rows):
                    taken.setdefault((indicator, area), rows)
    return [row for rows in taken.values() for row in rows]


def _wb_years(r: Row, source: str) -> Rows:
    indicator, area = r["Indicator Code"], r["Country Code"]
    years = [c for c in r if c and c.isdigit() and int(c) >= FIRST_YEAR and (r[c] or indicator == WB_EMPTY_SHOWN)]
    return [wb_row(indicator, area, year, r[year], "", source) for year in years]


def population(iso3: str, income: str) -> Course:
    rng = stream("population", iso3)
    growth = {"LIC": 0.027, "LMC": 0.015, "UMC": 0.007, "HIC": 0.003}.get(income, 0.01) + rng.uniform(-0.003, 0.003)
    millions = COUNTRY[iso3][1]
    return {year: millions * 1e6 * math.exp(growth * (year - 2015)) for year in WB_YEARS}


def wb_course(indicator: str, iso3: str, income: str) -> Course:
    if indicator == "SP.POP.TOTL":
        return population(iso3, income)
    if indicator == "SL.AGR.EMPL.ZS":
        return agriculture_pct(iso3, income)
    rng = stream("wb", indicator, iso3)
    spread = 0.05 if indicator in ("SE.PRM.CMPT.ZS", "SP.POP.0014.TO") else 0.25
    level = WB_LEVEL[indicator].get(income, WB_LEVEL[indicator]["LMC"]) * math.exp(rng.gauss(0, spread))
    course = path_through(rng, level, 2018, WB_YEARS, WB_GROWTH[indicator], 0.006)
    if indicator == "SP.POP.0014.TO":
        persons = population(iso3, income)
        return {year: share * persons[year] for year, share in course.items()}
    return {year: min(value, WB_MOST.get(indicator, math.inf)) for year, value in course.items()}


def wb_generated(published: Rows, income: dict[str, str]) -> Rows:
    """Generated series of countries that have no published figure of the series at all."""
    known = {(r["indicator"], r["ref_area"]) for r in published}
    rows: Rows = []
    for indicator in WB_GENERATED:
        digits = 0 if indicator.startswith("SP.POP") else 2
        for iso3 in COUNTRY:
            if (indicator, iso3) not in known and (iso3, indicator) not in WB_UNPUBLISHED:
                course = wb_course(indicator, iso3, income[iso3])
                rows += [wb_row(indicator, iso3, y, number(v, digits), "", "syn_wb") for y, v in course.items()]
    return rows


def wb_generated_few(published: Rows) -> Rows:
    """The series that were recorded for one country at most."""
    known = {(r["indicator"], r["ref_area"]) for r in published}
    rows: Rows = []
    for indicator, (level, growth, most) in WB_FEW.items():
        digits = 0 if level > 1000 or indicator == "SE.COM.DURS" else 2
        for iso3 in WB_PRODUCERS:
            if (indicator, iso3) not in known:
                rng = stream("wb", indicator, iso3)
                course = path_through(rng, level * math.exp(rng.gauss(0, 0.15)), 2018, range(2015, 2024), growth, 0.006)
                rows += [
                    wb_row(indicator, iso3, year, number(min(value, most), digits), "", "syn_wb")
                    for year, value in course.items()
                ]
    return rows


def world_bank(figures: Path, wide: dict[str, Rows]) -> Rows:
    published = wb_child_employment(figures) + wb_published(wide)
    rows = published + wb_generated(published, income_groups(figures)) + wb_generated_few(published)
    rows += wb_governance(wide)
    order = [*WB_SERIES, *WB_WGI.values()]
    rows.sort(key=lambda r: (order.index(r["indicator"]), r["ref_area"], r["year"]))
    return unique(rows, "indicator", "ref_area", "year")


def world_bank_series(figures: Path, wide: dict[str, Rows]) -> Rows:
    """Names as printed in the vintage that most figures of the series come from, else as in the newest catalogue."""
    name_of: dict[str, str] = {}
    for table in wide.values():
        for r in table:
            name_of.setdefault(r["Indicator Code"], r["Indicator Name"])
    catalogue = figures / "wire/world_bank"
    listed = json.loads((catalogue / "catalogue/wdi_indicators_2025-09-15.json").read_text(encoding="utf-8"))[1]
    name_of = {r["id"]: r["name"] for r in listed} | name_of
    for r in read_file(catalogue / "derived/wdi_catalogue_changes_2025-09_to_2026-04.csv"):
        name_of.setdefault(r["indicator_id"], r["name_2026_04"])
    rows = [{"indicator": indicator, "name": name_of[indicator], "source": "2"} for indicator in WB_SERIES]
    return rows + [{"indicator": new, "name": name_of[old], "source": "3"} for old, new in WB_WGI.items()]


# --- Eurostat --------------------------------------------------------------------------------------------------------

EU_YEARS = range(FIRST_YEAR, 2025)
EU_FLOWS = {  # chapter -> partner: EUR million into the 27 members about 2018
    "09": "BR 2000, VN 1250, HN 560, CO 550, IN 520, UG 330, ET 330, PE 330, ID 260, KE 170, MG 210, LK 110",
    "18": "CI 3000, GH 1150, NG 620, CM 600, EC 470, ID 260, MY 190, DO 190, PE 160, UG 50, TG 45, LR 20",
    "24": "BR 480, ZW 210, MW 190, IN 170, US 190, TR 130, CN 120, ID 120, TZ 90, PH 80, UG 35, ZM 25",
    "40": "CN 2900, TH 1500, TR 1350, MY 1000, ID 750, VN 480, CI 520, IN 600, LK 260, CM 55, GT 45, LR 30",
    "52": "PK 620, TR 520, CN 430, IN 360, EG 140, UZ 60, BR 35, TM 30, TJ 15, BF 9, ML 7, BJ 7",
    "61": "CN 10500, BD 8000, TR 5200, KH 2350, IN 2150, VN 1250, PK 1350, LK 830, MA 700, MM 620, TN 480, NP 17",
    "62": "CN 11200, BD 5800, TR 3900, IN 2150, MA 2050, PK 1500, VN 1700, TN 1550, MM 850, KH 1040, LK 560, NP 17",
    "85": "CN 86000, VN 15500, US 10200, MY 8800, TH 4100, MX 2400, PH 2300, TR 3100, IN 1900, TN 2100, MA 1600, NA 3",
}
EU_INDEX = {  # value against 2018
    2010: 0.72, 2011: 0.79, 2012: 0.80, 2013: 0.82, 2014: 0.86, 2015: 0.93, 2016: 0.95, 2017: 0.99, 2018: 1.0,
    2019: 1.04, 2020: 0.97, 2021: 1.06, 2022: 1.30, 2023: 1.19, 2024: 1.23,
}  # fmt: skip
COCOA_RISE = {2023: 1.1, 2024: 1.7}  # beans were far dearer
EUR_PER_KG = {"09": 3.1, "18": 3.0, "24": 4.9, "40": 3.4, "52": 3.1, "61": 13.5, "62": 17.0, "85": 24.0}
MEMBER_WEIGHT = {
    "DE": 24, "FR": 14, "NL": 13, "ES": 12, "IT": 11, "BE": 7, "PL": 6.5, "SE": 3, "DK": 2.6, "CZ": 2.6, "AT": 2.2,
    "RO": 1.6, "PT": 1.8, "HU": 1.7, "GR": 1.3, "IE": 1.5, "SK": 1.1, "FI": 1.1, "BG": 0.8, "SI": 0.7, "LT": 0.6,
    "HR": 0.6, "LV": 0.35, "EE": 0.35, "CY": 0.15, "LU": 0.15, "MT": 0.1,
}  # fmt: skip
CHAPTER_WEIGHT = {  # members that handle far more of a chapter than of trade as a whole
    "09": {"DE": 34, "IT": 18, "BE": 9, "FR": 9, "NL": 6}, "18": {"NL": 34, "DE": 22, "BE": 12, "EE": 2},
    "24": {"BE": 20, "DE": 20, "PL": 12, "GR": 4, "BG": 4}, "52": {"IT": 26, "PT": 12, "DE": 14, "ES": 9},
    "85": {"NL": 20, "CZ": 6, "HU": 5},
}  # fmt: skip
# EUR in 2018: smaller cells are left out of the sample, but never the largest three members of a partner's chapter.
SMALLEST_FLOW, MEMBERS_AT_LEAST = 2_500_000, 3
# The published totals of chapters 61 and 62 are those of the members of their year, the United Kingdom among them.
SHARE_OF_27 = 0.86
WORLD, EU27 = "WORLD", "EU27_2020"

Anchors = dict[tuple[str, str, int], float]  # partner, chapter, year -> EUR
Cell = tuple[str, str, str, int]  # reporter, partner, product, year
Flow = tuple[float, float | None]  # EUR, 100 kg


def eu_anchors(figures: Path) -> Anchors:
    """Imports of the 27, scaled from the published totals of the members of the year."""
    iso2 = {iso3: code for iso3, (code, _) in COUNTRY.items()}
    return {
        (iso2[r["partner_iso3"]], r["hs_code"], int(r["year"])): float(r["value"]) * SHARE_OF_27
        for r in read_file(figures / "reference/trade/eu_imports_published_figures.csv")
        if r["source"] == "ESTAT_TARIFF"
    }


def eu_published(figures: Path) -> dict[Cell, float]:
    """Totals published at exactly our scope: one member, one whole chapter, a calendar year, all partners."""
    iso2 = {iso3: code for iso3, (code, _) in MEMBER.items()}
    return {
        (iso2[r["reporter_iso3"]], WORLD, r["hs_code"], int(r["year"])): float(r["value"])
        for r in read_file(figures / "reference/trade/eu_imports_published_figures.csv")
        if r["source"] == "CBS_NEWS" and r["partner_iso3"] == "WLD" and r["period"] == "calendar"
        and r["hs_code"] in EU_FLOWS and r["value"]
    }  # fmt: skip


def eu_partner_totals(product: str, partner: str, size: float, anchors: Anchors) -> Course:
    rng = stream("eu", product, partner)
    course = path_through(rng, size * 1e6, 2018, EU_YEARS, rng.uniform(-0.012, 0.02), 0.025)
    rise = COCOA_RISE if product == "18" else {}
    totals = {year: value * EU_INDEX[year] * rise.get(year, 1.0) for year, value in course.items()}
    if (partner, product, 2018) not in anchors:
        return totals
    step = anchors[partner, product, 2018] / totals[2018]
    return {year: anchors.get((partner, product, year), value * step) for year, value in totals.items()}


def eu_member_shares(product: str, partner: str) -> dict[str, Course]:
    """Share of each member in a partner's sales of a chapter, drifting slowly over the years; sums to 1 a year."""
    weights = MEMBER_WEIGHT | CHAPTER_WEIGHT.get(product, {})
    rng = stream("members", product, partner)
    drawn = {m: (w * math.exp(rng.gauss(0, 0.5)), rng.uniform(-0.03, 0.03)) for m, w in weights.items()}
    weight = {m: {y: w * math.exp(d * (y - 2018)) for y in EU_YEARS} for m, (w, d) in drawn.items()}
    total = {y: sum(of[y] for of in weight.values()) for y in EU_YEARS}
    return {m: {y: of[y] / total[y] for y in EU_YEARS} for m, of in weight.items()}


def eu_member_courses(product: str, partner: str, totals: Course) -> dict[str, Course]:
    """EUR by member and year, without the cells that are too small for the sample."""
    shares = eu_member_shares(product, partner)
    largest = sorted(shares, key=lambda m: -shares[m][2018])[:MEMBERS_AT_LEAST]
    return {
        member: {year: totals[year] * share[year] for year in EU_YEARS}
        for member, share in shares.items()
        if member in largest or totals[2018] * share[2018] >= SMALLEST_FLOW
    }


def eu_flow(rng: random.Random, product: str, partner_price: float, year: int, value: float) -> Flow:
    """Small parcels may show no mass, as in Comext."""
    per_kg = EUR_PER_KG[product] * partner_price * EU_INDEX[year] ** 0.5 * math.exp(rng.gauss(0, 0.04))
    hundred_kg = round(value / per_kg / 100, 1)
    return round(value), 0.0 if value < 1_000_000 and rng.random() < 0.02 else hundred_kg


def eu_cells(anchors: Anchors) -> dict[Cell, Flow]:
    cells: dict[Cell, Flow] = {}
    for product, text in EU_FLOWS.items():
        for partner, size in (entry.split() for entry in text.split(",")):
            totals = eu_partner_totals(product, partner, float(size), anchors)
            price = math.exp(stream("price", product, partner).gauss(0, 0.15))
            for member, course in eu_member_courses(product, partner, totals).items():
                rng = stream("flow", product, partner, member)
                for year, value in course.items():
                    cells[member, partner, product, year] = eu_flow(rng, product, price, year, value)
    return cells


def fit_below_published(cells: dict[Cell, Flow], published: dict[Cell, float]) -> dict[Cell, Flow]:
    """Scale a member's chapter so that its partners stay below the published total of all partners."""
    factor: dict[tuple[str, str], float] = {}
    for (reporter, _, product, year), total in published.items():
        parts = sum(v for (r, _, p, y), (v, _q) in cells.items() if (r, p, y) == (reporter, product, year))
        factor[reporter, product] = min(factor.get((reporter, product), math.inf), 0.95 * total / parts)
    scaled = dict(cells)
    for cell, (value, mass) in cells.items():
        by = factor.get((cell[0], cell[2]))
        if by is not None:
            scaled[cell] = round(value * by), None if mass is None else round(mass * by, 1)
    return scaled


def add_up(cells: dict[Cell, Flow], position: int, aggregate: str) -> dict[Cell, Flow]:
    """Sum over reporters (position 0) or partners (position 1) into the aggregate's cell.

    A part without a mass leaves the mass of the sum unknown.
    """
    sums: dict[Cell, Flow] = {}
    for (reporter, partner, product, year), (value, mass) in cells.items():
        key = (aggregate, partner, product, year) if position == 0 else (reporter, aggregate, product, year)
        value_so_far, mass_so_far = sums.get(key, (0.0, 0.0))
        mass_sum = None if mass is None or mass_so_far is None else round(mass_so_far + mass, 1)
        sums[key] = value_so_far + value, mass_sum
    return sums


EU_DETAIL = {  # chapter -> heading: its share of the chapter, one subheading and its share of the heading
    "09": {"0901": (0.7, "090111", 0.9)},
    "18": {"1801": (0.6, "180100", 1.0)},
    "24": {"2401": (0.9, "240120", 0.7)},
    "40": {"4001": (0.4, "400122", 0.6)},
    "52": {"5201": (0.3, "520100", 1.0), "5208": (0.3, "520819", 0.2)},
    "61": {"6109": (0.3, "610910", 0.8), "6110": (0.3, "611020", 0.5)},
    "62": {"6203": (0.3, "620342", 0.6)},
    "85": {
        "8517": (0.3, "851762", 0.5), "8541": (0.08, "854140", 0.5), "8542": (0.15, "854231", 0.5),
        "8471": (0.35, "847130", 0.6),  # computers are of chapter 84, and about that size
    },
}  # fmt: skip
EU_DETAIL_YEARS, EU_DETAIL_MEMBERS = range(2017, 2025), ("DE", "FR", "NL")


def eu_detail(cells: dict[Cell, Flow]) -> dict[Cell, Flow]:
    """Headings and subheadings of a few members as parts of their chapters; rounded down, so never above the whole."""
    parts: dict[Cell, Flow] = {}
    for (reporter, partner, chapter, year), (value, mass) in cells.items():
        if year in EU_DETAIL_YEARS and reporter in EU_DETAIL_MEMBERS:
            rng = stream("detail", chapter, partner, reporter)
            for heading, (share, subheading, part) in EU_DETAIL[chapter].items():
                of_chapter = share * rng.uniform(0.8, 1.0)
                for code, by in ((heading, of_chapter), (subheading, of_chapter * part)):
                    parts[reporter, partner, code, year] = math.floor(value * by), mass and math.floor(mass * by)
    return parts


def eurostat(figures: Path) -> Rows:
    published = eu_published(figures)
    cells = fit_below_published(eu_cells(eu_anchors(figures)), published)
    world = add_up(cells, 1, WORLD) | {cell: (value, None) for cell, value in published.items()}
    members = cells | world
    flows = members | add_up(members, 0, EU27) | eu_detail(cells)
    rows = [
        {
            "reporter": reporter, "partner": partner, "product": product, "year": str(year),
            "value_eur": number(value, 0),
            "quantity_100kg": "" if mass is None else number(mass, 1),
            "source_id": "cbs" if (reporter, partner, product, year) in published else "syn_eu",
        }
        for (reporter, partner, product, year), (value, mass) in sorted(flows.items())
    ]  # fmt: skip
    return unique(rows, "reporter", "partner", "product", "year")


THB_YEARS = range(2018, 2023)
THB_MEMBERS = ("AT", "CY", "DE", "EL", "ES", "FR", "IT", "NL", "PL", "SE", "UK")
THB_FORMS, THB_CITIZENS = ("SEXUAL", "LABOUR", "OTHER"), ("NAT", "EU27_2020_FOR", "NEU27_2020_FOR")
THB_PUBLISHED = {  # registered victims in the EU
    ("TOTAL", 2021): 7155, ("TOTAL", 2022): 10093,
    ("SEXUAL", 2022): 4014, ("LABOUR", 2022): 3990, ("OTHER", 2022): 1699,
}  # fmt: skip
USD_PER_EUR = {
    2010: "1.3257", 2011: "1.3920", 2012: "1.2848", 2013: "1.3281", 2014: "1.3285", 2015: "1.1095", 2016: "1.1069",
    2017: "1.1297", 2018: "1.1810", 2019: "1.1195", 2020: "1.1422", 2021: "1.1827", 2022: "1.0530", 2023: "1.0813",
    2024: "1.0824",
}  # fmt: skip
USUAL_PER_EUR = {"CNY": 7.8, "GBP": 0.86, "INR": 82.0, "XOF": 655.957}


def main_cell(dataset: str, dimensions: str, year: int, cell: str, source: str) -> Row:
    """A cell of the main base as printed: value and flag."""
    names = {"dataset": dataset, "dimensions": dimensions, "time_period": str(year), "cell": cell}
    return names | {"source_id": source}


def thb_counts(dataset: str, dimension: str, codes: tuple[str, ...], geo: str) -> Iterator[Row]:
    """Parts and their total; Cyprus' parts are confidential, the United Kingdom ends in 2019, 2022 is provisional."""
    rng = stream("thb", dataset, geo)
    for year in THB_YEARS:
        counts = {code: rng.randint(5, 60) for code in codes}
        for code, count in ({"TOTAL": sum(counts.values())} | counts).items():
            cell = f"{count} p" if year == 2022 else str(count)
            cell = ": @C" if geo == "CY" and code != "TOTAL" else cell
            cell = ":" if geo == "UK" and year > 2019 else cell
            yield main_cell(dataset, f"freq=A,{dimension}={code},unit=NR,geo={geo}", year, cell, "syn_thb")


def eurostat_main() -> Rows:
    rows = [
        main_cell("CRIM_THB_VEXP", f"freq=A,expl={form},unit=NR,geo={EU27}", year, str(count), "eurostat_thb_news")
        for (form, year), count in THB_PUBLISHED.items()
    ]
    for geo in THB_MEMBERS:
        rows += thb_counts("CRIM_THB_VEXP", "expl", THB_FORMS, geo)
        rows += thb_counts("CRIM_THB_VCTZ", "citizen", THB_CITIZENS, geo)
    rate = "freq=A,statinfo=AVG,unit=NAC,currency="
    rows += [main_cell("ERT_BIL_EUR_A", f"{rate}USD", year, cell, "ecb_usd") for year, cell in USD_PER_EUR.items()]
    for currency, usual in USUAL_PER_EUR.items():
        rng = stream("ert", currency)
        fixed = currency == "XOF"
        course = path_through(rng, usual, 2018, EU_YEARS, 0.0, 0.0 if fixed else 0.02)
        cells = {year: number(usual if fixed else value, 4) for year, value in course.items()}
        rows += [main_cell("ERT_BIL_EUR_A", rate + currency, y, cell, "syn_ert") for y, cell in cells.items()]
    return unique(rows, "dataset", "dimensions", "time_period")


CONTENTS_CODES = {
    "crim_thb_sex", "crim_thb_vctz", "crim_thb_vexp", "ert_bil_eur_a", "migr_ressw1_1", "migr_ressw2", "migr_resocc",
    "lfsa_egan22d", "lfsa_eisn2", "hsw_n2_01", "ext_lt_maineu", "naio_10_cp1610", "sbs_na_ind_r2",
}  # fmt: skip


def eurostat_toc(figures: Path) -> Rows:
    """Lines of the table of contents as printed (a dataset stands below each of its themes) with their folders."""
    text = (figures / "wire/eurostat/toc/table_of_contents_en.txt").read_text(encoding="utf-8")
    lines = list(csv.reader(text.splitlines(), "excel-tab"))
    kept: dict[int, list[str]] = {}
    above: dict[int, int] = {}  # level -> line
    for at, cells in enumerate(lines[1:], start=1):
        level = (len(cells[0]) - len(cells[0].lstrip())) // 4
        above = {lower: line for lower, line in above.items() if lower < level} | {level: at}
        if cells[1] in CONTENTS_CODES:
            kept |= {line: lines[line] for line in above.values()}
    names = ("title", "code", "type", "last_update", "last_structure_change", "data_start", "data_end")
    return [
        {name: cell if name == "title" else iso_day(cell.strip()) for name, cell in zip(names, cells, strict=False)}
        | {"source_id": "eurostat_toc_2023"}
        for _at, cells in sorted(kept.items())
    ]


def iso_day(text: str) -> str:
    day, _, rest = text.partition(".")
    month, _, year = rest.partition(".")
    return f"{year}-{month}-{day}" if year else text


def eurostat_cn8_links(figures: Path) -> Rows:
    """Links of the sectors' goods, as printed: blanks in codes from 2013/14 on."""
    goods = ("09", "18", "24", "40", "52", "61", "62", "8471", "8517", "8541", "8542")
    path = figures / "wire/eurostat/codelists/CN_concordances_1988_2025_XLS_FORMAT.xls"
    rows = [
        {"period": str(int(float(period))), "origin_code": old, "destination_code": new, "source_id": "eurostat_cn"}
        for period, old, new in xls.rows(path)[1:]
        if float(period) >= 20092010 and (old.startswith(goods) or new.startswith(goods))
    ]
    return unique(rows, "period", "origin_code", "destination_code")


# --- Eurostat: Comext's monthly files --------------------------------------------------------------------------------

MONTHS = ("202401", "202402", "202403")
NATIONAL_CURRENCY = {"BG": 1.9558, "CZ": 25.2, "DK": 7.46, "HU": 388.0, "PL": 4.33, "RO": 4.97, "SE": 11.25}  # to 1 EUR
# CN8: SITC, CPA 2.1 and 2.2, BEC 4 and 5, section, supplementary unit, EUR a kg, kg a unit. Dots are unknown.
COMEXT_PRODUCTS = {
    "18010000": ("07210", "0127", "0127", "111", "112110", "04", "NO_SU", 3.2, 0.0),
    "40012200": ("23125", "0129", "0129", "210", "211110", "07", "NO_SU", 1.5, 0.0),
    "61091000": ("84540", "1414", "1410", "620", "612200", "11", "PST", 14.0, 0.15),
    "85171300": (".....", "2630", "2630", "410", "512200", "16", "PST", 420.0, 0.25),
    "39XXXXXX": ("582XX", "XXXX", "XXXX", "700", "31XXXX", "07", "NO_SU", 4.0, 0.0),
    "391XXXXX": ("57XXX", "XXXX", "XXXX", "700", "21XXXX", "07", "NO_SU", 4.0, 0.0),
}
# flow, partner, trade type, product, procedure, EUR million a month, and the members where they are not all
COMEXT_FLOWS = (
    ("1", "CI", "E", "18010000", "1", 290.0, ""), ("1", "GH", "E", "18010000", "1", 120.0, "BE DE EE FR NL"),
    ("1", "TH", "E", "40012200", "1", 55.0, ""), ("1", "BD", "E", "61091000", "1", 240.0, ""),
    ("1", "BD", "E", "61091000", "2", 0.9, "DE ES PL"), ("1", "CN", "E", "85171300", "1", 1900.0, ""),
    ("1", "NA", "E", "39XXXXXX", "1", 0.02, "DE"), ("1", "QZ", "E", "39XXXXXX", "9", 4.0, "BE DE NL"),
    ("1", "XI", "L", "61091000", "1", 1.2, "DE FR IE"), ("1", "XU", "M", "61091000", "1", 22.0, "DE FR IE NL"),
    ("2", "US", "E", "39XXXXXX", "1", 12.0, "BE DE FR IT"), ("2", "US", "E", "391XXXXX", "1", 5.0, "BE DE FR IT"),
    ("2", "DE", "I", "61091000", "1", 150.0, "AT BE DK FR NL PL"),
)  # fmt: skip


def comext_months(figures: Path) -> Rows:
    """Every member in every month, the rows that were quoted from the real file, and the totals that they make."""
    quoted = read_file(figures / "wire/eurostat/comext/full_v2_202402_rows_quoted_AT_AD.dat")
    rows = [{k.lower(): v for k, v in row.items()} | {"source_id": "comext_202402"} for row in quoted]
    for month in MONTHS:
        for flow in COMEXT_FLOWS:
            rows += comext_flow(month, *flow)
    rows += comext_totals(rows)
    order = ("period", "reporter", "partner", "flow", "stat_procedure", "product_nc", "product_sitc")
    rows = sorted(rows, key=lambda row: [row[name] for name in order])
    return unique(rows, "trade_type", *order)


def comext_flow(
    month: str, flow: str, partner: str, trade_type: str, product: str, procedure: str, size: float, members: str
) -> Iterator[Row]:  # fmt: skip
    """One row a member. Masked products come twice under one code, in two classes of SITC."""
    chosen = {m: w for m, w in MEMBER_WEIGHT.items() if not members or m in members.split()}
    for member, weight in sorted(chosen.items()):
        value = size * 1e6 * weight / sum(chosen.values())
        for row in comext_cells(stream("comext", month, flow, partner, product, procedure, member), product, value):
            yield {
                "reporter": member, "partner": partner, "trade_type": trade_type, "flow": flow, "period": month,
                "stat_procedure": procedure, **row,
                "value_nac": number(float(row["value_eur"]) * NATIONAL_CURRENCY.get(member, 1.0), 0),
                "source_id": "syn_comext",
            }  # fmt: skip


def comext_cells(rng: random.Random, product: str, value: float) -> Iterator[Row]:
    *classes, unit, per_kg, kg_a_unit = COMEXT_PRODUCTS[product]
    for sitc in [classes[0], "583XX"] if product == "39XXXXXX" else [classes[0]]:
        euros = round(value * math.exp(rng.gauss(0, 0.2)))
        kg = int(euros / (per_kg * math.exp(rng.gauss(0, 0.1))))
        columns = ("product_sitc", "product_cpa21", "product_cpa22", "product_bec", "product_bec5", "product_section")
        yield {
            "product_nc": product, **dict(zip(columns, [sitc, *classes[1:]], strict=True)), "suppl_unit": unit,
            "value_eur": str(euros), "quantity_kg": str(kg),
            "quantity_suppl_unit": str(round(kg / kg_a_unit)) if kg_a_unit else "0",
        }  # fmt: skip


def comext_totals(rows: Rows) -> Rows:
    """Product TOTAL of section TO. What its other columns hold is not known: dots here."""
    cell = ("period", "reporter", "partner", "trade_type", "flow", "stat_procedure")
    sums: dict[tuple[str, ...], list[int]] = {}
    for row in rows:
        key = tuple(row[name] for name in cell)
        figures = [int(row[name]) for name in ("value_eur", "value_nac", "quantity_kg")]
        sums[key] = [a + b for a, b in zip(sums.get(key, [0, 0, 0]), figures, strict=True)]
    return [
        {
            **dict(zip(cell, key, strict=True)), "product_nc": "TOTAL", "product_section": "TO", "suppl_unit": "NO_SU",
            "product_sitc": ".....", "product_cpa21": "....", "product_cpa22": "....", "product_bec": "...",
            "product_bec5": "......", "value_eur": str(euros), "value_nac": str(national), "quantity_kg": str(kg),
            "quantity_suppl_unit": "0", "source_id": "syn_comext",
        }
        for key, (euros, national, kg) in sums.items()
    ]  # fmt: skip


# --- USDOL ILAB ------------------------------------------------------------------------------------------------------


def ilab_goods(figures: Path) -> Rows:
    columns = ["edition", "good", "sector", "country", "region", "child_labor", "forced_labor", "forced_child_labor"]
    columns += ["derived_labor_exploitation", "derived_country"]
    rows = [
        {c: r[c] for c in columns} | {"source_id": "ilab_goods"}
        for r in read_file(figures / "reference/ilab/goods_list_by_edition.tsv")
        if r["source_file"] != "goods_2018b.xml"  # a second file of the 2018 edition
    ]
    return unique(rows, "edition", "good", "country")


def ilab_row(r: Row, section: str, block: str, age_range: str, measure: str, value: str) -> Row:
    return {
        "report_year": r["report_year"], "country": r["country"], "section": section, "block": block,
        "age_range": age_range, "measure": measure, "value": value, "source_id": "ilab_findings",
    }  # fmt: skip


def ilab_findings(figures: Path) -> Rows:
    """Advancement levels as printed, then every figure of the statistics blocks, country by country."""
    folder = figures / "reference/ilab"
    levels = [
        ilab_row(r, "Profile", "1", "", "Advancement_Level", r["advancement_level_raw"])
        for r in read_file(folder / "country_profile.tsv")
        if r["advancement_level_raw"] or r["has_profile"] == "yes"
    ]
    statistics = [
        ilab_row(r, r["section"], r["block"], r["age_range"], r["measure"], r["value_raw"])
        for r in read_file(folder / "country_statistics.tsv")
    ]
    return unique(levels + statistics, "report_year", "country", "section", "block", "measure")


def ilab_trimmed(figures: Path, table: str) -> Rows:
    """A table of facts about the sample's countries of origin, as parsed from the reports."""
    return [r for r in read_file(figures / f"reference/ilab/{table}.tsv") if r["iso3"] in ORIGIN]


def ilab_fact(r: Row, **more: str) -> Row:
    return {"report_year": r["report_year"], "country": r["country"], **more, "source_id": "ilab_findings"}


def ilab_conventions(figures: Path) -> Rows:
    """The element's name is that of the treaty, of which the table has the short name."""
    element = {
        "C138": "C_138", "C182": "C_182", "CRC": "Convention_on_the_Rights_of_the_Child",
        "CRC_OPSC": "CRC_Commercial_Sexual_Exploitation_of_Children", "CRC_OPAC": "CRC_Armed_Conflict",
        "PALERMO_TIP": "Palermo",
    }  # fmt: skip
    rows = [
        ilab_fact(r, convention=f"{element[r['convention']]}_Ratified", value=r["ratified_raw"])
        for r in ilab_trimmed(figures, "conventions")
    ]
    return unique(rows, "report_year", "country", "convention")


def ilab_legal_standards(figures: Path) -> Rows:
    rows = [
        ilab_fact(
            r, standard=r["standard"], territory=r["territory"], established=r["established_raw"], age=r["age_raw"],
            calculated_age=r["calculated_age_raw"], conforms=r["conforms_raw"],
        )
        for r in ilab_trimmed(figures, "legal_standards")
    ]  # fmt: skip
    return unique(rows, "report_year", "country", "standard", "territory")


def ilab_enforcement(figures: Path) -> Rows:
    facts = [("Enforcements", r, r["measure"], r["value_raw"]) for r in ilab_trimmed(figures, "enforcement")]
    facts += [("Mechanisms", r, r["mechanism"], r["present_raw"]) for r in ilab_trimmed(figures, "mechanisms")]
    rows = [
        ilab_fact(r, section=section, measure=measure, territory=r.get("territory", ""), value=value)
        for section, r, measure, value in facts
    ]
    return unique(rows, "report_year", "country", "section", "measure", "territory")


def ilab_suggested_actions(figures: Path) -> Rows:
    """Sentences as printed, read from the reports themselves."""
    origins = {r["country_as_written"] for r in read_file(figures / "reference/ilab/country_names.tsv")
               if r["iso3"] in ORIGIN}  # fmt: skip
    rows = []
    for file in sorted((figures / "wire/ilab").glob("findings_*.xml")):
        lead = {"report_year": file.stem.removeprefix("findings_")}
        for country in ElementTree.fromstring(file.read_bytes()).iterfind("Country"):
            name = (country.findtext("Name") or "").strip()
            for area in country.iterfind("Suggested_Actions/*") if name in origins else ():
                for action in area.iterfind("Action"):
                    sentence, years = ((action.findtext(tag) or "").strip() for tag in ("Name", "Years"))
                    rows.append(ilab_fact(lead | {"country": name}, area=area.tag, action=sentence, years=years))
    return unique(rows, "report_year", "country", "area", "action")


def ilab_projects(figures: Path) -> Rows:
    """Some projects are printed twice in one profile, and so they are here."""
    return [ilab_fact(r, title=r["title"], link=r["link"]) for r in ilab_trimmed(figures, "ilab_projects")]


# --- all of it -------------------------------------------------------------------------------------------------------


def build(figures: Path, out: Path) -> dict[str, int]:
    """Write every table; returns rows by table."""
    out.mkdir(parents=True, exist_ok=True)
    wide = wb_wide(figures)
    ilo = ilo_table(figures)
    sources = [{"source_id": s, "citation": text, "synthetic": str(flag)} for s, (text, flag) in SOURCES.items()]
    country_columns = "id,iso2,name,region_id,region_iso2,region,income_id,income_iso2,income"
    tables: list[tuple[str, str, Rows]] = [
        ("sources", "source_id,citation,synthetic", sources),
        ("fao_areas", "area_code,m49,label", fao_areas(figures)),
        ("fao_items", "item_code,cpc,label", fao_items(figures)),
        ("fao_elements", "element_code,label,unit", fao_elements()),
        ("fao_qcl", "area_code,item_code,element_code,year,value,flag,source_id", fao_qcl(figures)),
        ("fao_tcl", "area_code,item_code,element_code,year,value,flag,source_id", fao_tcl(figures)),
        ("fao_tm", "reporter_code,partner_code,item_code,element_code,year,value,flag,source_id", fao_tm(figures)),
        ("fao_pp", "area_code,item_code,element_code,year,month_code,value,flag,source_id", fao_pp(figures)),
        (
            "fao_oea",
            "area_code,source_code,indicator_code,sex_code,element_code,year,unit,value,flag,note,source_id",
            fao_oea(figures),
        ),
        ("ilo_sources", "source,label,ref_area", ilo_sources(figures, ilo)),
        ("ilo", "indicator,ref_area,source,sex,classif1,classif2,time,obs_value,obs_status,source_id", ilo),
        (
            "world_bank_countries",
            f"{country_columns},lending_id,lending_iso2,lending,capital,longitude,latitude",
            world_bank_countries(figures),
        ),
        ("world_bank_series", "indicator,name,source", world_bank_series(figures, wide)),
        ("world_bank", "indicator,ref_area,year,value,footnote,source_id", world_bank(figures, wide)),
        ("eurostat", "reporter,partner,product,year,value_eur,quantity_100kg,source_id", eurostat(figures)),
        ("eurostat_main", "dataset,dimensions,time_period,cell,source_id", eurostat_main()),
        (
            "eurostat_toc",
            "title,code,type,last_update,last_structure_change,data_start,data_end,source_id",
            eurostat_toc(figures),
        ),
        ("eurostat_cn8_links", "period,origin_code,destination_code,source_id", eurostat_cn8_links(figures)),
        (
            "eurostat_months",
            "reporter,partner,trade_type,product_nc,product_sitc,product_cpa21,product_cpa22,product_bec,product_bec5,"
            "product_section,flow,stat_procedure,suppl_unit,period,value_eur,value_nac,quantity_kg,quantity_suppl_unit,"
            "source_id",
            comext_months(figures),
        ),
        (
            "ilab_goods",
            "edition,good,sector,country,region,child_labor,forced_labor,forced_child_labor,"
            "derived_labor_exploitation,derived_country,source_id",
            ilab_goods(figures),
        ),
        (
            "ilab_findings",
            "report_year,country,section,block,age_range,measure,value,source_id",
            ilab_findings(figures),
        ),
        ("ilab_conventions", "report_year,country,convention,value,source_id", ilab_conventions(figures)),
        (
            "ilab_legal_standards",
            "report_year,country,standard,territory,established,age,calculated_age,conforms,source_id",
            ilab_legal_standards(figures),
        ),
        (
            "ilab_enforcement", "report_year,country,section,measure,territory,value,source_id",
            ilab_enforcement(figures),
        ),
        (
            "ilab_suggested_actions", "report_year,country,area,action,years,source_id",
            ilab_suggested_actions(figures),
        ),
        ("ilab_projects", "report_year,country,title,link,source_id", ilab_projects(figures)),
    ]  # fmt: skip
    return {name: write_table(out, name, columns, rows) for name, columns, rows in tables}


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    for name, rows in build(Path(arguments[0]), Path(arguments[1])).items():
        print(f"{name:22}{rows:8,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
