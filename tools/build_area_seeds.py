"""Builds the area seeds of the dbt project (area.csv, area_code.csv) from collected reference files.

    python tools/build_area_seeds.py FIGURES_DIR OUT_DIR

The code lists come from the partners' files; every decision of our own is a row in one of the tables below.
Rules:
- A living country or territory has its ISO 3166-1 alpha-3 code. Kosovo is XKX, the Channel Islands are CHI.
- A former area has its withdrawn ISO code. Where ISO kept one alpha-3 code for two territories and only M49 changed
  (Sudan 736/729, Ethiopia 230/231, Germany 280/276, Yemen 886/887), the former one has a code of our own from the range
  XAA-XZZ, which ISO leaves to users for ever: it can never meet a country. BLX stands for Belgium-Luxembourg.
- A sum of areas is an aggregate. Only the World, two European Unions and World Bank groups are rows of area.csv.
- A code that is part of a total but no single area of ours (stores, secret, part of a country) is unmapped.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

AGGREGATE, COUNTRY, FORMER, TERRITORY, UNMAPPED = "aggregate", "country", "former", "territory", "unmapped"
OPEN_END = "2500"  # Comext's way of writing "no end"
COMEXT_WINDOW = re.compile(r"^  (\w\w)\t01/01/(\d{4})\t31/12/(\d{4})\t(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Area:
    """One row of area.csv; years are text, empty where open."""

    iso3: str
    iso2: str
    m49: str
    name_en: str
    kind: str
    un_region: str = ""
    un_subregion: str = ""
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True)
class AreaCode:
    """One row of area_code.csv: what a partner's code means between two years (inclusive, empty where open)."""

    scheme: str
    code: str
    iso3: str
    kind: str
    label: str
    valid_from: str = ""
    valid_to: str = ""
    note: str = ""


# --- our decisions ------------------------------------------------------------------------------------------------

NAMES = {"CIV": "Côte d'Ivoire", "SHN": "Saint Helena, Ascension and Tristan da Cunha"}
NOT_ISO = (
    Area("XKX", "XK", "", "Kosovo", TERRITORY, "Europe", "Southern Europe"),
    Area("CHI", "", "830", "Channel Islands", TERRITORY, "Europe", "Northern Europe"),
)
LATIN = ("Americas", "Latin America and the Caribbean")
FORMER_AREAS = (
    Area("ANT", "AN", "530", "Netherlands Antilles", FORMER, *LATIN, "", "2010"),
    Area("BLX", "", "058", "Belgium-Luxembourg", FORMER, "Europe", "Western Europe", "", "1999"),
    Area("CSK", "CS", "200", "Czechoslovakia", FORMER, "Europe", "Eastern Europe", "", "1992"),
    Area("DDR", "DD", "278", "German Democratic Republic", FORMER, "Europe", "Eastern Europe", "", "1990"),
    Area("PCI", "PC", "582", "Pacific Islands (Trust Territory)", FORMER, "Oceania", "Micronesia", "", "1990"),
    Area("SCG", "CS", "891", "Serbia and Montenegro", FORMER, "Europe", "Southern Europe", "1992", "2006"),
    Area("SUN", "SU", "810", "USSR", FORMER, "Europe", "Eastern Europe", "", "1991"),
    Area("XDE", "", "280", "Germany, Federal Republic (to 1990)", FORMER, "Europe", "Western Europe", "", "1990"),
    Area("XET", "", "230", "Ethiopia with Eritrea (to 1993)", FORMER, "Africa", "Sub-Saharan Africa", "", "1993"),
    Area("XSD", "", "736", "Sudan with South Sudan (to 2012)", FORMER, "Africa", "Northern Africa", "", "2012"),
    Area("XYE", "", "886", "Yemen Arab Republic", FORMER, "Asia", "Western Asia", "", "1990"),
    Area("YMD", "YD", "720", "Yemen, Democratic", FORMER, "Asia", "Western Asia", "", "1990"),
    Area("YUG", "YU", "890", "Yugoslavia, Socialist Federal Republic", FORMER, "Europe", "Southern Europe", "", "1992"),
)
EU_AREAS = (
    Area("EU27_2020", "", "", "European Union, 27 members of 2020", AGGREGATE, "", "", "2020"),
    Area("EU28", "", "", "European Union, 28 members of 2013 to 2020", AGGREGATE, "", "", "2013", "2020"),
)
SUM_NOTE = "a sum of other codes: never add it to them"
WORLD_M49 = "001"

