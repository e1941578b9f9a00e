"""Writes 7z archives as Eurostat packs them, for the sandbox, tests and benchmarks: LZMA2, one folder, no time stamps.

The same contents give the same bytes.
"""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Iterable, Mapping
from typing import BinaryIO

SIGNATURE, VERSION = b"7z\xbc\xaf\x27\x1c", b"\x00\x04"
DICTIONARY, DICTIONARY_CODE = 1 << 20, 16  # the code is 7z's one byte for that size
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": DICTIONARY}]


def seven_zip_bytes(members: Mapping[str, bytes]) -> bytes:
    """The members by name, in their order, as an archive."""
    out = io.BytesIO()
    write(out, [(name, [body]) for name, body in members.items()])
    return out.getvalue()


def write(out: BinaryIO, members: Iterable[tuple[str, Iterable[bytes]]]) -> None:
    """Pack members, each a name and its bytes in blocks, into `out`, which is empty and can seek."""
    out.write(bytes(32))  # the start header comes last: it tells where the header is
    packer = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=FILTERS)
    names, sizes, crcs = list[str](), list[int](), list[int]()
    for name, blocks in members:
        size = crc = 0
        for block in blocks:
            out.write(packer.compress(block))
            size, crc = size + len(block), zlib.crc32(block, crc)
        names, sizes, crcs = [*names, name], [*sizes, size], [*crcs, crc]
    out.write(packer.flush())
    end = out.tell()
    header = _header(end - 32, names, sizes, crcs)
    out.write(header)
    start = _u64(end - 32) + _u64(len(header)) + _u32(zlib.crc32(header))
    out.seek(0)
    out.write(SIGNATURE + VERSION + _u32(zlib.crc32(start)) + start)


def _header(packed: int, names: list[str], sizes: list[int], crcs: list[int]) -> bytes:
    """Streams and files in the layout of 7zFormat.txt; numbers are property ids but for those of `_number`."""
    coder = b"\x01\x21\x21\x01" + bytes([DICTIONARY_CODE])  # one coder: LZMA2 with one byte of properties
    listed = "".join(f"{name}\0" for name in names).encode("utf-16-le")
    return b"".join(
        (
            b"\x01\x04",
            b"\x06" + _number(0) + _number(1) + b"\x09" + _number(packed) + b"\x00",
            b"\x07\x0b" + _number(1) + b"\x00" + coder + b"\x0c" + _number(sum(sizes)) + b"\x00",
            b"\x08\x0d" + _number(len(names)) + b"\x09" + b"".join(map(_number, sizes[:-1])),
            b"\x0a\x01" + b"".join(map(_u32, crcs)) + b"\x00\x00",
            b"\x05" + _number(len(names)) + b"\x11" + _number(len(listed) + 1) + b"\x00" + listed + b"\x00\x00",
        )
    )


def _number(value: int) -> bytes:
    """7z's number: the ones at the head of the first byte tell how many bytes follow, little end first."""
    for more in range(8):
        if value < 1 << 7 * (more + 1):
            lead = (0xFF << 8 - more) & 0xFF | value >> 8 * more
            return bytes([lead]) + (value & (1 << 8 * more) - 1).to_bytes(more, "little")
    return b"\xff" + _u64(value)


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _u64(value: int) -> bytes:
    return value.to_bytes(8, "little")
