"""The ILO: child labour, work, wages and rights at work."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from sample.figures import COUNTRY, FIRST_YEAR, ORIGIN, Row, Rows, number, path_through, read_file, stream, unique
from sample.world_bank import WB_LEVEL, agriculture_pct, income_groups, population

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