# FAO area codes whose M49 or ISO3 is missing or has moved between releases. Code -> (iso3, kind, note).
FAO_DECISIONS = {
    "41": ("CHN", COUNTRY, "mainland; FAO has printed M49 156 and 1248 and ISO3 CHN and F41 for it"),
    "96": ("HKG", TERRITORY, "also inside 351"),
    "128": ("MAC", TERRITORY, "also inside 351"),
    "214": ("TWN", COUNTRY, "also inside 351"),
    "351": ("", AGGREGATE, "sum of 41, 96, 128 and 214, under the name China: never add it to them"),
    "357": ("", AGGREGATE, "sum of 41 and 214"),
    "265": ("", AGGREGATE, "a group of Chinese areas; label not recorded"),
    "275": ("XKX", TERRITORY, ""),
    "5000": ("WLD", AGGREGATE, ""),
    "5707": ("EU27_2020", AGGREGATE, ""),
    "5706": ("", AGGREGATE, "membership moves with the release"),
    "34": ("", UNMAPPED, "Canton and Enderbury, today part of Kiribati"),
    "76": ("", UNMAPPED, "part of 299 Palestine"),
    "245": ("", UNMAPPED, "part of 299 Palestine"),
    "111": ("", UNMAPPED, "part of 232 US Minor Islands"),
    "139": ("", UNMAPPED, "part of 232 US Minor Islands"),
    "242": ("", UNMAPPED, "part of 232 US Minor Islands"),
    "152": ("", UNMAPPED, "between Iraq and Saudi Arabia, divided since"),
    "285": ("", UNMAPPED, "part of the Channel Islands"),
    "286": ("", UNMAPPED, "272 Serbia under another boundary: never add them"),
    "3698": ("", UNMAPPED, "part of 215 United Republic of Tanzania"),
}
# Groups that occur in FAO data files but in no list of groups.
FAO_GROUPS = {
    "265": "265 (label not recorded)",
    "9010": "High-income economies",
    "9011": "Upper-middle-income economies",
    "51000": "Africa (excluding intra-trade)",
}
FAO_FIRST_GROUP = 5000

ILO_DECISIONS = {
    "CHA": ("CHI", TERRITORY, ""),
    "KOS": ("XKX", TERRITORY, "ILO writes KS and 808, not XK"),
    "X01": ("WLD", AGGREGATE, ""),
    "X82": ("EU28", AGGREGATE, ""),
    "X92": ("EU27_2020", AGGREGATE, ""),
    "_Z": ("", UNMAPPED, "not applicable"),
}
ILO_GROUP = re.compile(r"X\d\d")  # the list marks four of them as GROUP=N

WORLD_BANK_NOT_CLASSIFIED = "XX"  # data rows carry it beside XY, the two letters of INX

