"""The reader of 7z archives against archives that 7-Zip 26.02 made, broken ones, and the sandbox's own writer."""

from __future__ import annotations

import base64
import io
import random
import tracemalloc
import zlib

import pytest

from ingest.errors import PayloadInvalid
from ingest.formats import seven_zip
from ingest.formats.seven_zip import Archive
from ingest.sandbox.seven_zip import _number, seven_zip_bytes, write

MONTH = b"REPORTER,PARTNER\n" + b"AT,AD\n" * 200
LETTERS = b"B" * 300 + b"\n"
CODE = b"".join(b"\x90\xe8" + (0x1000 - n * 6).to_bytes(4, "little", signed=True) for n in range(100))
FILES = {"full_202402.dat": MONTH, "b.txt": LETTERS, "deep/er/c.txt": b"deep\n", "code.bin": CODE}
MADE = {
    # solid, header packed
    "solid": (
        "N3q8ryccAATogI1orgAAAAAAAAAhAAAAAAAAAH42ZabgBfIALl0AIW/7t8AYCbGsCA3X4yDC5uqvQ0agsnC2D8PmF4LtWFyhCDQpCEV8Tom8"
        "wg7AAAAAAIEzB64P0VujJKCQoHdexUAYn+sIJgIp45H8/DgQuW08cdncGtu9HYL0mHzkCv24n8Cyr04Dpv0WamiLf98fWb1wkSdVOdVglIeS"
        "yiqFA1CEmuA2jl6cRqQ7mWZ3I7YYSvhv7PBCAio0JIL7/TWi0AAhdfUyeawXBjYBCXgABwsBAAEjAwEBBV0AEAAADIC4CgGq433pAAA="
    ),
    # a folder a file, header plain
    "apart": (
        "N3q8ryccAAR9cPH2RQAAAAAAAACkAAAAAAAAAMBnHKvgASwACV0AIW/7t8AXNMAAAAEABGRlZXAKAOAEwAAjXQApEUZGgKxaQALvYyKnM307"
        "8uFm6vrv0ADPGVIeZ+1lhuO8AAABBAYAAwkRCSsABwsDAAEhIQEAASEhAQABISEBAAyBLQWEwQAICgECJwGggrieJwJ9qggAAAUFDgHAGQEA"
        "EWMAZABlAGUAcAAAAGQAZQBlAHAALwBlAHIAAABiAC4AdAB4AHQAAABkAGUAZQBwAC8AZQByAC8AYwAuAHQAeAB0AAAAZgB1AGwAbABfADIA"
        "MAAyADQAMAAyAC4AZABhAHQAAAAAAA=="
    ),
    # LZMA
    "lzma": (
        "N3q8ryccAAQ1okXJJAAAAAAAAABSAAAAAAAAAJcki1IAKRFGRoCsWkAC72MipzN9O/LhZur679AAzxlSHmftZYbjvAABBAYAAQkkAAcLAQAB"
        "IwMBAQVdABAAAAyEwQAICgECfaoIAAAFARkFAAAAAAARIQBmAHUAbABsAF8AMgAwADIANAAwADIALgBkAGEAdAAAAAAA"
    ),
    # stored
    "stored": (
        "N3q8ryccAAT4W4PiLQEAAAAAAAA+AAAAAAAAAFMXQSlCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"
        "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"
        "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"
        "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"
        "QkJCQkJCQkIKAQQGAAEJgS0ABwsBAAEBAAyBLQAICgECJwGgAAAFARkMAAAAAAAAAAAAAAAAEQ0AYgAuAHQAeAB0AAAAAAA="
    ),
    # branch filter over LZMA2
    "bcj": (
        "N3q8ryccAAQA8e9OFwAAAAAAAABEAAAAAAAAAEaVCQ7gAlcAD10ASDn8wPgGnoRh7AcTZOgAAAEEBgABCRcABwsBAAIhIQEABAMDAQMBAAyC"
        "WIJYAAgKAdQc27UAAAUBGQIAABETAGMAbwBkAGUALgBiAGkAbgAAAAAA"
    ),
    # delta over LZMA
    "delta": (
        "N3q8ryccAARa+VnODgEAAAAAAABUAAAAAAAAAEc1mfwASDn8APuEXunxk6xb1y4tM7ZhcM2e8JvNIjg+mU7F24FCYCTfOLBvSnX1NeW1P0AB"
        "A13ritBIS1mvDxuK+Hki77mt4zB6ef2U/BFC96izXceL4lAsMg8pOHyOWMwUFJbv30QDeGFN3NGsJzlxt/FntWknS5WWNJMuM99WUETRBTRG"
        "5pNbfIoGfrjof/mpAjH1pPhzFZb+AA672IVNm5R1iNexd4kLjdEjBzdITaLQWw3EXjgXTgLchyI1droM9oMo0STldehbq4CQGwnC4dsdlhY8"
        "xZ7b9VUcEmbZ8vlWIPSINqZ0rltS/vwtEG/QOCEssyhxkdk/qFnKBMnOKsMt/lxR05+WcAWvySDARpgBBAYAAQmBDgAHCwEAAiMDAQEFXQAQ"
        "AAAhAwEDAQAMgliCWAAICgHUHNu1AAAFARkMAAAAAAAAAAAAAAAAERMAYwBvAGQAZQAuAGIAaQBuAAAAAAA="
    ),
}
REFUSED = {
    r"a branch filter over LZMA": (
        "N3q8ryccAAQqCa++EAAAAAAAAABUAAAAAAAAABMoBiEASDn8wPgGnoRh7AcTZOgAAQQGAAEJEAAHCwEAAiMDAQEFXQAQAAAEAwMBAwEADIJY"
        "glgACAoB1BzbtQAABQEZDAAAAAAAAAAAAAAAABETAGMAbwBkAGUALgBiAGkAbgAAAAAA"
    ),
    r"BCJ2 \(0303011b\)": (
        "N3q8ryccAATfYWyPpgAAAAAAAABUAAAAAAAAAF62S/jgAlcAll0ASDn8APgGfsKf6D0XXDnt8y+2H3IAxpbFmNz8Xa8RprM+P0ediByf26jt"
        "xiDxB5CtxgDgGvaOJxgoS2cpshMG0wVfJyGvx+OHD+qfG+IcFZZFJniyFxj1jld0k1bjgWoL9/Yzjhq054iCgLhevlEcNrAlXIdABILxGfnL"
        "n/y54hIQ4N0ibGLek65FNC8TAGwYBkhZ50kjAAAAAAAAAAAAAQQGAAQJgJ4AAAgABwsBAAIhIQEAFAMDARsEAQEAAAIDBAyCWIJYAAgKAdQc"
        "27UAAAUBGQgAAAAAAAAAABETAGMAbwBkAGUALgBiAGkAbgAAAAAA"
    ),
    r"PPMd": (
        "N3q8ryccAASfoj+/CQAAAAAAAAA+AAAAAAAAAA6GnBUAQf6R44j5QAABBAYAAQkJAAcLAQABIwMEAQUGAAABAAyBLQAICgECJwGgAAAFARkF"
        "AAAAAAARDQBiAC4AdAB4AHQAAAAAAA=="
    ),
    r"BZip2": (
        "N3q8ryccAARwZrunLwAAAAAAAAA+AAAAAAAAAJ0ffdFCWmg5MUFZJlNZF/n91AAAA1QAgBACABAAAACgACEhoMMuBcHF3JFOFCQF/n91AAEE"
        "BgABCS8ABwsBAAEDBAICDIEtAAgKAQInAaAAAAUBGQsAAAAAAAAAAAAAABENAGIALgB0AHgAdAAAAAAA"
    ),
    r"AES encryption": (
        "N3q8ryccAASDnWFRIAAAAAAAAABOAAAAAAAAAHt4AVznJPFEHL3lr6q05/+vKngpPO8svqVYbdNhhRnZbi0ZRwEEBgABCSAABwsBAAIkBvEH"
        "ARJTD/o4ixpSPRr0IVourXOfnzQhIQEAAQAMEYEtAAgKAQInAaAAAAUBGQARDQBiAC4AdAB4AHQAAAAAAA=="
    ),
    r"Deflate": (
        "N3q8ryccAATfdTSKFAAAAAAAAAA+AAAAAAAAAJwCvBHtwTEBAAAAgrDfWPYPRQUCsD3aAAEEBgABCRQABwsBAAEDBAEIDIEtAAgKAQInAaAA"
        "AAUBGQsAAAAAAAAAAAAAABENAGIALgB0AHgAdAAAAAAA"
    ),
}


