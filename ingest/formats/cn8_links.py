"""Links between the codes of the Combined Nomenclature of one year and the next: period, old code, new code.

The layout of the file in Comext's folder of relations was never recorded. It is read if it is what the official
concordance is: three columns, with or without a header, parted by tabs, semicolons or commas. Anything else is refused.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import TextTable, csv_text, write_rows

COLUMNS = ("period", "origin", "destination")
_NAMES = {"period": r"period", "origin": r"origin|pred", "destination": r"destination|succ"}
_PERIOD = re.compile(r"(\d{4})(\d{4})(\.0)?")  # a number in the older half of the concordance
_CODE = re.compile(r"\d{8}")
_BLANKS = re.compile(r"\s")  # 0307 41 91 from 2013/14 on


def read(raw: Path, dest: Path, partner: str, known_link: tuple[str, ...]) -> TextTable:
    """One row a link. `known_link` must be among them: it proves that old and new are not mixed up.

    Raises SchemaDrift for another layout, PayloadInvalid for a row of it that is no link.
    """
    text = dest.with_name(f"{dest.name}.utf8")
    try:
        csv_text.from_file(raw, text, partner)
        links = list(_links(text, partner))
    finally:
        text.unlink(missing_ok=True)
    if known_link not in links:
        raise PayloadInvalid(
            f"{len(links)} links without {' '.join(known_link)}", partner=partner,
            expected="that link; old and new code may have changed places",
            remedy="compare the raw file with the official concordance before anything is read from it",
        )  # fmt: skip
    return write_rows(dest, COLUMNS, (dict(zip(COLUMNS, link, strict=True)) for link in links))


def _links(text: Path, partner: str) -> Iterator[tuple[str, ...]]:
    with text.open(encoding="utf-8", newline="") as stream:
        first = stream.readline()
        stream.seek(0)
        delimiter = next((mark for mark in "\t;," if mark in first), "\t")
        rows = csv.reader(stream, delimiter=delimiter)
        head = [cell.strip() for cell in next(rows)]
        order = _order(head, partner)
        if _period(head[order[0]]):
            yield _link(head, order, 1, partner)
        for number, row in enumerate(rows, start=2):
            if any(cell.strip() for cell in row):
                yield _link(row, order, number, partner)


def _order(head: Sequence[str], partner: str) -> list[int]:
    """Where period, old and new code stand: by the names of the header, or by the first row, old before new."""
    named = [[i for i, cell in enumerate(head) if re.search(name, cell.lower())] for name in _NAMES.values()]
    if len(head) == 3 and sorted(named) == [[0], [1], [2]]:
        return [at[0] for at in named]
    periods = [i for i, cell in enumerate(head) if _period(cell)]
    if len(head) == 3 and len(periods) == 1:
        return periods + [i for i in range(3) if i != periods[0]]
    raise SchemaDrift(
        f"a first line {list(head)[:10]}", partner=partner, expected="period, old code and new code",
        remedy="the layout was not known when this was written: compare the raw file, then ingest/formats/cn8_links.py",
    )  # fmt: skip


def _period(cell: str) -> str | None:
    """`20112012`: two years that follow each other."""
    found = _PERIOD.fullmatch(cell.strip())
    return found[1] + found[2] if found and int(found[2]) == int(found[1]) + 1 else None


def _link(row: Sequence[str], order: list[int], number: int, partner: str) -> tuple[str, ...]:
    cells = [row[at] for at in order] if len(row) == 3 else []
    period = _period(cells[0]) if cells else None
    codes = [_BLANKS.sub("", cell) for cell in cells[1:]]
    if period is None or not all(map(_CODE.fullmatch, codes)):
        raise PayloadInvalid(
            f"line {number}: {list(row)[:5]}", partner=partner, expected="two years and two codes of eight digits",
            remedy="a code that lost its leading zero was written as a number: look at the raw file",
        )  # fmt: skip
    return (period, *codes)