# Comext: two-letter codes that are not the ISO code of the area. Code, or code and first year -> (iso3, kind, note).
NOT_SPECIFIED = "country not specified, part of every total"
SECRET = "country withheld for commercial or military reasons, part of every total"
STORES = "stores and provisions, no country, part of every total"
SEVERAL = "several territories under one code"
COMEXT_DECISIONS = {
    "AN": ("ANT", FORMER, ""),
    "BE 1976": ("BLX", FORMER, "Belgium and Luxembourg together"),
    "CS 1976": ("CSK", FORMER, ""),
    "CS 2004": ("SCG", FORMER, ""),
    "DD": ("DDR", FORMER, ""),
    "DE 1976": ("XDE", FORMER, "without the German Democratic Republic"),
    "EH 1976": ("", UNMAPPED, SEVERAL),
    "ET 1976": ("XET", FORMER, "with Eritrea"),
    "PZ": ("", UNMAPPED, "Panama Canal, today part of Panama"),
    "QP": ("", UNMAPPED, "high seas, no country, part of every total"),
    "QQ": ("", UNMAPPED, STORES),
    "QR": ("", UNMAPPED, STORES),
    "QS": ("", UNMAPPED, STORES),
    "QT": ("", UNMAPPED, SEVERAL),
    "QU": ("", UNMAPPED, NOT_SPECIFIED),
    "QV": ("", UNMAPPED, NOT_SPECIFIED),
    "QW": ("", UNMAPPED, NOT_SPECIFIED),
    "QX": ("", UNMAPPED, SECRET),
    "QY": ("", UNMAPPED, SECRET),
    "QZ": ("", UNMAPPED, SECRET),
    "SU 1976": ("SUN", FORMER, ""),
    "SU 1992": ("", UNMAPPED, "what was not yet booked under a successor state"),
    "TP": ("TLS", COUNTRY, ""),
    "VD": ("", UNMAPPED, "north of today's Viet Nam"),
    "VN 1976": ("", UNMAPPED, "south of today's Viet Nam"),
    "XA": ("", UNMAPPED, SEVERAL),
    "XB": ("", UNMAPPED, "part of Spain, shown apart"),
    "XC": ("", UNMAPPED, "part of Spain outside the customs union, shown apart"),
    "XI": ("", UNMAPPED, "part of the United Kingdom; GB is the whole: never add it to GB"),
    "XK": ("XKX", TERRITORY, ""),
    "XL": ("", UNMAPPED, "part of Spain outside the customs union, shown apart"),
    "XM": ("MNE", COUNTRY, ""),
    "XO": ("", UNMAPPED, SEVERAL),
    "XP": ("PSE", TERRITORY, ""),
    "XR": ("", UNMAPPED, SEVERAL),
    "XS": ("SRB", COUNTRY, "Comext's code for Serbia; RS elsewhere"),
    "XU": ("", UNMAPPED, "part of the United Kingdom; GB is the whole: never add it to GB"),
    "XZ": ("", UNMAPPED, SEVERAL),
    "YD": ("YMD", FORMER, ""),
    "YE 1976": ("XYE", FORMER, ""),
    "YU 1976": ("YUG", FORMER, ""),
    "YU 1992": ("", UNMAPPED, "Serbia, Montenegro and Macedonia"),
    "YU 1993": ("SCG", FORMER, "Federal Republic of Yugoslavia"),
    "ZZ": ("", UNMAPPED, "work code without data"),
}
# One window of the dictionary that hides a change of territory: South Sudan has its own code only from 2013.
COMEXT_SPLIT = {"SD": ("2012", "XSD", "South Sudan included until it got its own code in 2013")}
COMEXT_NOTES = {"GB": "the whole United Kingdom; XI and XU are its parts from 2021", "GR": "EL at Eurostat elsewhere"}
COMEXT_AGGREGATES = {
    "EA": ("", "Euro area of the period"),
    "EA21": ("", "Euro area, 21 members"),
    "EU": ("", "European Union of the period"),
    "EU27_2020": ("EU27_2020", "European Union, 27 members of 2020"),
    "EU28": ("EU28", "European Union, 28 members of 2013 to 2020"),
    "EU_EXTRA": ("", "Outside the European Union of the period"),
    "EU_INTRA": ("", "Inside the European Union of the period"),
    "EXT_EU27_2020": ("", "Outside the European Union, 27 members of 2020"),
    "INT_EU27_2020": ("", "Inside the European Union, 27 members of 2020"),
    "WORLD": ("WLD", "All countries of the world"),
}
EUROSTAT_OWN = {"GR": "EL", "GB": "UK"}  # every other geo code is ISO alpha-2
EUROSTAT_AGGREGATES = {
    "EA": ("", "Euro area of the period"),
    "EA11": ("", "Euro area, 11 members"),
    "EA12": ("", "Euro area, 12 members"),
    "EA13": ("", "Euro area, 13 members"),
    "EA17": ("", "Euro area, 17 members"),
    "EA18": ("", "Euro area, 18 members"),
    "EA19": ("", "Euro area, 19 members"),
    "EA20": ("", "Euro area, 20 members"),
    "EA21": ("", "Euro area, 21 members"),
    "EU15": ("", "European Union, 15 members"),
    "EU25": ("", "European Union, 25 members"),
    "EU27": ("", "European Union, 27 members of 2007 to 2013"),
    "EU27_2007": ("", "European Union, 27 members of 2007 to 2013"),
    "EU27_2020": ("EU27_2020", "European Union, 27 members of 2020"),
    "EU28": ("EU28", "European Union, 28 members of 2013 to 2020"),
}

