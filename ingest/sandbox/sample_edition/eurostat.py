"""Eurostat: a Comext dataflow and datasets of the main base, cut by key and period; the table of contents; CN8 links.

The layout of the file of CN8 links was never recorded; it is written like the official concordance.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from ingest.sandbox.dialects import (
    CET,
    SDMX_CSV,
    SDMX_TSV,
    Clock,
    Reply,
    Request,
    Slice,
    code_lists,
    content_constraint,
    contents_date,
    dataflow,
    listing,
)
from ingest.sandbox.sample_edition.tables import Row, Tables, grouped, joined

DISSEMINATION = "/eurostat/api/dissemination"
MAIN = f"{DISSEMINATION}/sdmx/2.1"
COMEXT = "/eurostat/api/comext/dissemination/sdmx/2.1"
COMEXT_CODE = "DS-045409"
COMEXT_DIMENSIONS = ("freq", "reporter", "partner", "product", "flow", "indicators")
COMEXT_INDICATORS = {"VALUE_IN_EUROS": "value_eur", "QUANTITY_IN_100KG": "quantity_100kg"}
RELATIONS = "comext/COMEXT_METADATA/CLASSIFICATIONS_AND_RELATIONS/RELATIONS"
LINKS = "CN8-PRED-SUCC.txt"
CONTENTS = ("title", "code", "type", "last_update", "last_structure_change", "data_start", "data_end")
CONTENTS_NAMES = (
    "title", "code", "type", "last update of data", "last table structure change", "data start", "data end", "values",
)  # fmt: skip


class Eurostat:
    """Answers from the tables, which are read once, when first asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        for prefix, answer in ((COMEXT, self._comext), (MAIN, self._main), (DISSEMINATION, self._other)):
            if request.path.startswith(prefix):
                return answer(request.path.removeprefix(prefix).strip("/").split("/"), request, clock)
        return None

    # --- Comext ---

    def _comext(self, path: list[str], request: Request, clock: Clock) -> Reply | None:
        match path:
            case ["dataflow", "ESTAT", code, *_] if code == COMEXT_CODE:
                count = sum(map(len, self._years.values()))
                return dataflow(
                    code, "EU trade since 1988 by HS2-4-6 and CN8", updated=clock.of(code).moment(), observations=count,
                    periods=list(self._years),
                )  # fmt: skip
            case ["contentconstraint", "ESTAT", code, *_] if code == COMEXT_CODE:
                keys = [key for lines in self._years.values() for key, _line in lines]
                return content_constraint(code, COMEXT_DIMENSIONS, keys)
            case ["data", code, *key] if code == COMEXT_CODE:
                return self._data(Slice.parse("".join(key), request.query, len(COMEXT_DIMENSIONS)), clock)
        return None

    @functools.cached_property
    def _years(self) -> dict[str, list[tuple[tuple[str, ...], str]]]:
        """Year -> (key in the order of the dimensions, the line from the key on). Rows are a field longer than the
        header: the trailing comma of the recordings of 2025."""
        _extra, mark = self._tables.mark(self._tables["eurostat"])
        years: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for row in self._tables["eurostat"]:
            for indicator, column in COMEXT_INDICATORS.items():
                if row[column]:
                    key = ("A", row["reporter"], row["partner"], row["product"], "1", indicator)
                    line = ",".join((*key, row["year"], row[column], *mark(row), ""))
                    years.setdefault(row["year"], []).append((key, line))
        return years

    def _data(self, asked: Slice, clock: Clock) -> Reply:
        refused = asked.refused(len(COMEXT_DIMENSIONS))
        if refused is not None:
            return refused
        extra, _mark = self._tables.mark(self._tables["eurostat"])
        lines = [",".join(("DATAFLOW", "LAST UPDATE", *COMEXT_DIMENSIONS, "TIME_PERIOD", "OBS_VALUE", *extra))]
        lead = f"ESTAT:{COMEXT_CODE}(1.0),{clock.of(COMEXT_CODE).moment().astimezone(CET):%d/%m/%y %H:%M:%S},"
        for year in sorted(filter(asked.spans, self._years)):
            lines += [lead + line for key, line in self._years[year] if asked.holds(key)]
        return Reply(joined(lines, "\r\n").encode(), SDMX_CSV, chunked=True)

    # --- the main base: whole datasets ---

    def _main(self, path: list[str], _request: Request, clock: Clock) -> Reply | None:
        match path:
            case ["dataflow", "ESTAT", code, *_] if code in self._cells:
                rows = self._cells[code]
                periods = [row["time_period"] for row in rows]
                updated = clock.of(code).moment()
                return dataflow(code, code, updated=updated, observations=len(rows), periods=periods)
            case ["datastructure", "ESTAT", code] if code in self._cells:
                pairs = [p.partition("=") for row in self._cells[code] for p in row["dimensions"].split(",")]
                return code_lists({name: {c for n, _, c in pairs if n == name} for name, _, _ in pairs})
            case ["data", code] if code in self._cells:
                return Reply(self._tsv(self._cells[code]), SDMX_TSV, chunked=True)
        return None

    @functools.cached_property
    def _cells(self) -> dict[str, list[Row]]:
        return grouped(self._tables["eurostat_main"], "dataset")

    def _tsv(self, rows: list[Row]) -> bytes:
        """The layout of 2026: CRLF, a blank after each period and cell, `:` where a series has no value.

        A series of which a part is synthetic stands in two lines, and each has empty cells where the other has its own.
        """
        extra, mark = self._tables.mark(rows)
        periods = sorted({row["time_period"] for row in rows})
        names = [part.partition("=")[0] for part in rows[0]["dimensions"].split(",")]
        series: dict[tuple[str, ...], dict[str, str]] = {}
        for row in rows:
            codes = (*mark(row), *(part.partition("=")[2] for part in row["dimensions"].split(",")))
            series.setdefault(codes, {})[row["time_period"]] = row["cell"]
        lines = ["\t".join((f"{','.join((*extra, *names))}\\TIME_PERIOD", *(f"{period} " for period in periods)))]
        for codes, cells in series.items():
            lines.append("\t".join((",".join(codes), *(f"{cells[p]} " if p in cells else "" for p in periods))))
        return joined(lines, "\r\n").encode()

    # --- catalogue and bulk files ---

    def _other(self, path: list[str], request: Request, clock: Clock) -> Reply | None:
        match path:
            case ["catalogue", "toc", "txt"]:
                return Reply(self._contents(clock), "text/plain;charset=utf-8")
            case ["files"] if request.query.get("dir") == RELATIONS:
                return listing({LINKS: len(self._links)}, clock.moment())
            case ["files"] if request.query.get("file") == f"{RELATIONS}/{LINKS}":
                return Reply(self._links, "text/plain;charset=utf-8")
        return None

    def _contents(self, clock: Clock) -> bytes:
        """Folders have 7 fields and datasets 8, as since 2026; what is served here was updated as the clock says."""
        lines = [_quoted(CONTENTS_NAMES)]
        for row in self._tables["eurostat_toc"]:
            code = row["code"].upper()
            served = {"last_update": clock.of(code).day().isoformat()} if code in self._cells else {}
            days = {name: contents_date((row | served)[name]) for name in ("last_update", "last_structure_change")}
            cells = [(row | days)[name] or " " for name in CONTENTS]
            lines.append(_quoted(cells if row["type"] == "folder" else [*cells, " "]))
        return joined(lines, "\n").encode()

    @functools.cached_property
    def _links(self) -> bytes:
        rows = self._tables["eurostat_cn8_links"]
        lines = ("\t".join((row["period"], row["origin_code"], row["destination_code"])) for row in rows)
        return joined(["Period\tOrigin code\tDestination code", *lines], "\r\n").encode()


def _quoted(cells: Iterable[str]) -> str:
    return "\t".join(f'"{cell}"' for cell in cells)
