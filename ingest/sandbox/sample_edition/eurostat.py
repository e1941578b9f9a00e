"""Eurostat: one Comext dataflow, cut by key and period."""

from __future__ import annotations

import functools

from ingest.sandbox.dialects import CET, SDMX_CSV, Clock, Reply, Request, Slice, dataflow
from ingest.sandbox.sample_edition.tables import Tables, joined

COMEXT = "/eurostat/api/comext/dissemination/sdmx/2.1"
COMEXT_CODE = "DS-045409"
COMEXT_DIMENSIONS = ("freq", "reporter", "partner", "product", "flow", "indicators")
COMEXT_INDICATORS = {"VALUE_IN_EUROS": "value_eur", "QUANTITY_IN_100KG": "quantity_100kg"}


class Eurostat:
    """Answers from the tables, which are read once, when first asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        match request.path.removeprefix(COMEXT).strip("/").split("/"):
            case ["dataflow", "ESTAT", code, *_] if code == COMEXT_CODE:
                count = sum(map(len, self._years.values()))
                return dataflow(
                    code, "EU trade since 1988 by HS2-4-6 and CN8", updated=clock.moment(), observations=count,
                    periods=list(self._years),
                )  # fmt: skip
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
        lead = f"ESTAT:{COMEXT_CODE}(1.0),{clock.moment().astimezone(CET):%d/%m/%y %H:%M:%S},"
        for year in sorted(filter(asked.spans, self._years)):
            lines += [lead + line for key, line in self._years[year] if asked.holds(key)]
        return Reply(joined(lines, "\r\n").encode(), SDMX_CSV, chunked=True)