# --- reading ------------------------------------------------------------------------------------------------------


def read_rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """Rows of a delimited text file with header, cells and names without surrounding blanks and quotes."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        header = [name.strip(' "') for name in next(reader)]
        return [dict(zip(header, (cell.strip(' "') for cell in row), strict=True)) for row in reader]


def m49_code(text: str) -> str:
    """M49 code of three digits from `'004` or `4`; empty stays empty."""
    digits = text.lstrip("'")
    return digits.zfill(3) if digits else ""


def one_space(text: str) -> str:
    """Text with blanks folded and trimmed: the World Bank leaves blanks at the end of names."""
    return " ".join(text.split())


def countries(figures: Path) -> Iterator[Area]:
    """All ISO 3166-1 countries and territories with their UN regions."""
    for row in read_rows(figures / "reference/countries/country-codes.csv"):
        iso3 = row["ISO3166-1-Alpha-3"]
        yield Area(
            iso3=iso3,
            iso2=row["ISO3166-1-Alpha-2"],
            m49=m49_code(row["M49"]),
            name_en=NAMES.get(iso3, row["official_name_en"]),
            kind=COUNTRY if row["is_independent"] == "Yes" else TERRITORY,
            un_region=row["Region Name"],
            un_subregion=row["Sub-region Name"],
        )


def world_bank_entities(figures: Path) -> list[tuple[str, str, str, bool]]:
    """(code, two-letter code, name, is aggregate) of both recorded lists, the later one last."""
    listed = json.loads((figures / "wire/world_bank/api_json/country_items_2024-06.json").read_text(encoding="utf-8"))
    found = [(e["id"], e["iso2Code"], e["name"], e["region"]["value"].strip() == "Aggregates") for e in listed]
    for row in read_rows(figures / "wire/world_bank/catalogue/countries_2026-04.csv"):
        found.append((row["iso3c"], row["iso2c"], row["country"], row["region"] == "Aggregates"))
    return list({code: (code, two, one_space(name), group) for code, two, name, group in found}.values())


def world_bank_groups(figures: Path) -> Iterator[Area]:
    """World Bank aggregates as areas of their own."""
    for code, _, name, is_group in world_bank_entities(figures):
        if is_group:
            yield Area(code, "", WORLD_M49 if code == "WLD" else "", name, AGGREGATE)


@dataclass(frozen=True)
class EconomyClass:
    """A row of world_bank_class.csv: what the Bank's list said of an economy in one fiscal year."""

    ref_area: str
    fiscal_year: int  # FY24 runs from 1 July 2023 to 30 June 2024; income groups hold for one of them
    region: str
    income_group_id: str
    income_group: str
    source: str


