"""FAO: production, trade, prices and agricultural employment."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from pathlib import Path

from sample.figures import FIRST_YEAR, ORIGIN, Row, Rows, number, path_through, read_file, read_rows, stream, unique

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
MATRIX = TRADED | {"667": 3000}  # the same for what stands in the trade matrix
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
        if origin in ORIGIN and origin != "CHN" and item in MATRIX and int(r["Year"]) in TRADE_YEARS:
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
        price = MATRIX[flow[2]] * math.exp(stream("fao_tm", *flow, element).gauss(0, 0.2))
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
