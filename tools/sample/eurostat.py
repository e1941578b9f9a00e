"""Eurostat: Comext's annual flows, the main base, contents and CN8 links."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterator
from pathlib import Path

import xls

from sample.figures import (
    COUNTRY,
    FIRST_YEAR,
    MEMBER,
    Course,
    Row,
    Rows,
    number,
    path_through,
    read_file,
    stream,
    unique,
)

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
EUR_PER_KG = {
    "09": 3.1, "12": 0.7, "15": 0.9, "17": 0.5, "18": 3.0, "21": 7.5, "23": 0.2, "24": 4.9, "40": 3.4, "52": 3.1,
    "61": 13.5, "62": 17.0, "84": 60.0, "85": 24.0,
}  # fmt: skip
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


def eu_cells(anchors: Anchors, flows: dict[str, str]) -> dict[Cell, Flow]:
    cells: dict[Cell, Flow] = {}
    for product, text in flows.items():
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


# What the sectors buy outside of these chapters: never whole chapters, only the headings named below.
EU_HEADINGS_OF = {
    "12": "PG 3, PY 2, BF 5, ML 3, TG 6", "15": "ID 1900, MY 950, GT 260, HN 190, CO 300, CI 60, TH 40, EC 50",
    "17": "BR 130, GT 35, DO 30, PY 15, FJ 45, ZW 40, MW 25, ZM 30, IN 60",
    "21": "BR 60, CI 45, IN 55, VN 50, KE 12, LK 6", "23": "ID 330, MY 150, BF 4, TG 5, CI 8",
    "84": "CN 21000, VN 1300, TH 900, MY 700, MX 350, PH 300, US 2600",
}  # fmt: skip
EU_DETAIL = {  # chapter -> heading: its share of the chapter, subheadings and their shares of the heading
    "09": {"0901": (0.7, {"090111": 0.9, "090121": 0.06}), "0902": (0.2, {"090240": 0.7, "090210": 0.05})},
    "12": {"1207": (0.6, {"120710": 0.3, "120721": 0.1, "120729": 0.3}), "1212": (0.1, {"121293": 0.5})},
    "15": {
        "1511": (0.75, {"151110": 0.7, "151190": 0.28}), "1512": (0.02, {"151221": 0.3, "151229": 0.1}),
        "1513": (0.15, {"151321": 0.5, "151329": 0.3}),
    },
    "17": {"1701": (0.8, {"170114": 0.75, "170113": 0.1}), "1703": (0.15, {"170310": 0.9})},
    "18": {
        "1801": (0.6, {"180100": 1.0}), "1803": (0.15, {"180310": 0.8, "180320": 0.15}), "1804": (0.1, {"180400": 1.0}),
    },
    "21": {"2101": (0.8, {"210111": 0.7, "210120": 0.1})},
    "23": {"2306": (0.7, {"230660": 0.9, "230610": 0.05})},
    "24": {"2401": (0.9, {"240120": 0.7, "240110": 0.2, "240130": 0.08}), "2402": (0.05, {"240220": 0.9})},
    "40": {"4001": (0.4, {"400122": 0.6, "400121": 0.1}), "4011": (0.3, {"401110": 0.5, "401120": 0.3})},
    "52": {"5201": (0.3, {"520100": 1.0}), "5205": (0.2, {"520512": 0.3}), "5208": (0.3, {"520819": 0.2})},
    "61": {"6109": (0.3, {"610910": 0.8}), "6110": (0.3, {"611020": 0.5})},
    "62": {"6203": (0.3, {"620342": 0.6})},
    "84": {"8471": (0.7, {"847130": 0.6}), "8473": (0.1, {"847330": 0.9})},
    "85": {
        "8517": (0.3, {"851762": 0.5}), "8528": (0.06, {"852872": 0.7}), "8541": (0.08, {"854110": 0.2}),
        "8542": (0.15, {"854231": 0.5}),
    },
}  # fmt: skip
EU_SELLERS = {  # headings that few sell
    "0901": "BR VN HN CO IN UG ET PE ID KE", "0902": "IN KE LK ID VN UG", "1212": "PY TG", "1512": "CI",
    "1803": "CI GH CM EC NG", "1804": "CI GH ID MY NG", "2306": "ID MY BF TG CI", "2402": "TR PH CN US",
    "4001": "TH MY ID VN CI LK CM GT LR IN", "4011": "CN TR TH VN IN LK", "5205": "PK IN TR EG UZ TM",
    "5208": "PK IN TR CN EG",
}  # fmt: skip
EU_DETAIL_YEARS, EU_DETAIL_MEMBERS = range(2017, 2025), ("BE", "DE", "FR", "NL")


def eu_detail(cells: dict[Cell, Flow]) -> dict[Cell, Flow]:
    """Headings and subheadings of a few members as parts of their chapters; rounded down, so never above the whole."""
    parts: dict[Cell, Flow] = {}
    for (reporter, partner, chapter, year), (value, mass) in cells.items():
        if year in EU_DETAIL_YEARS and reporter in EU_DETAIL_MEMBERS:
            rng = stream("detail", chapter, partner, reporter)
            for heading, (share, subheadings) in EU_DETAIL[chapter].items():
                of_chapter = share * rng.uniform(0.8, 1.0)
                if partner not in EU_SELLERS.get(heading, partner).split():
                    continue
                for code, by in {heading: 1.0, **subheadings}.items():
                    by *= of_chapter
                    parts[reporter, partner, code, year] = math.floor(value * by), mass and math.floor(mass * by)
    return parts


def eurostat(figures: Path) -> Rows:
    published = eu_published(figures)
    cells = fit_below_published(eu_cells(eu_anchors(figures), EU_FLOWS), published)
    world = add_up(cells, 1, WORLD) | {cell: (value, None) for cell, value in published.items()}
    members = cells | world
    flows = members | add_up(members, 0, EU27) | eu_detail(cells | eu_cells({}, EU_HEADINGS_OF))
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


SECTOR_PRODUCTS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "sector_product.csv"


def eurostat_cn8_links(figures: Path) -> Rows:
    """Links of the sectors' goods, as printed: blanks in codes from 2013/14 on.

    With every link of the codes they became: how many old codes a new one draws on is counted.
    """
    headings = tuple(sorted({row["hs2022_code"][:4] for row in read_file(SECTOR_PRODUCTS)}))
    path = figures / "wire/eurostat/codelists/CN_concordances_1988_2025_XLS_FORMAT.xls"
    links = [
        (str(int(float(period))), old, new)
        for period, old, new in xls.rows(path)[1:]
        if float(period) >= 20092010
    ]  # fmt: skip
    became = {(period, new) for period, old, new in links if old.startswith(headings) or new.startswith(headings)}
    rows = [
        {"period": period, "origin_code": old, "destination_code": new, "source_id": "eurostat_cn"}
        for period, old, new in links
        if (period, new) in became
    ]
    return unique(rows, "period", "origin_code", "destination_code")
