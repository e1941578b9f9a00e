"""Builds the seeds hs_link.csv and isic4_activity.csv from the collected concordances.

    python tools/build_concordances.py FIGURES_DIR SEEDS_DIR

`hs_link` holds what the models need to follow the codes of `sector_product.csv` back to HS2002, and nothing else: every
older code that is linked to a code of a sector, with *all* its links, so that a split into sector and something else
is seen. The models `int_hs_chain` and `int_hs_sector` make weights of the links.

HS2022, HS2017 and HS2012 are joined by UNSD's correlation tables, which print every link. Below HS2012 only conversion
tables were to be had: they give each newer code one older code, so a newer code that drew on two is not seen, and an
older code that no newer one was given is without a link (its row has no newer_code).
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[1] / "dbt_project" / "dbt_project.yml"
STEPS = (  # newer, older, file, columns of both, kind of table
    ("HS2022", "HS2017", "hs2022_hs2017_correlation.tsv", "hs2022", "hs2017", "correlation"),
    ("HS2017", "HS2012", "hs2017_hs2012_correlation.tsv", "hs2017", "hs2012", "correlation"),
    ("HS2012", "HS2007", "hs4_hs3.tsv", "HS4_6d", "HS3_6d", "conversion"),
    ("HS2007", "HS2002", "hs3_hs2.tsv", "HS3_6d", "HS2_6d", "conversion"),
)
OLDER_LISTS = {"HS2007": ("hs3_hs2.tsv", "HS3_6d")}  # codes of an edition beyond those that its conversion reaches
NO_CODE = "999999"  # "not classified" in UNSD's tables


@dataclass(frozen=True, order=True)
class Link:
    """One row of hs_link.csv: an older code and one code of the next edition, empty where there is none."""

    older_scheme: str
    older_code: str
    newer_scheme: str
    newer_code: str
    older_codes_of_newer: int | str  # how many older codes the newer one draws on
    is_collecting: str  # true where the newer code draws on so many that this link says next to nothing
    table_kind: str


def read(path: Path, dialect: str = "excel-tab") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, dialect=dialect))


def step(folder: Path, newer: str, older: str, file: str, columns: tuple[str, str], kind: str) -> list[Link]:
    """All links of two editions. Raises ValueError for a code that is not six digits."""
    pairs = sorted({(row[columns[0]], row[columns[1]]) for row in read(folder / file)})
    pairs = [pair for pair in pairs if NO_CODE not in pair]
    for code in {code for pair in pairs for code in pair}:
        if len(code) != 6 or not code.isdigit():
            raise ValueError(f"{file}: {code!r} is no HS subheading")
    most = yaml.safe_load(PROJECT.read_text(encoding="utf-8"))["vars"]["most_older_codes"]
    drawn = Counter(new for new, _old in pairs)
    return [
        Link(older, old, newer, new, drawn[new], yes_no(drawn[new] > most and new != old), kind) for new, old in pairs
    ]


def yes_no(answer: bool) -> str:
    return str(answer).lower()


def reaching(links: Iterable[Link], wanted: set[str]) -> set[str]:
    """Older codes that lead to a wanted one by a link that counts."""
    return {link.older_code for link in links if link.newer_code in wanted and link.is_collecting == "false"}


def without_link(folder: Path, links: list[Link], headings: set[str]) -> list[Link]:
    """Older codes inside the sectors' headings that no newer code was given."""
    older, newer, kind = links[0].older_scheme, links[0].newer_scheme, links[0].table_kind
    if older not in OLDER_LISTS:
        return []
    file, column = OLDER_LISTS[older]
    linked = {link.older_code for link in links}
    lost = {row[column] for row in read(folder / file)} - linked
    return [Link(older, code, newer, "", "", "false", kind) for code in lost if code[:4] in headings]


def hs_links(folder: Path, sector_codes: set[str]) -> list[Link]:
    """Links of every older code that leads, step by step, to a code of a sector; sorted."""
    found: list[Link] = []
    wanted, headings = sector_codes, {code[:4] for code in sector_codes}
    for newer, older, file, newer_column, older_column, kind in STEPS:
        links = step(folder, newer, older, file, (newer_column, older_column), kind)
        lost = without_link(folder, links, headings)
        wanted = reaching(links, wanted)
        found += [link for link in links if link.older_code in wanted] + lost
        wanted |= {link.older_code for link in lost}
    return sorted(found)


def activities(folder: Path) -> list[tuple[str, str, str, str]]:
    """Sections, divisions and classes of ISIC Rev.4: code, level, label, parent; groups are left out."""
    levels = {1: "section", 2: "division", 4: "class"}
    rows, section = [], ""
    for row in read(folder / "isic4_desc.tsv"):
        code = row["code"]
        section = code if len(code) == 1 else section
        if len(code) in levels:
            parent = {1: "", 2: section, 4: code[:2]}[len(code)]
            rows.append((code, levels[len(code)], row["desc"].strip(), parent))
    return rows


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    folder, seeds = Path(arguments[0]) / "reference/concordances", Path(arguments[1])
    products = read(seeds / "sector_product.csv", "excel")
    sector_codes = {row["hs2022_code"] for row in products if float(row["weight"]) > 0}
    write(seeds / "hs_link.csv", [f.name for f in fields(Link)], map(astuple, hs_links(folder, sector_codes)))
    write(seeds / "isic4_activity.csv", ("isic4_code", "level", "label", "parent_code"), activities(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