def world_bank_classes(figures: Path) -> Iterator[EconomyClass]:
    """Both recorded lists of economies, which fall into the fiscal years 2024 and 2026; none of 2025 was recorded."""
    folder = figures / "wire/world_bank"
    ids: dict[str, str] = {}
    for e in json.loads((folder / "api_json/country_items_2024-06.json").read_text(encoding="utf-8")):
        group = e["incomeLevel"]
        ids[group["value"]] = group["id"]
        if e["region"]["id"] != "NA":
            region = one_space(e["region"]["value"])
            yield EconomyClass(e["id"], 2024, region, group["id"], group["value"], "country list of June 2024")
    for row in read_rows(folder / "catalogue/countries_2026-04.csv"):
        if row["region"] != "Aggregates":
            region, income = one_space(row["region"]), row["income"]
            yield EconomyClass(row["iso3c"], 2026, region, ids[income], income, "country list of 30 April 2026")


class Areas:
    """All areas, found by alpha-3, alpha-2 (living areas only) or M49 code."""

    def __init__(self, rows: Iterable[Area]) -> None:
        self.by_iso3: dict[str, Area] = {}
        for area in rows:
            if area.iso3 in self.by_iso3:
                raise ValueError(f"two areas have the code {area.iso3}")
            self.by_iso3[area.iso3] = area
        self.living = [a for a in self.by_iso3.values() if a.kind in (COUNTRY, TERRITORY)]
        self.by_iso2 = {a.iso2: a for a in self.living if a.iso2}
        self.by_m49 = {a.m49: a for a in self.by_iso3.values() if a.m49}

    def find(self, m49: str, iso3: str) -> Area | None:
        """The area that both codes name; ValueError if they name two, None if neither is known."""
        first, second = self.by_m49.get(m49), self.by_iso3.get(iso3)
        if first and second and first != second:
            raise ValueError(f"M49 {m49} is {first.iso3}, ISO3 says {iso3}: needs a decision")
        return first or second

    def coded(self, scheme: str, code: str, label: str, iso3: str, note: str = "") -> AreaCode:
        """A row for a code that means exactly the area `iso3`."""
        return AreaCode(scheme, code, iso3, self.by_iso3[iso3].kind, label, note=note)


# --- one function per scheme --------------------------------------------------------------------------------------


def fao_lists(figures: Path) -> Iterator[tuple[str, str, str, str]]:
    """(code, label, M49, ISO3) of every FAO list of areas, oldest first; M49 or ISO3 may be empty."""
    for row in read_rows(figures / "reference/hs_fcl/biotrade_faostat_country_groups.csv"):
        if row["faost_code"] and row["short_name"]:
            yield row["faost_code"], row["short_name"], m49_code(row["un_code"]), row["iso3_code"]
    definitions = figures / "wire/fao/definitions"
    for name in ("country_groups_ocha.csv", "country_region_2022-10-01.csv"):
        for row in read_rows(definitions / name):
            yield row["Country Code"], row["Country"], m49_code(row["M49 Code"]), row["ISO3 Code"]
    for row in read_rows(figures / "wire/fao/qcl_codelists_2026/Production_Crops_Livestock_E_AreaCodes.csv"):
        yield row["Area Code"], row["Area"].replace(";", ","), m49_code(row["M49 Code"]), ""


def fao_codes(figures: Path, areas: Areas) -> Iterator[AreaCode]:
    """FAO area codes: the latest label wins; groups by list or number; M49 and ISO3 must agree."""
    members = read_rows(figures / "wire/fao/definitions/country_groups_ocha.csv")
    groups = FAO_GROUPS | {row["Country Group Code"]: row["Country Group"] for row in members}
    listed = {code: (code, label, m49, iso3) for code, label, m49, iso3 in fao_lists(figures)}
    listed = {code: (code, label, "", "") for code, label in groups.items()} | listed
    for code, label, m49, iso3 in listed.values():
        if code in FAO_DECISIONS:
            iso3, kind, note = FAO_DECISIONS[code]
            yield AreaCode("fao", code, iso3, kind, label, note=note)
        elif code in groups or int(code) >= FAO_FIRST_GROUP:
            yield AreaCode("fao", code, "", AGGREGATE, label, note="FAO group")
        else:
            area = areas.find(m49, iso3)
            if area is None:
                raise ValueError(f"FAO area {code} {label!r} (M49 {m49}, ISO3 {iso3}) needs a decision")
            yield areas.coded("fao", code, label, area.iso3)


