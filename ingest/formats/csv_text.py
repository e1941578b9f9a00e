"""Plain and zipped CSV: find the encoding, write UTF-8, read the header line, cut long files into pieces."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from ingest.errors import PayloadInvalid
from ingest.formats import TextTable

BLOCK = 1 << 20  # bytes decoded at once: larger ones are slower, since they outgrow the processor's cache
LONGEST_LINE = 2 << 20  # bytes; who never ends a line would fill the memory
PIECE = 32 << 20  # bytes of text in a piece, at least; FAO's trade matrix has 265 of them


def utf8_blocks(
    stream: IO[bytes], partner: str, tell: Callable[[str], None] = lambda _encoding: None
) -> Iterator[bytes]:
    """The text as UTF-8 without BOM, in blocks that end with a line. Flat memory. `tell` is told the encoding found.

    Strict UTF-8, else strict cp1252, decided by the first block that is not plain ASCII: FAO's files differ within one
    download (fao quirks 1-3). cp1252, not Latin-1, since bytes 0x80-0x9f are letters and dashes there. Raises
    PayloadInvalid for bytes that are neither, or first the one and then the other, and for a line that does not end.
    """
    lead = stream.read(3)
    encoding = "utf-8" if lead == codecs.BOM_UTF8 else ""
    rest = b"" if encoding else lead
    while chunk := stream.read(BLOCK):
        text = rest + chunk
        end = text.rfind(b"\n") + 1
        rest = text[end:]
        if len(rest) > LONGEST_LINE:
            raise PayloadInvalid(
                "a line that does not end", partner=partner, expected=f"lines of at most {LONGEST_LINE} bytes"
            )
        if end:
            encoding, block = _as_utf8(text[:end], encoding, partner)
            tell(encoding or "utf-8")
            yield block
    if rest:
        encoding, block = _as_utf8(rest, encoding, partner)
        tell(encoding or "utf-8")
        yield block


def _as_utf8(block: bytes, encoding: str, partner: str) -> tuple[str, bytes]:
    """The encoding that holds from here on ('' while all is ASCII), and the block as UTF-8."""
    if block.isascii():
        return encoding, block
    try:
        if encoding != "cp1252":
            try:
                block.decode("utf-8")
                return "utf-8", block
            except UnicodeDecodeError:
                if encoding:
                    raise
        return "cp1252", block.decode("cp1252").encode()
    except UnicodeDecodeError as error:
        raise PayloadInvalid(
            f"a byte that is no text: {error}", partner=partner, expected="UTF-8 or cp1252 throughout",
            remedy="look at the raw snapshot near that byte; the last good vintage keeps serving",
        ) from error  # fmt: skip


def transcode(stream: IO[bytes], dest: Path, partner: str) -> str:
    """Copy a text stream to `dest` as UTF-8 without BOM; returns the encoding it was in. Raises PayloadInvalid."""
    found = ["utf-8"]
    with dest.open("wb") as out:
        out.writelines(utf8_blocks(stream, partner, found.append))
    return found[-1]


def read_header(path: Path, partner: str, encoding: str = "utf-8") -> TextTable:
    """The table's column names from its first line, blanks around names removed. Raises PayloadInvalid if none."""
    with path.open("rb") as stream:
        return TextTable(path, _names(stream.readline(), partner), encoding=encoding)


def _names(text: bytes, partner: str) -> tuple[str, ...]:
    """The column names in the first line of `text`."""
    first = next(csv.reader(io.StringIO(text[: text.find(b"\n") + 1 or None].decode(), newline="")), None)
    if not first or not any(first):
        raise PayloadInvalid("a file without a header line", partner=partner, expected="CSV with a header")
    if any(end in name for name in first for end in "\r\n"):
        # DuckDB would skip the file with it, without a word
        raise PayloadInvalid("a line end within a column's name", partner=partner, expected="a header of one line")
    return tuple(name.strip() for name in first)


def from_file(raw: Path, dest: Path, partner: str) -> TextTable:
    with raw.open("rb") as stream:
        encoding = transcode(stream, dest, partner)
    return read_header(dest, partner, encoding)


def from_zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, dest: Path, partner: str) -> TextTable:
    """Inflate one member as UTF-8 CSV; the reader verifies its CRC. Raises PayloadInvalid on a broken member."""
    found = ["utf-8"]
    with dest.open("wb") as out:
        out.writelines(_member_blocks(archive, member, partner, found.append))
    return read_header(dest, partner, found[-1])


def pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, partner: str) -> Iterator[TextTable]:
    """A zip member as pieces of whole records. Raises PayloadInvalid on a broken member, and as `cut` does."""
    found = ["utf-8"]
    for piece in cut(_member_blocks(archive, member, partner, found.append), folder, partner):
        yield replace(piece, encoding=found[-1])


def cut(blocks: Iterator[bytes], folder: Path, partner: str) -> Iterator[TextTable]:
    """Blocks of `utf8_blocks` as pieces of whole records, each written when asked for, so that loading can overlap
    inflating. Raises PayloadInvalid on a file without a header line.
    """
    header: tuple[str, ...] = ()
    before = 0
    for number in itertools.count():
        path, size, lines, inside = folder / f"piece-{number}.csv", 0, 0, 0
        with path.open("wb") as out:
            for block in blocks:
                header = header or _names(block, partner)
                out.write(block)
                size, lines, inside = size + len(block), lines + block.count(b"\n"), inside ^ block.count(b'"') % 2
                if size >= PIECE and not inside:  # a line feed after an odd number of quotes is part of a cell
                    break
        if not size:
            path.unlink()
            break
        yield TextTable(path, header, 0 if before else 1, before, is_piece=True)
        before += lines
    if not header:
        raise PayloadInvalid("an empty file", partner=partner, expected="CSV with a header")


def _member_blocks(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, partner: str, tell: Callable[[str], None]
) -> Iterator[bytes]:
    try:
        with archive.open(member) as stream:
            yield from utf8_blocks(stream, partner, tell)
    except zipfile.BadZipFile as error:
        raise PayloadInvalid(f"{member.filename}: {error}", partner=partner, expected="a right CRC") from error


def first_data_row(path: Path) -> list[str]:
    """The cells of the second line, or an empty list."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        next(reader, None)
        return next(reader, [])
