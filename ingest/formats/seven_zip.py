"""7z archives, read with the standard library alone: stored, LZMA and LZMA2, also behind a delta or branch filter.

What belongs here: the container, its limits and its checksums. The layout is that of 7zFormat.txt in the LZMA SDK
(public domain). Anything else than the methods above is refused by name; nothing is written to disk.
"""

from __future__ import annotations

import io
import lzma
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from ingest.errors import PayloadInvalid
from ingest.formats import is_plain_path

SIGNATURE = b"7z\xbc\xaf\x27\x1c"
BLOCK = 1 << 20  # bytes asked of the decoder at once
MAX_RATIO = 100  # unpacked : packed; a month of Comext has 9
MAX_UNPACKED = 8 << 30
MAX_HEADER = 16 << 20
MAX_DICTIONARY = 256 << 20  # what the decoder keeps in memory; 7-Zip's strongest preset takes 64 MB

_START = 32  # bytes before the packed streams
_END, _HEADER, _STREAMS, _FILES = 0x00, 0x01, 0x04, 0x05
_PACK, _UNPACK, _SUBSTREAMS, _SIZES, _CRCS, _FOLDERS, _CODER_SIZES, _COUNTS = range(0x06, 0x0E)
_EMPTY_STREAM, _EMPTY_FILE, _ANTI, _NAMES, _ATTRIBUTES, _ENCODED = 0x0E, 0x0F, 0x10, 0x11, 0x15, 0x17

