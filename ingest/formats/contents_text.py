"""Eurostat's table of contents as text: tab-separated, all cells quoted, four blanks a level before the title.

Folders have 7 fields and datasets 8 since 2026, all lines had 8 in 2023; an empty cell is `" "`. A dataset stands
below every theme it belongs to.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import TextTable, write_rows

COLUMNS = {
    "title": "title", "code": "code", "type": "type", "last_update": "last update of data",
    "last_structure_change": "last table structure change", "data_start": "data start", "data_end": "data end",
}  # fmt: skip
FOLDER = "folder"
_DATE = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})")


def read(raw: Path, dest: Path, partner: str) -> TextTable:
    """One row a dataset or table, its code in lower case."""
    return write_rows(dest, tuple(COLUMNS), entries(raw, partner))


def entries(raw: Path, partner: str) -> Iterator[dict[str, str]]:
    """The datasets and tables, each once; dates dd.mm.yyyy as ISO dates, first and last period as printed.

    Raises SchemaDrift for another header or number of fields, PayloadInvalid for a date of another shape or a code
    that stands twice with different dates.
    """
    seen: dict[str, dict[str, str]] = {}
    with raw.open(encoding="utf-8-sig", newline="") as stream:
        lines = csv.reader(stream, delimiter="\t")
        names = [name.strip() for name in next(lines, [])]
        if names[:7] != list(COLUMNS.values()):
            raise SchemaDrift(f"a header {names}", partner=partner, expected=f"columns {list(COLUMNS.values())}")
        for number, cells in enumerate(lines, start=2):
            if len(cells) not in (7, 8):
                raise SchemaDrift(f"line {number}: {len(cells)} fields", partner=partner, expected="7 or 8 fields")
            entry = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=False))
            if entry["type"] == FOLDER:
                continue
            entry |= {"code": entry["code"].lower()}
            entry |= {name: _iso(entry[name], number, partner) for name in ("last_update", "last_structure_change")}
            if _differ(entry, seen.setdefault(entry["code"], entry)):
                found = f"line {number}: {entry['code']} again, with other dates"
                raise PayloadInvalid(found, partner=partner, expected="the same dates wherever a dataset stands")
    yield from seen.values()


def _iso(text: str, number: int, partner: str) -> str:
    found = _DATE.fullmatch(text)
    if text and not found:
        raise PayloadInvalid(f"line {number}: a date {text!r}", partner=partner, expected="dd.mm.yyyy")
    return f"{found[3]}-{found[2]}-{found[1]}" if found else ""


def _differ(one: dict[str, str], other: dict[str, str]) -> bool:
    return any(one[name] != other[name] for name in COLUMNS if name != "title")
