"""Wire dialects shared by partners. Each turns raw files into `TextTable`s: UTF-8 CSV on disk, every cell still text.

Nothing here interprets a value; that is `lake.load`'s work, by the registry.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TextIO


@dataclass(frozen=True)
class TextTable:
    """A UTF-8 CSV file (comma, double quote) and the names of its columns in file order.

    A piece is a run of whole records out of a longer file; it is deleted once loaded. `skip_lines` are header lines,
    `lines_before` the lines of the longer file that come before. `encoding` is what the partner's bytes were in.
    """

    path: Path
    header: tuple[str, ...]
    skip_lines: int = 1
    lines_before: int = 0
    is_piece: bool = False
    encoding: str = "utf-8"


def is_plain_path(name: str) -> bool:
    """Whether an archive's member is named as a file below its folder on every system: no root, drive or `..`."""
    path = PurePosixPath(name.replace("\\", "/"))
    return bool(path.name) and not path.is_absolute() and ".." not in path.parts and ":" not in name


class _PlainLineEnds:
    """Lines that end with LF. The writer ends them with CR LF: else it would leave a CR within a cell unquoted."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, line: str) -> int:
        return self._out.write(line.removesuffix("\r\n") + "\n")


def csv_writer(out: TextIO) -> Any:
    """A writer of the standard library that quotes every line end within a cell. `out` is open with newline=""."""
    return csv.writer(_PlainLineEnds(out))


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Mapping[str, str | None]]) -> TextTable:
    """Rows of a dialect that is not CSV (JSON pages, XML) as a TextTable. None becomes an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv_writer(out)
        writer.writerow(header)
        writer.writerows([row.get(name) for name in header] for row in rows)
    return TextTable(path, tuple(header))
