"""Builds the seed fao_item_hs.csv: which HS subheadings FAO gives for an item, and from where that is known.

    python tools/build_fao_bridge.py FIGURES_DIR SEEDS_DIR

A cell of FAO's definitions may list several subheadings; each becomes a row, under the version of the HS it belongs to.
The definitions have items of production only. For the other items of the sectors (paste, cigarettes ...) FAO's map of
national tariff lines speaks: a subheading goes to the item that most of its lines go to. That map lost leading digits
and mixes editions (001110; 1,595 of its 2,784 codes exist in no edition), so a code counts only if it is one of HS2012.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

DEFINITIONS = "wire/fao/definitions/items_2022-10-01.csv"
TARIFF_MAP = "reference/hs_fcl/hs6_fcl_counts.tsv"
VERSIONS = {"HS07": "HS07 Code", "HS12": "HS12 Code"}
NOMENCLATURE = {  # every subheading of a version: file and column
    "HS07": ("reference/concordances/hs3_hs2.tsv", "HS3_6d"),
    "HS12": ("reference/concordances/hs4_hs3.tsv", "HS4_6d"),
}
MOST_LINES = 0.5

Row = tuple[str, str, str, str, str]  # item, label, version, subheading, source


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, dialect="excel-tab" if path.suffix == ".tsv" else "excel"))


def subheadings(figures: Path, version: str) -> set[str]:
    file, column = NOMENCLATURE[version]
    return {row[column] for row in read(figures / file)}


def defined(figures: Path) -> Iterator[Row]:
    """What the definitions say. Raises ValueError for what is no subheading of its version."""
    for version, column in VERSIONS.items():
        known = subheadings(figures, version)
        for item in read(figures / DEFINITIONS):
            for code in sorted({code.strip() for code in item[column].split(",")} - {""}):
                if code not in known:
                    raise ValueError(f"item {item['Item Code']}: {code!r} is no subheading of {version}")
                yield item["Item Code"], item["Item"], version, code, "definitions"


def mapped(figures: Path, labels: dict[str, str]) -> Iterator[Row]:
    """What the tariff lines say of these items, where the subheading exists."""
    known = subheadings(figures, "HS12")
    for line in read(figures / TARIFF_MAP):
        if line["fcl"] in labels and line["hs6"] in known and float(line["share"]) > MOST_LINES:
            yield line["fcl"], labels[line["fcl"]], "HS12", line["hs6"], "tariff lines"


def bridge(figures: Path, sector_items: dict[str, str]) -> list[Row]:
    """All rows in order; `sector_items` are labels by item code."""
    rows = list(defined(figures))
    others = sector_items.keys() - {row[0] for row in rows}
    rows += mapped(figures, {item: sector_items[item] for item in others})
    return sorted(rows, key=lambda row: (int(row[0]), *row[2:]))


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    figures, seeds = map(Path, arguments)
    sector_items = {row["item_code"]: row["item_label"] for row in read(seeds / "sector_fao_item.csv")}
    with (seeds / "fao_item_hs.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("item_code", "item_label", "hs_version", "hs_code", "source"))
        writer.writerows(bridge(figures, sector_items))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
