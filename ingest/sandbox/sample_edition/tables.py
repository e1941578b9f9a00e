"""The tables of a sample edition, and the small text forms that the partners' files share."""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ingest.registry import SYNTHETIC_MARK

Row = dict[str, str]


class Tables:
    """The CSV tables of a folder by name, and which of their rows are synthetic."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, list[Row]] = {}

    def __getitem__(self, name: str) -> list[Row]:
        if name not in self._read:
            with (self._folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
                self._read[name] = list(csv.DictReader(stream))
        return self._read[name]

    @functools.cached_property
    def _synthetic(self) -> set[str]:
        return {row["source_id"] for row in self["sources"] if row["synthetic"] == "1"}

    def is_synthetic(self, row: Row) -> bool:
        return row["source_id"] in self._synthetic

    def mark(self, rows: Sequence[Row]) -> tuple[tuple[str, ...], Callable[[Row], tuple[str, ...]]]:
        """The extra column of a table and its cell of a row; both are empty for a table without synthetic rows."""
        if any(map(self.is_synthetic, rows)):
            return (SYNTHETIC_MARK,), lambda row: ("1" if self.is_synthetic(row) else "",)
        return (), lambda _row: ()


def grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups


def joined(lines: list[str], newline: str) -> str:
    return newline.join(lines) + newline


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if cell else ""
