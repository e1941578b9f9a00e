"""The World Bank: countries and series."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

from sample.figures import (
    COUNTRY,
    FIRST_YEAR,
    Course,
    Row,
    Rows,
    number,
    path_through,
    read_file,
    read_member,
    read_rows,
    stream,
    unique,
)

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


def agriculture_pct(iso3: str, income: str) -> Course:
    """Share of employment in agriculture; the World Bank series and the ILO division A01 both follow it."""
    rng = stream("agriculture", iso3)
    level = {"LIC": 60.0, "LMC": 36.0, "UMC": 19.0, "HIC": 4.0}.get(income, 30.0) * math.exp(rng.gauss(0, 0.1))
    return path_through(rng, level, 2018, range(FIRST_YEAR, 2024), rng.uniform(-0.02, -0.004), 0.006)