def ilo_codes(figures: Path, areas: Areas) -> Iterator[AreaCode]:
    """ILO reference areas: alpha-3 codes, X and two digits for groups."""
    for row in read_rows(figures / "wire/ilo/codelists/cl_area_crosswalk.tsv", "\t"):
        code, label = row["ref_area"], row["name_en"]
        if code in ILO_DECISIONS:
            iso3, kind, note = ILO_DECISIONS[code]
            yield AreaCode("ilo", code, iso3, kind, label, note=note)
        elif ILO_GROUP.fullmatch(code):
            yield AreaCode("ilo", code, "", AGGREGATE, label, note="ILO group")
        else:
            yield areas.coded("ilo", code, label, code)


def world_bank_codes(figures: Path, areas: Areas) -> Iterator[AreaCode]:
    """World Bank entities, and the two letters that data rows carry for groups instead of an empty code."""
    for code, two, name, is_group in world_bank_entities(figures):
        yield areas.coded("world_bank", code, name, code)
        if is_group:
            yield AreaCode("world_bank", two, "", AGGREGATE, name, note=f"two-letter form of {code}; not an ISO code")
        if code == "INX":
            note = "second two-letter form of INX; not an ISO code"
            yield AreaCode("world_bank", WORLD_BANK_NOT_CLASSIFIED, "", AGGREGATE, name, note=note)


def comext_windows(figures: Path) -> Iterator[tuple[str, str, str, str]]:
    """(code, first year, last year or empty, label) from the PARTNER section of the data dictionary."""
    text = (figures / "wire/eurostat/codelists/comext_full_v2_data_dictionary.txt").read_text(encoding="utf-8")
    section = text.partition("\nPARTNER\n")[2].partition("\nTRADE_TYPE\n")[0]
    for code, first, last, label in COMEXT_WINDOW.findall(section):
        yield code, first, "" if last == OPEN_END else last, one_space(label)


def comext_codes(figures: Path, areas: Areas) -> Iterator[AreaCode]:
    """Comext reporters and partners with the validity windows of the dictionary, and the sums that the API adds."""
    for code, first, last, label in comext_windows(figures):
        decision = COMEXT_DECISIONS.get(f"{code} {first}") or COMEXT_DECISIONS.get(code)
        if decision:
            iso3, kind, note = decision
            yield AreaCode("comext", code, iso3, kind, label, first, last, note)
            continue
        area = areas.by_iso2.get(code)
        if area is None:
            raise ValueError(f"Comext code {code} from {first} {label!r} needs a decision")
        if code in COMEXT_SPLIT:
            split, former, note = COMEXT_SPLIT[code]
            yield AreaCode("comext", code, former, FORMER, label, first, split, note)
            first = str(int(split) + 1)
        yield AreaCode("comext", code, area.iso3, area.kind, label, first, last, COMEXT_NOTES.get(code, ""))
    for code, (iso3, label) in COMEXT_AGGREGATES.items():
        yield AreaCode("comext", code, iso3, AGGREGATE, label, note=SUM_NOTE)


def eurostat_codes(areas: Areas) -> Iterator[AreaCode]:
    """Geo codes of Eurostat's main database: alpha-2 with EL and UK, and its aggregates."""
    for area in areas.by_iso2.values():
        code = EUROSTAT_OWN.get(area.iso2, area.iso2)
        yield areas.coded("eurostat", code, area.name_en, area.iso3, "" if code == area.iso2 else "not the ISO code")
    for code, (iso3, label) in EUROSTAT_AGGREGATES.items():
        yield AreaCode("eurostat", code, iso3, AGGREGATE, label, note=SUM_NOTE)