def archive(body: bytes) -> Archive:
    return Archive(io.BytesIO(body), "eurostat")


def contents(body: bytes) -> dict[str, bytes]:
    opened = archive(body)
    return {member.name: opened.open(member).read() for member in opened.members}


# --- what 7-Zip made -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
def test_archives_of_7_zip_are_read(name):
    found = contents(base64.b64decode(MADE[name]))
    assert found
    assert found == {member: FILES[member] for member in found}


def test_members_of_a_solid_archive_are_read_in_any_order():
    opened = archive(base64.b64decode(MADE["solid"]))
    assert {member.name for member in opened.members} == {"full_202402.dat", "b.txt", "deep/er/c.txt"}
    for member in reversed(opened.members):
        assert opened.open(member).read() == FILES[member.name]


@pytest.mark.parametrize("method", REFUSED)
def test_another_method_is_refused_by_name(method):
    with pytest.raises(PayloadInvalid, match=method):
        contents(base64.b64decode(REFUSED[method]))


# --- what is broken --------------------------------------------------------------------------------------------------


def resealed(body: bytes) -> bytes:
    """The archive with right CRCs of its headers again, whatever was done to them."""
    size = int.from_bytes(body[20:28], "little")
    start = body[12:28] + zlib.crc32(body[-size:]).to_bytes(4, "little")
    return body[:8] + zlib.crc32(start).to_bytes(4, "little") + start + body[32:]


