"""Eurostat's TSV: the series in the first cell of a row, one column a period or area, one value and flag a cell.

freq,unit,geo\\TIME_PERIOD <tab> 2023 <tab> 2024        files before 2023 have no freq and write `geo\\time`
A,PC,AT                   <tab> 2.3  <tab> 7.5 u       and some have the areas in the columns: `unit,time\\geo`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import TextTable, csv_text, write_rows
from ingest.registry import SYNTHETIC_MARK

TIME = "TIME_PERIOD"
OBS = ("OBS_VALUE", "OBS_FLAG", "CONF_STATUS")
DIMENSIONS = "DIMENSIONS"  # all dimensions but frequency, area and time in one cell: unit=NR,sex=T
_ASIDE = {"freq", "geo", TIME, SYNTHETIC_MARK}
_FREQ = re.compile(r"[ASQMWDB]")
_AREA = re.compile(r"[A-Z0-9_-]+")  # UKC-L, EU27_2020; a label has small letters
# value or `:`, flag (composite ones such as `bdep` are one code), confidentiality; PRODCOM writes `:C` without the @
_CELL = re.compile(
    r"(?P<value>:|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<flag>[a-z]*)\s*(?:@(?P<conf>[A-Z]+)|(?P<bare>C))?"
)


@dataclass(frozen=True)
class _Layout:
    """`keys` are the names inside the first cell, `across` is the dimension whose codes head the other columns."""

    keys: tuple[str, ...]
    across: str
    codes: tuple[str, ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The dimensions with the time last, as in SDMX-CSV, then the observation and the dimensions in one cell."""
        return (*(name for name in (*self.keys, self.across) if name != TIME), TIME, *OBS, DIMENSIONS)


def read(raw: Path, dest: Path, partner: str) -> TextTable:
    """One row an observation. An empty cell is none; `:` is one without a value. Column DIMENSIONS names the series.

    A cell of no known shape stays whole in OBS_VALUE, where the loader keeps it as text and the checks report it.
    Raises SchemaDrift for a header that does not name dimensions and time, PayloadInvalid for a broken row or for
    labels in place of codes.
    """
    text = dest.with_name(f"{dest.name}.utf8")
    try:
        csv_text.from_file(raw, text, partner)
        with text.open(encoding="utf-8", newline="") as lines:
            layout = _layout(_cells(next(lines)), partner)
            return write_rows(dest, layout.header, _observations(lines, layout, partner))
    finally:
        text.unlink(missing_ok=True)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.rstrip("\r\n").split("\t")]


def _layout(header: list[str], partner: str) -> _Layout:
    down, backslash, across = header[0].partition("\\")
    keys = tuple(_named(name) for name in down.split(","))
    layout = _Layout(keys, _named(across), tuple(header[1:]))
    names = (*keys, layout.across)
    if not backslash or names.count(TIME) != 1 or TIME not in (keys[-1], layout.across):
        raise SchemaDrift(
            f"a first cell {header[0][:200]!r}", partner=partner, expected="dimensions with time beside the backslash"
        )
    if not layout.codes or "" in layout.codes:
        raise SchemaDrift(f"a column of {layout.across} without a name, or none at all", partner=partner)
    if "" in names or len(set(names)) != len(names) or len(set(layout.codes)) != len(layout.codes):
        raise SchemaDrift("a column name twice or empty in the header", partner=partner)
    return layout


def _named(name: str) -> str:
    name = name.strip()
    return TIME if name.upper() in ("TIME", TIME) else name


def _observations(lines: Iterator[str], layout: _Layout, partner: str) -> Iterator[dict[str, str | None]]:
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        first, *cells = _cells(line)
        series = _series(first, layout, number, partner)
        named = ",".join(f"{name}={code}" for name, code in series.items() if name not in _ASIDE)
        if len(cells) != len(layout.codes):
            found = f"line {number}: {len(cells)} cells under {len(layout.codes)} columns"
            raise PayloadInvalid(found, partner=partner, expected="whole rows")
        for code, cell in zip(layout.codes, cells, strict=True):
            if cell:
                dimensions = named if layout.across in _ASIDE else f"{named},{layout.across}={code}".strip(",")
                yield {**series, layout.across: code, **_observation(cell), DIMENSIONS: dimensions}


def _series(first: str, layout: _Layout, number: int, partner: str) -> dict[str, str]:
    codes = [code.strip() for code in first.split(",")]
    if len(codes) != len(layout.keys):
        found = f"line {number}: {len(codes)} codes for {len(layout.keys)} dimensions ({first[:200]!r})"
        raise PayloadInvalid(found, partner=partner, expected="code mode", remedy="ask without the labels option")
    series = dict(zip(layout.keys, codes, strict=True))
    for name, code in (("freq", _FREQ), ("geo", _AREA)):
        if name in series and not code.fullmatch(series[name]):
            raise PayloadInvalid(
                f"line {number}: labels in place of codes ({name} is {series[name]!r})",
                partner=partner, expected="code mode", remedy="ask without the labels option",
            )  # fmt: skip
    return series


def _observation(cell: str) -> dict[str, str | None]:
    """Value, flag and confidentiality. The old flag `c` also says confidential."""
    found = _CELL.fullmatch(cell)
    if found is None:
        return {"OBS_VALUE": cell}
    flag = found["flag"] or None
    value = None if found["value"] == ":" else found["value"]
    conf = found["conf"] or found["bare"] or ("C" if flag == "c" else None)
    return {"OBS_VALUE": value, "OBS_FLAG": flag, "CONF_STATUS": conf}
