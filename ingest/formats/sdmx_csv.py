"""Eurostat's SDMX-CSV 1.0 in code mode, with Comext's habit of rows one field longer than the header."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import TextTable, csv_text

TRAILING = "_trailing"  # the nameless last field; lake.load asserts that it is empty in every row
_FREQ = re.compile(r"[ASQMWDB]")


def read(raw: Path, dest: Path, partner: str) -> TextTable:
    """A TextTable whose header is as long as its rows (eurostat quirk 1).

    Raises SchemaDrift for any other length, PayloadInvalid for a file in label mode (quirk 16).
    """
    table = csv_text.from_file(raw, dest, partner)
    row = csv_text.first_data_row(dest)
    header = table.header
    if len(row) == len(header) + 1 and row[-1] == "":
        header = (*header, TRAILING)
    elif row and len(row) != len(header):
        raise SchemaDrift(f"rows of {len(row)} fields under {len(header)} names", partner=partner)
    if row and "freq" in header and not _FREQ.fullmatch(row[header.index("freq")]):
        raise PayloadInvalid(
            f"labels in place of codes (freq is {row[header.index('freq')]!r})",
            partner=partner, expected="code mode", remedy="ask without the labels option",
        )  # fmt: skip
    return TextTable(dest, header)
