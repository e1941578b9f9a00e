"""FAO's wide layout: a column a year (Y2021), beside it its flag (Y2021F) and from 2023 on its note (Y2021N)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import TextTable, write_rows

_CELL = re.compile(r"Y(\d{4})([FN]?)")
_NAMES = {"": "Value", "F": "Flag", "N": "Note"}


def unfold(table: TextTable, dest: Path, partner: str) -> TextTable:
    """The table in the names of the normalized layout, a row a year.

    Value, flag and note all empty are no row; a flag without a value is a row without a value. A variant without flags
    has no column of them. Raises SchemaDrift without a year column, PayloadInvalid for a row of another length.
    """
    found = [
        (at, match[1], _NAMES[match[2]]) for at, name in enumerate(table.header) if (match := _CELL.fullmatch(name))
    ]
    if not found:
        raise SchemaDrift("no year column", partner=partner, expected="columns such as Y2021 and Y2021F")
    lead = [(at, name) for at, name in enumerate(table.header) if not _CELL.fullmatch(name)]
    measures = [name for name in _NAMES.values() if name in {kind for _at, _year, kind in found}]
    header = (*(name for _at, name in lead), "Year Code", "Year", *measures)
    return write_rows(dest, header, _rows(table, lead, found, partner))


def _rows(
    table: TextTable, lead: list[tuple[int, str]], cells: list[tuple[int, str, str]], partner: str
) -> Iterator[dict[str, str | None]]:
    with table.path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        for row in reader:
            line = table.lines_before + reader.line_num
            if reader.line_num <= table.skip_lines or not row:
                continue
            if len(row) != len(table.header):
                found = f"line {line}: {len(row)} cells under {len(table.header)} names"
                raise PayloadInvalid(found, partner=partner, expected="whole rows")
            series: dict[str, str | None] = {name: row[at] for at, name in lead}
            years: dict[str, dict[str, str | None]] = {}
            for at, year, kind in cells:
                if row[at]:
                    years.setdefault(year, {})[kind] = row[at]
            for year, observation in years.items():
                yield {**series, "Year Code": year, "Year": year, **observation}
