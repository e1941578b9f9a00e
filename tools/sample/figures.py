"""Places, reading of collected figures, writing of tables, and the random streams of generated ones."""

from __future__ import annotations

import csv
import io
import math
import random
import zipfile
from collections.abc import Iterable
from pathlib import Path

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
