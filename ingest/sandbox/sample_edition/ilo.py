"""The ILO: a table of contents, a dictionary and code-mode CSV."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ingest import registry
from ingest.sandbox.dialects import (
    BOM,
    OCTETS,
    Clock,
    Reply,
    Request,
    ilo_codes,
    ilo_contents,
    ilo_entry,
    json_reply,
)
from ingest.sandbox.sample_edition.tables import Row, Tables, grouped, joined, quoted

ILO_COLUMNS = ("ref_area", "source", "indicator", "sex", "classif1", "classif2", "time", "obs_value", "obs_status")
ILO_BREAKDOWNS = {"sex", "classif1", "classif2"}  # a dataset without one has no such column


class Ilo:
    """Answers from the tables, which are read once, when first asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        if request.path == "/metadata/toc/indicator":
            return ilo_contents([self._entry(dataset, rows, clock) for dataset, rows in self._rows.items()])
        if request.path == "/metadata/dic":
            return self._dictionary(request.query.get("var", ""))
        rows = self._rows.get(request.query.get("id", ""))
        if request.path == "/data/indicator" and rows is not None:
            return Reply(self._data(rows, request.query), OCTETS)
        return None

    def _dictionary(self, name: str) -> Reply | None:
        if name == "source":
            names = {"source": "source", "source.label": "label", "ref_area": "ref_area"}
            listed = [{wire: row[key] for wire, key in names.items()} for row in self._tables["ilo_sources"]]
            return replace(json_reply([*listed, {}]), content_type=OCTETS)
        if name in ILO_COLUMNS:
            return ilo_codes(name, {row[name] for rows in self._rows.values() for row in rows})
        return None

    @functools.cached_property
    def _rows(self) -> dict[str, list[Row]]:
        """By dataset id: the indicator and its frequency, here always annual."""
        return {f"{code}_A": rows for code, rows in grouped(self._tables["ilo"], "indicator").items()}

    def _entry(self, dataset: str, rows: list[Row], clock: Clock) -> dict[str, Any]:
        code = dataset.removesuffix("_A")
        titles = {d.code: d.title for d in registry.datasets().values() if d.partner == "ilo"}
        return ilo_entry(
            code, titles.get(code, code), updated=clock.of(code).moment(), rows=len(rows),
            years={row["time"] for row in rows}, areas={row["ref_area"] for row in rows},
        )  # fmt: skip

    def _data(self, rows: list[Row], query: Mapping[str, str]) -> bytes:
        """The layout of 2026: BOM, LF, texts quoted, numbers and nulls bare, source before indicator."""
        columns = [name for name in ILO_COLUMNS if name not in ILO_BREAKDOWNS or any(row[name] for row in rows)]
        extra, mark = self._tables.mark(rows)
        lines = [",".join(f'"{name}"' for name in (*columns, *extra))]
        # Codes are joined with a literal +. A filter by a column that the dataset lacks is ignored (ilo quirk 27).
        filters = {name: query[name].split() for name in columns if query.get(name)}
        for row in rows:
            if all(row[name] in asked for name, asked in filters.items()):
                cells = [row[name] if name == "obs_value" else quoted(row[name]) for name in columns]
                lines.append(",".join([*cells, *mark(row)]))
        return BOM + joined(lines, "\n").encode()