def test_a_file_that_is_no_7z_is_refused():
    with pytest.raises(PayloadInvalid, match="a file that starts b'<html>"):
        archive(b"<html><body>Sorry</body></html>" * 9)


def test_a_cut_archive_is_refused():
    body = base64.b64decode(MADE["solid"])
    with pytest.raises(PayloadInvalid, match="ends early"):
        archive(body[:-1])


@pytest.mark.parametrize(("at", "what"), [(12, "start header"), (-5, "a header with a wrong CRC")])
def test_a_header_with_a_wrong_crc_is_refused(at, what):
    body = bytearray(base64.b64decode(MADE["solid"]))
    body[at] ^= 1
    with pytest.raises(PayloadInvalid, match=what):
        archive(bytes(body))


def test_a_member_with_a_wrong_crc_is_refused_when_it_has_been_read():
    body = bytearray(base64.b64decode(MADE["stored"]))
    body[40] ^= 1
    opened = archive(bytes(body))
    with pytest.raises(PayloadInvalid, match=r"b\.txt: a wrong CRC"):
        opened.open(opened.members[0]).read()


@pytest.mark.parametrize("name", ["../full.dat", "/etc/passwd", "C:\\full.dat", "a/../../b", ""])
def test_a_name_that_leaves_the_folder_is_refused(name):
    with pytest.raises(PayloadInvalid, match="member path"):
        archive(seven_zip_bytes({name: b"x"}))


def test_two_members_of_one_name_are_refused():
    out = io.BytesIO()
    write(out, [("full.dat", [b"x"]), ("full.dat", [b"y"])])
    with pytest.raises(PayloadInvalid, match="two members of one name"):
        archive(out.getvalue())


def test_a_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(PayloadInvalid, match="at most 100 : 1"):
        archive(seven_zip_bytes({"full.dat": bytes(1 << 20)}))


def test_an_absurd_total_is_refused(monkeypatch):
    monkeypatch.setattr(seven_zip, "MAX_UNPACKED", 1000)
    with pytest.raises(PayloadInvalid, match="1000 bytes"):
        archive(seven_zip_bytes({"full.dat": MONTH}))


def test_a_dictionary_that_does_not_fit_in_memory_is_refused():
    body = seven_zip_bytes({"full.dat": MONTH})
    assert body.count(b"\x21\x21\x01\x10") == 1
    with pytest.raises(PayloadInvalid, match="a dictionary of 3221225472 bytes"):
        archive(resealed(body.replace(b"\x21\x21\x01\x10", b"\x21\x21\x01\x27")))


def test_whatever_is_broken_is_refused_and_nothing_else_is_raised():
    random.seed(87)
    outcomes = set()
    for _ in range(3000):
        body = bytearray(base64.b64decode(random.choice([*MADE.values(), *REFUSED.values()])))
        for _flip in range(random.randint(1, 3)):
            body[random.randrange(6, len(body))] = random.randrange(256)
        spoilt = bytes(body) if random.random() < 0.3 else resealed(bytes(body))
        try:
            outcomes.add(bool(contents(spoilt)))
        except PayloadInvalid as error:
            outcomes.add(error.found[:12])
    assert len(outcomes) > 20


# --- size ------------------------------------------------------------------------------------------------------------


def test_a_member_is_read_in_flat_memory():
    line = b"AT,AD,E,35069190,59229,2052,2059,220,311210,06,2,1,NO_SU,202402,%d,65,3,0\n"
    out = io.BytesIO()
    write(out, [("full_202402.dat", (b"".join(line % (n * k) for n in range(10_000)) for k in range(60)))])
    opened = Archive(out, "eurostat")
    tracemalloc.start()
    stream, size = opened.open(opened.members[0]), 0
    while chunk := stream.read(1 << 20):
        size += len(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == opened.members[0].size > 40 << 20
    assert peak < 8 << 20


# --- the writer ------------------------------------------------------------------------------------------------------


def test_what_the_sandbox_writes_is_read_back_and_always_the_same():
    members = {"full_202402.dat": MONTH, "größe.txt": b"1", "nothing": b""}
    assert contents(seven_zip_bytes(members)) == members
    assert seven_zip_bytes(members) == seven_zip_bytes(members)


@pytest.mark.parametrize("value", [0, 127, 128, 16383, 16384, 2**21 - 1, 2**21, 2**35, 2**56 - 1, 2**56, 2**63])
def test_numbers_of_every_length(value):
    assert seven_zip._Cursor(_number(value), "").number() == value
