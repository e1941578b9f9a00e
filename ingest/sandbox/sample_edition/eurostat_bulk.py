"""Eurostat's folder of files: the listing, and Comext's months packed as 7z."""

from __future__ import annotations

import functools

from ingest.sandbox.dialects import Clock, Reply, Request, comext_listing
from ingest.sandbox.sample_edition.tables import Row, Tables, grouped, joined
from ingest.sandbox.seven_zip import seven_zip_bytes

FILES = "/eurostat/api/dissemination/files"
FOLDER = "comext/COMEXT_DATA/PRODUCTS"
COLUMNS = (
    "REPORTER", "PARTNER", "TRADE_TYPE", "PRODUCT_NC", "PRODUCT_SITC", "PRODUCT_CPA21", "PRODUCT_CPA22", "PRODUCT_BEC",
    "PRODUCT_BEC5", "PRODUCT_SECTION", "FLOW", "STAT_PROCEDURE", "SUPPL_UNIT", "PERIOD", "VALUE_EUR", "VALUE_NAC",
    "QUANTITY_KG", "QUANTITY_SUPPL_UNIT",
)  # fmt: skip


class EurostatBulk:
    """Answers from the tables, which are packed once, when first asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        if request.path != FILES:
            return None
        if request.query.get("dir") == FOLDER:
            return comext_listing({name: len(body) for name, body in self._files.items()}, clock.moment())
        folder, _, name = request.query.get("file", "").rpartition("/")
        body = self._files.get(name) if folder == FOLDER else None
        return Reply(body, "application/x-7z-compressed") if body else None

    @functools.cached_property
    def _files(self) -> dict[str, bytes]:
        months = grouped(self._tables["eurostat_months"], "period")
        return {
            f"full_v2_{month}.7z": seven_zip_bytes({f"full_{month}.dat": self._content(rows)})
            for month, rows in months.items()
        }

    def _content(self, rows: list[Row]) -> bytes:
        extra, mark = self._tables.mark(rows)
        lines = [",".join((*(row[column.lower()] for column in COLUMNS), *mark(row))) for row in rows]
        return joined([",".join((*COLUMNS, *extra)), *lines], "\n").encode()
