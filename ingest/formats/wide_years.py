"""World Bank CSV downloads: one row a country and series, one column a year, with or without a preamble.

They become the rows of the API's pages, by the same names and without cells that hold nothing: the two doors print
grids of different areas and years, but the same figures.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingest import lake
from ingest.errors import DatasetRetired, PayloadInvalid, SchemaDrift
from ingest.formats import TextTable, csv_text
from ingest.registry import SYNTHETIC_MARK
from ingest.storage import sql_name, sql_text

LEAD = ("Country Name", "Country Code", "Indicator Name", "Indicator Code")
NOTES = ("CountryCode", "SeriesCode", "Year", "DESCRIPTION")


@dataclass(frozen=True)
class _Layout:
    """Names of the columns, lines above the first row, and the date of the preamble ('' without one)."""

    names: tuple[str, ...]
    skip: int
    updated: str

    @property
    def years(self) -> list[str]:
        return [name for name in self.names if name.isdigit() and len(name) == 4]


def long_table(
    data: Path,
    dest: Path,
    partner: str,
    *,
    wanted: Collection[str],
    series: Collection[str] = (),
    notes: Path | None = None,
) -> TextTable:
    """One row a cell that holds a value or a footnote; of `series` only, if any are named.

    `data` and `notes` (the footnote member) are UTF-8. Columns are those of ref_area, indicator.value, indicator.id,
    date, value, footnote, lastupdated (of the preamble) that are `wanted`, and the mark of generated rows where it is.
    Raises SchemaDrift without the row of names, without a year column, or if the nameless last column holds anything;
    PayloadInvalid for a row of another length; DatasetRetired if one of `series` is not there.
    """
    layout = _layout(data, partner)
    _check_rows(data, layout, partner)
    columns = {name: sql for name, sql in _columns(layout).items() if name in {*wanted, SYNTHETIC_MARK}}
    with lake.connect(threads=1) as con:
        try:
            con.execute(f"create temp table wide as {_wide(data, layout, series)}")
            _check_series(con, series, partner)
            select = _cells(layout, columns, _notes(notes, series, partner))
            con.execute(f"copy ({select}) to {sql_text(dest)} (format csv, header)")
        except duckdb.InvalidInputException as error:
            raise PayloadInvalid(f"rows that are not CSV ({error})", partner=partner) from error
    return TextTable(dest, tuple(columns))


def _layout(data: Path, partner: str) -> _Layout:
    updated = ""
    with data.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        for row in reader:
            if row[:1] == ["Last Updated Date"]:
                updated = row[1]
            if row[:1] == ["Country Name"]:
                break
        else:
            raise SchemaDrift("no row of column names", partner=partner, expected=f"a row that starts {LEAD}")
        layout = _Layout(tuple(row), reader.line_num, updated)
    if layout.names[:4] != LEAD:
        raise SchemaDrift("no row of column names", partner=partner, expected=f"a row that starts {LEAD}")
    if not layout.years:
        raise SchemaDrift("no year column", partner=partner)
    return layout


def _check_rows(data: Path, layout: _Layout, partner: str) -> None:
    """Every row has a cell for every name: DuckDB takes one empty cell too many, and figures would move a year."""
    width = len(layout.names)
    trailing = width - 1 if layout.names[-1] == "" else width
    with data.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        next(row for row in reader if row[:1] == ["Country Name"])
        for row in reader:
            if len(row) > trailing and any(row[trailing:]):
                found = f"line {reader.line_num}: text in the nameless last column"
                raise SchemaDrift(found, partner=partner, expected="nothing behind the last comma")
            if row and len(row) != width:
                found = f"line {reader.line_num}: {len(row)} cells under {width} names"
                raise PayloadInvalid(found, partner=partner)


def _wide(data: Path, layout: _Layout, series: Collection[str]) -> str:
    names = [name or f"nameless {place}" for place, name in enumerate(layout.names)]
    return f"select * from {_reader(data, names, layout.skip)} where {_among(series, 'Indicator Code')}"


def _among(series: Collection[str], column: str) -> str:
    """Condition of a row that is asked for: all are where no series is named."""
    return f"trim({sql_name(column)}) in ({', '.join(map(sql_text, series))})" if series else "true"


def _reader(file: Path, names: Collection[str], skip: int) -> str:
    columns = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({sql_text(file)}, auto_detect=false, header=false, skip={skip}, delim=',', quote='\"', "
        f"escape='\"', columns={{{columns}}}, max_line_size={csv_text.LONGEST_LINE})"
    )


def _notes(notes: Path | None, series: Collection[str], partner: str) -> str:
    """Footnotes by cell. Codes come in lower case too, years as `YR2005` with blanks behind (quirk 17)."""
    if notes is None:
        return "select null::varchar as area, null::varchar as series, null::varchar as year, null::varchar as note"
    header = csv_text.read_header(notes, partner).header
    if header[:4] != NOTES:
        raise SchemaDrift(f"columns {list(header)} of the footnotes", partner=partner, expected=f"{NOTES}")
    names = [name or f"nameless {place}" for place, name in enumerate(header)]
    return f"""
        select upper(trim(CountryCode)) as area, trim(SeriesCode) as series,
            regexp_extract(upper(Year), '[0-9]{{4}}') as year,
            string_agg(distinct DESCRIPTION, '; ' order by DESCRIPTION) as note
        from {_reader(notes, names, 1)} where {_among(series, "SeriesCode")} group by 1, 2, 3"""


def _check_series(con: duckdb.DuckDBPyConnection, series: Collection[str], partner: str) -> None:
    there = {row[0] for row in con.execute('select distinct trim("Indicator Code") from wide').fetchall()}
    if gone := sorted(set(series) - there):
        raise DatasetRetired(
            f"series that the zip does not hold: {gone}", partner=partner, expected="every series of the registry",
            remedy="they were archived or deleted: find their successors and change the registry lines",
        )  # fmt: skip


def _columns(layout: _Layout) -> dict[str, str]:
    """Names as in the API's rows, and their SQL."""
    columns = {
        "ref_area": 'trim("Country Code")',
        "indicator.id": 'trim("Indicator Code")',
        "indicator.value": '"Indicator Name"',
        "date": "cells.year",
        "value": "cells.value",
        "footnote": "note",
        "lastupdated": sql_text(layout.updated),
    }
    return columns | ({SYNTHETIC_MARK: sql_name(SYNTHETIC_MARK)} if SYNTHETIC_MARK in layout.names else {})


def _cells(layout: _Layout, columns: dict[str, str], notes: str) -> str:
    years = ", ".join(map(sql_name, layout.years))
    named = ", ".join(f"{sql} as {sql_name(name)}" for name, sql in columns.items())
    return f"""
        select {named} from wide unpivot include nulls (value for year in ({years})) as cells
        left join ({notes}) as notes
            on area = upper(trim("Country Code")) and series = trim("Indicator Code") and notes.year = cells.year
        where cells.value is not null or note is not null"""
