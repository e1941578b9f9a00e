"""The rows of the first sheet of an old Excel file (.xls), as much as code lists need: texts and numbers.

Only for building the sample: nothing at run time reads .xls. The container must hold the sheet in whole sectors, as
every file above 4 kB does; formulas, dates and formats are not known here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

LABEL, NUMBER, RK, SHARED_TEXTS, CONTINUED = 0xFD, 0x203, 0x27E, 0xFC, 0x3C
END_OF_CHAIN = 0xFFFFFFF0


def rows(path: Path) -> list[list[str]]:
    """Cells as text, '' where there is none; numbers as Python writes them. Raises ValueError if it is no .xls."""
    book = _workbook(path.read_bytes())
    texts = _shared_texts(book)
    cells: dict[tuple[int, int], str] = {}
    for kind, data in _records(book):
        if kind in (LABEL, NUMBER, RK):
            row, column = struct.unpack_from("<HH", data)
            cells[row, column] = texts[struct.unpack_from("<I", data, 6)[0]] if kind == LABEL else _number(kind, data)
    height, width = max(row for row, _ in cells) + 1, max(column for _, column in cells) + 1
    return [[cells.get((row, column), "") for column in range(width)] for row in range(height)]


def _workbook(body: bytes) -> bytes:
    """The stream `Workbook` of the compound file."""
    if not body.startswith(b"\xd0\xcf\x11\xe0"):
        raise ValueError("no .xls file")
    size = 1 << struct.unpack_from("<H", body, 30)[0]
    sectors, directory = struct.unpack_from("<II", body, 44)
    table: list[int] = []
    for sector in struct.unpack_from("<109I", body, 76)[:sectors]:
        table += struct.unpack_from(f"<{size // 4}I", body, (sector + 1) * size)

    def stream(sector: int) -> bytes:
        parts = []
        while sector < END_OF_CHAIN:
            parts.append(body[(sector + 1) * size : (sector + 2) * size])
            sector = table[sector]
        return b"".join(parts)

    entries = stream(directory)
    for start in range(0, len(entries), 128):
        (length,) = struct.unpack_from("<H", entries, start + 64)
        if entries[start : start + max(0, length - 2)].decode("utf-16-le") == "Workbook":
            first, long = struct.unpack_from("<II", entries, start + 116)
            return stream(first)[:long]
    raise ValueError("no stream Workbook")


def _records(book: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def _number(kind: int, data: bytes) -> str:
    if kind == NUMBER:
        return repr(struct.unpack_from("<d", data, 6)[0])
    (bits,) = struct.unpack_from("<I", data, 6)
    whole = struct.unpack("<i", struct.pack("<I", bits))[0] >> 2
    value = whole if bits & 2 else struct.unpack("<d", struct.pack("<II", 0, bits & ~3))[0]
    return repr(value / 100 if bits & 1 else value)


def _shared_texts(book: bytes) -> list[str]:
    """The table of texts, which runs on over records of continuation, also within a text."""
    parts: list[bytes] = []
    for kind, data in _records(book):
        if kind == SHARED_TEXTS or (kind == CONTINUED and parts):
            parts.append(data)
        elif parts:
            break
    (count,) = struct.unpack_from("<I", parts[0], 4)
    part, at, texts = 0, 8, []
    for _ in range(count):
        if at >= len(parts[part]):
            part, at = part + 1, 0
        left, flags = struct.unpack_from("<HB", parts[part], at)
        at += 3
        extra = 0
        if flags & 8:
            extra += 4 * struct.unpack_from("<H", parts[part], at)[0]
            at += 2
        if flags & 4:
            extra += struct.unpack_from("<I", parts[part], at)[0]
            at += 4
        text = ""
        while left:
            width = 1 + (flags & 1)
            taken = min(left, (len(parts[part]) - at) // width)
            text += parts[part][at : at + taken * width].decode("utf-16-le" if width == 2 else "latin-1")
            at, left = at + taken * width, left - taken
            if left:
                part, at = part + 1, 1
                flags = parts[part][0]
        at += extra
        texts.append(text)
    return texts
