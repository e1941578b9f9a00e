"""World Bank CSV downloads: one row a country and series, one column a year, with or without a preamble."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import PayloadInvalid, SchemaDrift

LEAD = ("Country Name", "Country Code", "Indicator Name", "Indicator Code")


def rows(path: Path, partner: str) -> Iterator[dict[str, str | None]]:
    """Long rows with keys LEAD + `year` + `value` from a UTF-8 file; every cell, empty ones too (value None).

    Raises SchemaDrift without the header row, without a year column, or if the nameless last column holds anything,
    PayloadInvalid for a row of another length.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        header = next((row for row in reader if row[:1] == ["Country Name"]), None)
        if header is None or tuple(header[:4]) != LEAD:
            raise SchemaDrift("no row of column names", partner=partner, expected=f"a row that starts {LEAD}")
        years = [(i, name) for i, name in enumerate(header) if name.isdigit() and len(name) == 4]
        trailing = len(header) - 1 if header[-1] == "" else None
        if not years:
            raise SchemaDrift("no year column", partner=partner)
        for row in reader:
            if not row:
                continue
            if trailing is not None and any(row[trailing:]):
                raise SchemaDrift(f"line {reader.line_num}: text in the nameless last column", partner=partner)
            if len(row) != len(header):
                found = f"line {reader.line_num}: {len(row)} cells under {len(header)} names"
                raise PayloadInvalid(found, partner=partner)
            lead = dict(zip(LEAD, row[:4], strict=True))
            for i, year in years:
                yield {**lead, "year": year, "value": row[i] or None}