def ilab_codes(figures: Path, areas: Areas) -> Iterator[AreaCode]:
    """USDOL writes names, not codes: every spelling of every edition."""
    for row in read_rows(figures / "reference/ilab/country_names.tsv", "\t"):
        name = row["country_as_written"]
        yield areas.coded("ilab", name, name, row["iso3"])


def region_codes(figures: Path) -> Iterator[AreaCode]:
    """M49 codes of the UN regions. Those of areas, and alpha-2 codes, stand in area.csv: int_areas adds them."""
    regions: dict[str, str] = {}
    for row in read_rows(figures / "reference/countries/country-codes.csv"):
        for level in ("Region", "Sub-region", "Intermediate Region"):
            regions[m49_code(row[f"{level} Code"])] = row[f"{level} Name"]
    for code, label in regions.items():
        if code:
            yield AreaCode("m49", code, "", AGGREGATE, label, note="UN region")


# --- checking and writing -----------------------------------------------------------------------------------------


def refuse_overlaps(keyed: Iterable[tuple[tuple[str, str], AreaCode]]) -> None:
    """ValueError if two rows with one key are valid in the same year."""
    seen: dict[tuple[str, str], list[AreaCode]] = {}
    for key, row in keyed:
        for other in seen.setdefault(key, []):
            if (row.valid_from or "0") <= (other.valid_to or "9999") and (other.valid_from or "0") <= (
                row.valid_to or "9999"
            ):
                raise ValueError(f"{row} overlaps {other}")
        seen[key].append(row)


def check(codes: list[AreaCode], areas: Areas) -> None:
    """ValueError if a row names no area and no reason, a code has two meanings in a year, or an area two codes.

    Two codes for one area would count it twice. USDOL's spellings are the exception: a report uses one of them.
    """
    for row in codes:
        if row.iso3 and (row.iso3 not in areas.by_iso3 or areas.by_iso3[row.iso3].kind != row.kind):
            raise ValueError(f"{row} does not agree with its area")
        if not row.iso3 and (row.kind not in (AGGREGATE, UNMAPPED) or not row.note):
            raise ValueError(f"{row} has neither area nor note")
    refuse_overlaps(((row.scheme, row.code), row) for row in codes)
    refuse_overlaps(((row.scheme, row.iso3), row) for row in codes if row.iso3 and row.scheme != "ilab")


def write(path: Path, rows: Iterable[Area] | Iterable[AreaCode] | Iterable[EconomyClass], names: list[str]) -> None:
    """CSV with header, LF, sorted by all columns."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(sorted(astuple(row) for row in rows))


def build(figures: Path, out: Path) -> None:
    """Write area.csv, area_code.csv and world_bank_class.csv into `out`."""
    areas = Areas([*countries(figures), *NOT_ISO, *FORMER_AREAS, *EU_AREAS, *world_bank_groups(figures)])
    codes = [
        *fao_codes(figures, areas),
        *ilo_codes(figures, areas),
        *world_bank_codes(figures, areas),
        *comext_codes(figures, areas),
        *eurostat_codes(areas),
        *ilab_codes(figures, areas),
        *region_codes(figures),
    ]
    check(codes, areas)
    out.mkdir(parents=True, exist_ok=True)
    write(out / "area.csv", areas.by_iso3.values(), [f.name for f in fields(Area)])
    write(out / "area_code.csv", codes, [f.name for f in fields(AreaCode)])
    write(out / "world_bank_class.csv", world_bank_classes(figures), [f.name for f in fields(EconomyClass)])


def main(arguments: list[str]) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Build the area seeds of the dbt project.")
    parser.add_argument("figures", type=Path, help="folder of collected reference files")
    parser.add_argument("out", type=Path, help="folder for the seeds")
    options = parser.parse_args(arguments)
    build(options.figures, options.out)


if __name__ == "__main__":
    main(sys.argv[1:])
