"""Builds the seed fao_item_hs.csv: which HS subheadings FAO's definitions give for an item.

    python tools/build_fao_bridge.py FIGURES_DIR OUT_DIR

A cell of the definitions may list several subheadings; each becomes a row, under the version of the HS it belongs to.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

DEFINITIONS = "wire/fao/definitions/items_2022-10-01.csv"
VERSIONS = {"HS07": "HS07 Code", "HS12": "HS12 Code"}


def bridge(definitions: Path) -> Iterator[tuple[str, str, str, str]]:
    with definitions.open(encoding="utf-8-sig", newline="") as stream:
        for item in csv.DictReader(stream):
            for version, column in VERSIONS.items():
                codes = {code.strip() for code in item[column].split(",")} - {""}
                for code in sorted(codes):
                    if len(code) != 6 or not code.isdigit():
                        raise ValueError(f"item {item['Item Code']}: {code!r} is no HS subheading")
                    yield item["Item Code"], item["Item"], version, code


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    figures, out = map(Path, arguments)
    with (out / "fao_item_hs.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("item_code", "item_label", "hs_version", "hs_code"))
        writer.writerows(sorted(bridge(figures / DEFINITIONS), key=lambda row: (int(row[0]), *row[2:])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
