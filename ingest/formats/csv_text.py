"""Plain and zipped CSV: find the encoding, write UTF-8, read the header line."""

from __future__ import annotations

import codecs
import contextlib
import csv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from ingest.errors import PayloadInvalid
from ingest.formats import TextTable

CHUNK = 1 << 20


def transcode(source: Callable[[], IO[bytes]], dest: Path, partner: str) -> str:
    """Copy a text stream to `dest` as UTF-8 without BOM; returns the encoding found. Flat memory.

    Strict UTF-8 first, else strict cp1252: FAO's files differ within one download (fao quirks 1-3). cp1252, not
    Latin-1, since bytes 0x80-0x9f are letters and dashes there. Raises PayloadInvalid for bytes that are neither.
    """
    try:
        _copy(source, dest, "utf-8-sig")
        return "utf-8"
    except UnicodeDecodeError as error:
        with source() as stream:
            marked_as_utf8 = stream.read(3) == codecs.BOM_UTF8
        if not marked_as_utf8:
            with contextlib.suppress(UnicodeDecodeError):
                _copy(source, dest, "cp1252")
                return "cp1252"
        raise PayloadInvalid(
            f"a byte that is no text: {error}", partner=partner, expected="UTF-8 or cp1252",
            remedy="look at the raw snapshot near that byte; the last good vintage keeps serving",
        ) from error  # fmt: skip


def _copy(source: Callable[[], IO[bytes]], dest: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with source() as stream, dest.open("wb") as out:
        while chunk := stream.read(CHUNK):
            out.write(decoder.decode(chunk).encode())
        out.write(decoder.decode(b"", final=True).encode())


def read_header(path: Path, partner: str) -> TextTable:
    """The table's column names from its first line, blanks around names removed. Raises PayloadInvalid if none."""
    with path.open(encoding="utf-8", newline="") as stream:
        first = next(csv.reader(stream), None)
    if not first or not any(first):
        raise PayloadInvalid("a file without a header line", partner=partner, expected="CSV with a header")
    return TextTable(path, tuple(name.strip() for name in first))


def from_file(raw: Path, dest: Path, partner: str) -> TextTable:
    transcode(lambda: raw.open("rb"), dest, partner)
    return read_header(dest, partner)


def from_zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, dest: Path, partner: str) -> TextTable:
    """Inflate one member as UTF-8 CSV; the reader verifies its CRC. Raises PayloadInvalid on a broken member."""
    try:
        transcode(lambda: archive.open(member), dest, partner)
    except zipfile.BadZipFile as error:
        raise PayloadInvalid(f"{member.filename}: {error}", partner=partner, expected="a right CRC") from error
    return read_header(dest, partner)


def first_data_row(path: Path) -> list[str]:
    """The cells of the second line, or an empty list."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        next(reader, None)
        return next(reader, [])