_COPY, _LZMA, _LZMA2, _DELTA = b"\x00", b"\x03\x01\x01", b"\x21", b"\x03"
_BRANCH = {  # rewrite the jumps of machine code
    b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x03\x03\x04\x01": lzma.FILTER_IA64,
    b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
}
_KNOWN_AND_REFUSED = {
    b"\x03\x03\x01\x1b": "BCJ2", b"\x03\x04\x01": "PPMd", b"\x04\x01\x08": "Deflate", b"\x04\x02\x02": "BZip2",
    b"\x06\xf1\x07\x01": "AES encryption", b"\x04\xf7\x11\x01": "Zstandard",
}  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A file of the archive: its place in the stream of one folder (7z's word for a run of files packed together)."""

    name: str
    size: int
    crc: int
    folder: int
    offset: int


@dataclass(frozen=True)
class _Folder:
    """`filters` in the order of encoding, as liblzma wants them; none at all for stored bytes."""

    filters: tuple[dict[str, Any], ...]
    size: int
    crc: int | None
    start: int = 0  # in the file
    packed: int = 0


class Archive:
    """The members of a 7z archive, in its order, directories left out. Reading one to its end verifies its CRC.

    Raises PayloadInvalid, from here on and while reading: cut or broken archives, wrong CRCs, unknown methods, absurd
    sizes, and names that leave the folder or occur twice.
    """

    def __init__(self, stream: BinaryIO, partner: str) -> None:
        self._stream, self._partner = stream, partner
        self._length = stream.seek(0, io.SEEK_END)
        self._folders: list[_Folder] = []
        self.members: tuple[Member, ...] = ()
        header = self._header()
        if header is not None:
            self._read_header(header)
        self._check_members()

    def open(self, member: Member) -> IO[bytes]:
        """The member as a stream of flat memory, from its start."""
        return io.BufferedReader(_BlockStream(self._blocks(member)), BLOCK)

    # --- header ---

    def _header(self) -> _Cursor | None:
        """The header unpacked, or None for an archive of nothing."""
        lead = self._bytes(0, min(_START, self._length))
        if len(lead) < _START or not lead.startswith(SIGNATURE):
            raise self._error(f"a file that starts {lead[:6]!r}", f"a 7z archive, which starts {SIGNATURE!r}")
        if zlib.crc32(lead[12:]) != int.from_bytes(lead[8:12], "little"):
            raise self._error("a start header with a wrong CRC", "a right CRC")
        offset, size = (int.from_bytes(lead[at : at + 8], "little") for at in (12, 20))
        if _START + offset + size > self._length:
            found = f"a 7z that ends early ({self._length} of {_START + offset + size} bytes)"
            raise self._error(found, "the whole archive")
        if not size:
            return None
        if size > MAX_HEADER:
            raise self._error(f"a header of {size} bytes", f"at most {MAX_HEADER}")
        body = self._bytes(_START + offset, size)
        if zlib.crc32(body) != int.from_bytes(lead[28:32], "little"):
            raise self._error("a header with a wrong CRC", "a right CRC")
        cursor = _Cursor(body, self._partner)
        kind = cursor.byte()
        if kind == _ENCODED:
            cursor = self._decoded_header(cursor)
            kind = cursor.byte()
        if kind != _HEADER:
            raise self._error(f"a header of kind {kind:#x}", "a header of files")
        return cursor

    def _decoded_header(self, cursor: _Cursor) -> _Cursor:
        folders, counts, _streams = self._streams(cursor)
        if len(folders) != 1 or counts != [1] or folders[0].crc is None:
            raise self._error("a packed header in several parts, or without a CRC", "one part with its CRC")
        if folders[0].size > MAX_HEADER:
            raise self._error(f"a header of {folders[0].size} bytes", f"at most {MAX_HEADER}")
        body = b"".join(self._unpacked(folders[0]))
        if zlib.crc32(body) != folders[0].crc:
            raise self._error("a packed header with a wrong CRC", "a right CRC")
        return _Cursor(body, self._partner)

    def _read_header(self, cursor: _Cursor) -> None:
        counts: list[int] = []
        streams: list[tuple[int, int | None]] = []
        while (kind := cursor.byte()) != _END:
            if kind == _STREAMS:
                self._folders, counts, streams = self._streams(cursor)
            elif kind == _FILES:
                names, is_empty = self._files(cursor)
                self.members = self._placed([n for n, e in zip(names, is_empty, strict=True) if not e], counts, streams)
            else:
                raise self._error(f"a header with a part of kind {kind:#x}", "streams and files")

    def _streams(self, cursor: _Cursor) -> tuple[list[_Folder], list[int], list[tuple[int, int | None]]]:
        """Folders with their place, the number of files in each, and size and CRC of every file."""
        start, packed, folders = 0, list[int](), list[_Folder]()
        counts: list[int] | None = None
        streams: list[tuple[int, int | None]] = []
        while (kind := cursor.byte()) != _END:
            if kind == _PACK:
                start, packed = self._pack_info(cursor)
            elif kind == _UNPACK:
                folders = self._unpack_info(cursor)
            elif kind == _SUBSTREAMS:
                counts, streams = self._substreams(cursor, folders)
            else:
                raise self._error(f"streams with a part of kind {kind:#x}", "the layout of 7zFormat.txt")
        if len(packed) != len(folders):
            raise self._error(f"{len(packed)} packed streams for {len(folders)} folders", "one stream a folder")
        if start + sum(packed) > self._length:
            raise self._error("packed streams that reach behind the file's end", "the whole archive")
        placed = []
        for folder, size in zip(folders, packed, strict=True):
            placed.append(_Folder(folder.filters, folder.size, folder.crc, start, size))
            start += size
        if counts is None:
            counts, streams = [1] * len(folders), [(folder.size, folder.crc) for folder in folders]
        return placed, counts, streams

    def _pack_info(self, cursor: _Cursor) -> tuple[int, list[int]]:
        start, count, sizes = _START + cursor.number(), cursor.count(), list[int]()
        while (kind := cursor.byte()) != _END:
            if kind == _SIZES:
                sizes = [cursor.number() for _ in range(count)]
            elif kind == _CRCS:
                cursor.crcs(count)  # of the packed bytes; the unpacked ones have their own
            else:
                raise self._error(f"pack info with a part of kind {kind:#x}", "sizes and CRCs")
        return start, sizes

    def _unpack_info(self, cursor: _Cursor) -> list[_Folder]:
        cursor.expect(_FOLDERS)
        count = cursor.count()
        cursor.expect(0)  # the folders follow here, not in another stream
        chains = [self._coders(cursor) for _ in range(count)]
        cursor.expect(_CODER_SIZES)
        sizes = [[cursor.number() for _ in range(coders)][last] for coders, last, _filters in chains]
        crcs: list[int | None] = [None] * count
        while (kind := cursor.byte()) != _END:
            if kind != _CRCS:
                raise self._error(f"folders with a part of kind {kind:#x}", "CRCs")
            crcs = cursor.crcs(count)
        return [
            _Folder(filters, size, crc) for (_n, _last, filters), size, crc in zip(chains, sizes, crcs, strict=True)
        ]

    def _coders(self, cursor: _Cursor) -> tuple[int, int, tuple[dict[str, Any], ...]]:
        """Number of coders of a folder, the one whose output is the content, and the chain of filters from there."""
        count = cursor.count()
        methods = [self._coder(cursor) for _ in range(count)]
        fed_by = {cursor.number(): cursor.number() for _ in range(count - 1)}
        chain = [n for n in range(count) if n not in fed_by.values()]
        while chain[-1:] and chain[-1] in fed_by and len(chain) < count:
            chain.append(fed_by[chain[-1]])
        if sorted(chain) != list(range(count)) or not count:
            raise self._error("coders in another order than one behind the other", "a plain chain of filters")
        filters = tuple(entry for entry in (methods[n] for n in chain) if entry)
        self._check_chain(filters)
        return count, chain[0], filters

    def _check_chain(self, filters: tuple[dict[str, Any], ...]) -> None:
        last = filters[-1]["id"] if filters else None
        if filters and last not in (lzma.FILTER_LZMA1, lzma.FILTER_LZMA2):
            raise self._error("a filter over stored bytes", "LZMA or LZMA2 behind it")
        if last == lzma.FILTER_LZMA1 and any(entry["id"] in _BRANCH.values() for entry in filters):
            # liblzma holds back the last bytes of a branch filter unless the stream below says where it ends
            raise self._error("a branch filter over LZMA", "a branch filter over LZMA2, or none")

    def _coder(self, cursor: _Cursor) -> dict[str, Any] | None:
        """One method as liblzma's filter; None for stored bytes."""
        flags = cursor.byte()
        method = cursor.take(flags & 0x0F)
        if flags & 0xD0:  # several streams in or out, or a reserved bit
            raise self._refused(method)
        properties = cursor.take(cursor.count()) if flags & 0x20 else b""
        if method == _COPY:
            return None
        try:
            if method == _LZMA:
                return self._lzma(properties)
            if method == _LZMA2:
                (bits,) = properties
                return {"id": lzma.FILTER_LZMA2, "dict_size": self._dictionary((2 | bits & 1) << bits // 2 + 11)}
            if method == _DELTA:
                (distance,) = properties
                return {"id": lzma.FILTER_DELTA, "dist": distance + 1}
        except ValueError as error:
            raise self._error(f"properties {properties!r} of method {method.hex()}", "those of the method") from error
        if method in _BRANCH:
            return {"id": _BRANCH[method]}
        raise self._refused(method)

    def _lzma(self, properties: bytes) -> dict[str, Any]:
        lead, *size = properties
        if len(size) != 4:
            raise ValueError(properties)
        rest, lc = divmod(lead, 9)
        pb, lp = divmod(rest, 5)
        dictionary = self._dictionary(int.from_bytes(bytes(size), "little"))
        return {"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": lc, "lp": lp, "pb": pb}

    def _dictionary(self, size: int) -> int:
        if size > MAX_DICTIONARY:
            raise self._error(f"a dictionary of {size} bytes", f"at most {MAX_DICTIONARY}, which fits in memory")
        return max(size, 4096)

    def _substreams(self, cursor: _Cursor, folders: list[_Folder]) -> tuple[list[int], list[tuple[int, int | None]]]:
        counts = [1] * len(folders)
        kind = cursor.byte()
        if kind == _COUNTS:
            counts = [cursor.count() for _ in folders]
            kind = cursor.byte()
        sizes: list[int] = []
        for folder, count in zip(folders, counts, strict=True):
            told = [cursor.number() for _ in range(count - 1)] if kind == _SIZES else []
            if (count and len(told) != count - 1) or sum(told) > folder.size:
                raise self._error("sizes of files that do not fit into their folder", "sizes that add up")
            sizes += [*told, folder.size - sum(told)] if count else []
        if kind == _SIZES:
            kind = cursor.byte()
        # the one file of a folder with a CRC has that one; all others are listed
        known = [folder.crc if count == 1 else None for folder, count in zip(folders, counts, strict=True)]
        listed = sum(count for count, crc in zip(counts, known, strict=True) if crc is None)
        digests: list[int | None] = [None] * listed
        if kind == _CRCS:
            digests = cursor.crcs(listed)
            kind = cursor.byte()
        if kind != _END:
            raise self._error(f"files with a part of kind {kind:#x}", "counts, sizes and CRCs")
        rest = iter(digests)
        crcs = [
            crc if crc is not None else next(rest)
            for count, crc in zip(counts, known, strict=True)
            for _ in range(count)
        ]
        return counts, list(zip(sizes, crcs, strict=True))

    def _files(self, cursor: _Cursor) -> tuple[list[str], list[bool]]:
        """Names, and which of them have no content (directories and empty files)."""
        count = cursor.count()
        names, is_empty = list[str](), [False] * count
        while (kind := cursor.byte()) != _END:
            part = _Cursor(cursor.take(cursor.count()), self._partner)
            if kind == _NAMES:
                part.expect(0)  # the names follow here, not in another stream
                names = self._names(part.rest(), count)
            elif kind == _EMPTY_STREAM:
                is_empty = part.bits(count)
            elif kind == _ANTI and any(part.bits(sum(is_empty))):
                raise self._error("an entry that says to delete a file", "files only")
            elif kind == _ATTRIBUTES and any(stat.S_ISLNK(value >> 16) for value in part.attributes(count)):
                raise self._error("a symbolic link", "files only")
        if len(names) != count:
            raise self._error(f"{len(names)} names for {count} files", "one name a file")
        return names, is_empty

    def _names(self, body: bytes, count: int) -> list[str]:
        try:
            names = body.decode("utf-16-le").split("\0")
        except UnicodeDecodeError as error:
            raise self._error("names that are no UTF-16", "UTF-16") from error
        return names[:-1] if len(names) == count + 1 and not names[-1] else names

    def _placed(self, names: list[str], counts: list[int], streams: list[tuple[int, int | None]]) -> tuple[Member, ...]:
        places = [(folder, n == 0) for folder, count in enumerate(counts) for n in range(count)]
        if not len(names) == len(streams) == len(places):
            raise self._error(f"{len(names)} files for {len(streams)} streams", "one stream a file")
        members, offset = [], 0
        for name, (size, crc), (folder, is_first) in zip(names, streams, places, strict=True):
            if crc is None:
                raise self._error(f"{name}: no CRC", "a CRC for every file")
            offset = 0 if is_first else offset
            members.append(Member(name, size, crc, folder, offset))
            offset += size
        return tuple(members)

    def _check_members(self) -> None:
        names = [member.name for member in self.members]
        for name in names:
            if not is_plain_path(name):
                raise self._error(f"member path {name!r}", "a plain name")
        if len(set(names)) != len(names):
            raise self._error("two members of one name", "every name once")
        unpacked = sum(folder.size for folder in self._folders)
        if unpacked > min(MAX_UNPACKED, MAX_RATIO * self._length):
            found = f"{self._length} bytes that become {unpacked}"
            raise self._error(found, f"at most {MAX_RATIO} : 1 and {MAX_UNPACKED} bytes")

    # --- content ---

    def _blocks(self, member: Member) -> Iterator[bytes]:
        """The member's bytes; those of the members before it in its folder are unpacked and dropped."""
        skip, left, crc = member.offset, member.size, 0
        for block in self._unpacked(self._folders[member.folder]):
            block, skip = block[skip:], max(0, skip - len(block))
            block = block[:left]
            left -= len(block)
            crc = zlib.crc32(block, crc)
            if block:
                yield block
            if not left:
                break
        if crc != member.crc:
            raise self._error(f"{member.name}: a wrong CRC", "a right CRC")

    def _unpacked(self, folder: _Folder) -> Iterator[bytes]:
        """Exactly `folder.size` bytes in blocks. Raises PayloadInvalid where the stream is broken or ends before."""
        left, at, end = folder.size, folder.start, folder.start + folder.packed
        decoder = self._decoder(folder)
        while left:
            chunk = b""
            if decoder is None or decoder.needs_input:
                chunk = self._bytes(at, min(BLOCK, end - at))
                at += len(chunk)
            try:
                block = chunk if decoder is None else decoder.decompress(chunk, min(BLOCK, left))
            except (lzma.LZMAError, EOFError) as error:
                raise self._error(f"a broken stream ({error})", "a stream that can be unpacked") from error
            if not (block or chunk) or len(block) > left:
                raise self._error(f"a stream that ends {left} bytes early or late", f"{folder.size} bytes")
            left -= len(block)
            yield block

    def _decoder(self, folder: _Folder) -> lzma.LZMADecompressor | None:
        """None for stored bytes."""
        if not folder.filters:
            return None
        try:
            return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=list(folder.filters))
        except (lzma.LZMAError, ValueError) as error:
            raise self._error(f"properties that liblzma refuses ({error})", "those of the method") from error

    def _bytes(self, start: int, size: int) -> bytes:
        self._stream.seek(start)
        return self._stream.read(size)

    def _refused(self, method: bytes) -> PayloadInvalid:
        name = _KNOWN_AND_REFUSED.get(method, "unknown method")
        return self._error(f"packed by {name} ({method.hex()})", "LZMA, LZMA2 or stored bytes")

    def _error(self, found: str, expected: str) -> PayloadInvalid:
        return PayloadInvalid(found, partner=self._partner, expected=expected)


class _BlockStream(io.RawIOBase):
    """Blocks as a raw stream, for io.BufferedReader."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


class _Cursor:
    """Reads a header from its start. Raises PayloadInvalid where it ends before it should."""

    def __init__(self, body: bytes, partner: str) -> None:
        self._body, self._at, self._partner = body, 0, partner

    def take(self, size: int) -> bytes:
        taken = self._body[self._at : self._at + size]
        if len(taken) != size:
            raise PayloadInvalid("a 7z header that ends early", partner=self._partner, expected="a whole header")
        self._at += size
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._at)

    def byte(self) -> int:
        return self.take(1)[0]

    def expect(self, value: int) -> None:
        found = self.byte()
        if found != value:
            raise PayloadInvalid(
                f"{found:#x} in a 7z header where {value:#x} belongs", partner=self._partner,
                expected="the layout of 7zFormat.txt",
            )  # fmt: skip

    def number(self) -> int:
        """A number of one to nine bytes: the ones at the head of the first tell how many follow."""
        first, mask, value = self.byte(), 0x80, 0
        for position in range(8):
            if not first & mask:
                return value + ((first & (mask - 1)) << 8 * position)
            value += self.byte() << 8 * position
            mask >>= 1
        return value

    def count(self) -> int:
        """How many things follow; each takes a byte at least, so that no number can ask for endless work."""
        value = self.number()
        if value > len(self._body):
            raise PayloadInvalid(f"{value} entries in a short 7z header", partner=self._partner)
        return value

    def bits(self, count: int) -> list[bool]:
        body = self.take(-(-count // 8))
        return [bool(body[n // 8] & 0x80 >> n % 8) for n in range(count)]

    def attributes(self, count: int) -> list[int]:
        """Those of Windows, with the mode of Unix in the upper half where an archiver of Unix wrote them."""
        told = count if self.byte() else sum(self.bits(count))
        self.expect(0)  # they follow here, not in another stream
        return [int.from_bytes(self.take(4), "little") for _ in range(told)]

    def crcs(self, count: int) -> list[int | None]:
        is_told = [True] * count if self.byte() else self.bits(count)
        return [int.from_bytes(self.take(4), "little") if told else None for told in is_told]


def is_archive(stream: BinaryIO) -> bool:
    """Whether the stream starts as 7z archives do; it is read from its start again afterwards."""
    lead = stream.read(len(SIGNATURE))
    stream.seek(0)
    return lead == SIGNATURE
