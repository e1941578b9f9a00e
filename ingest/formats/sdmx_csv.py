"""Eurostat's SDMX-CSV 1.0 in code mode, with Comext's habit of rows one field longer than the header."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from ingest import storage
from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import TextTable, csv_text

TRAILING = "_trailing"  # the nameless last field; lake.load asserts that it is empty in every row
STAMP = "LAST UPDATE"  # dd/mm/yy, also on days when yy/mm/dd would parse; one for the whole reply
_FREQ = re.compile(r"[ASQMWDB]")
_AREA = re.compile(r"[A-Z0-9_-]+")  # UKC-L, EU27_2020; a label has small letters


def read(raw: Path, dest: Path, partner: str) -> TextTable:
    """A TextTable whose header is as long as its rows (eurostat quirk 1).

    Raises SchemaDrift for any other length, PayloadInvalid for a file in label mode (quirk 16) and for a stamp that is
    no date or lies in the future (quirk 2).
    """
    table = csv_text.from_file(raw, dest, partner)
    row = csv_text.first_data_row(dest)
    header = table.header
    if len(row) == len(header) + 1 and row[-1] == "":
        header = (*header, TRAILING)
    elif row and len(row) != len(header):
        raise SchemaDrift(f"rows of {len(row)} fields under {len(header)} names", partner=partner)
    first = dict(zip(header, row, strict=False))
    _check_codes(first, partner)
    if STAMP in first:
        _check_stamp(first[STAMP], partner)
    return TextTable(dest, header)


def _check_codes(first: dict[str, str], partner: str) -> None:
    for name, code in (("freq", _FREQ), ("reporter", _AREA), ("geo", _AREA)):
        if name in first and not code.fullmatch(first[name]):
            raise PayloadInvalid(
                f"labels in place of codes ({name} is {first[name]!r})",
                partner=partner, expected="code mode", remedy="ask without the labels option",
            )  # fmt: skip


def _check_stamp(text: str, partner: str) -> None:
    day, _, time = text.partition(" ")
    try:
        moment = datetime.strptime(f"{day} {time or '00:00:00'}", "%d/%m/%y %H:%M:%S")
    except ValueError as error:
        raise PayloadInvalid(f"{STAMP} {text!r}", partner=partner, expected="dd/mm/yy hh:mm:ss") from error
    if moment > storage.utcnow().replace(tzinfo=None) + timedelta(days=1):
        raise PayloadInvalid(
            f"{STAMP} {text} lies in the future", partner=partner, expected="dd/mm/yy of the past",
            remedy="if the partner changed the order of day, month and year, change it in ingest/formats/sdmx_csv.py",
        )  # fmt: skip
