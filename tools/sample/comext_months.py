"""Eurostat: Comext's monthly files."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

from sample.eurostat import MEMBER_WEIGHT
from sample.figures import Row, Rows, number, read_file, stream, unique

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
