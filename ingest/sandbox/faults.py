"""What a sandbox shows when it is told to misbehave.

A fault edits a finished reply, so that it works alike on the sample edition and on recordings.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from ingest import registry
from ingest.formats import seven_zip
from ingest.sandbox.dialects import BOM, Reply, Request, fao_catalogue, ilo_contents, refusal, zip_bytes
from ingest.sandbox.seven_zip import seven_zip_bytes

VALUE_COLUMNS = {"Value", "obs_value", "OBS_VALUE", "VALUE_EUR"}
PERIOD_COLUMNS = {"Year", "time", "TIME_PERIOD", "date", "PERIOD"}
EXTRA = "A87_EXTRA"
AREA_COLUMNS = {"Area Code", "Reporter Country Code", "ref_area", "reporter", "REPORTER"}

# --- which requests a fault meets ------------------------------------------------------------------------------------

_HOST = {
    "fao": r"bulks-faostat\.fao\.org/",
    "ilo": r"rplumber\.ilo\.org/",
    "world_bank": r"worldbank\.org/",
    "eurostat": r"ec\.europa\.eu/",
    "ilab": r"raw\.githubusercontent\.com/|apiprod\.dol\.gov/",
}
_DATA = {
    "fao": r"bulks-faostat\.fao\.org/.*\.zip",
    "ilo": r"rplumber\.ilo\.org/(data/|metadata/dic)",
    "world_bank": r"worldbank\.org/(v2/(en/)?country|data/download/)",
    "eurostat": r"/sdmx/2\.1/data/|/files\?file=",
    "ilab": r"raw\.githubusercontent\.com/",
}
_FAO_STEMS = {
    "QCL": "Production_Crops_Livestock_E_",
    "TCL": "Trade_CropsLivestock_E_",
    "TM": "Trade_DetailedTradeMatrix_E_",
    "PP": "/Prices_E_",
    "OEA": "Employment_Indicators_Agriculture_E_",
}
_EUROSTAT_FILES = {"contents": r"/catalogue/toc/txt", "cn8_links": r"/files\?file="}
_CATALOGUE_TOO = {"status", "html", "stall"}
_RECOUNTED = ("drop", "repeat")


def _pattern(name: str, kind: str) -> str:
    """A partner's name, a dataset's id or code, or any text of the URL, as a regular expression."""
    if name in _HOST:
        whole = kind in _CATALOGUE_TOO or (name, kind) == ("eurostat", "retired")
        return (_HOST if whole else _DATA)[name]
    for dataset in registry.datasets().values():
        if name in (dataset.id, dataset.code):
            return _dataset_pattern(dataset, kind)
    return re.escape(name)


def _dataset_pattern(dataset: registry.Dataset, kind: str) -> str:
    code = re.escape(dataset.code)
    if dataset.partner == "fao":
        return _FAO_STEMS.get(dataset.code, code) + r".*\.zip"
    if dataset.partner == "ilo":
        return rf"[?&](id|var)={code}(_A)?(&|$)"
    if dataset.partner == "world_bank":
        return _world_bank_pattern(dataset)
    if dataset.partner == "ilab":
        return "|".join(re.escape(path) for path in dataset.request["files"].values())
    if dataset.months:
        return rf"/files\?(dir=|file=.*/{code}_)" if kind in _CATALOGUE_TOO else rf"/files\?file=.*/{code}_"
    if dataset.request.get("kind") in _EUROSTAT_FILES:
        return _EUROSTAT_FILES[dataset.request["kind"]]
    return code if kind in {*_CATALOGUE_TOO, "retired"} else f"/data/{code}"


def _world_bank_pattern(dataset: registry.Dataset) -> str:
    if dataset.request["pages"] == "country":
        return r"/v2/country(\?|$)"
    pages = rf"/indicator/.*[?&]source={dataset.request['source']}(&|$)"
    return f"{pages}|/{re.escape(dataset.request['bulk'])}" if "bulk" in dataset.request else pages


# --- faults ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """`kind` happens to every request whose decoded path and query hold the regular expression `match`.

    Kinds: status:<code>[:<retry after s>], html (a page with status 200), empty, garbage, cut (whole by its headers),
    short (less than its headers promise), stall:<s> (after half the body), retired (an unknown id), encoding (a byte of
    no text), recode (cp1252 in place of UTF-8, the reverse, or UTF-16), header_only, half (the first half of the rows),
    repeat (each row twice), shift (each row a column to the left), later:<years> (the periods), rename:<old>><new> (a
    column), lack:<name> (a column), extra (a column more, in front), scale:<factor> (the figures), drop:<area code>
    (its rows).
    """

    match: str
    kind: str
    argument: str = ""

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(f"unknown fault {self.kind!r}: one of {', '.join(sorted(_KINDS))}")
        if not re.fullmatch(_ARGUMENTS.get(self.kind, ""), self.argument):
            raise ValueError(f"fault {self.kind} does not take {self.argument!r}")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """From `ilo=status:503`, `DS-045409=rename:OBS_VALUE>OBS_VAL`, `fao=cut`. Raises ValueError."""
        name, equals, what = text.partition("=")
        kind, _, argument = what.partition(":")
        if not (name and equals):
            raise ValueError(f"{text!r} is not <partner or dataset>=<fault>[:<argument>]")
        return cls(_pattern(name, kind), kind, argument)

    def meets(self, text: str) -> bool:
        return re.search(self.match, text) is not None

    def spoil(self, request: Request, reply: Reply) -> Reply:
        return _KINDS[self.kind](self.argument, request, reply)


def _status(argument: str, _request: Request, _reply: Reply) -> Reply:
    code, _, seconds = argument.partition(":")
    headers = {"Retry-After": seconds} if seconds else {}
    return Reply(f"HTTP {code}".encode(), "text/plain", int(code), headers)


def _html(_argument: str, _request: Request, _reply: Reply) -> Reply:
    return Reply(b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>", "text/html")


def _empty(_argument: str, _request: Request, reply: Reply) -> Reply:
    return replace(reply, body=b"")


def _garbage(_argument: str, _request: Request, reply: Reply) -> Reply:
    return replace(reply, body=bytes(range(255, -1, -1)) * 8)


def _cut(_argument: str, _request: Request, reply: Reply) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) * 6 // 10])


def _short(argument: str, request: Request, reply: Reply) -> Reply:
    return replace(_cut(argument, request, reply), promised=len(reply.body))


def _stall(argument: str, _request: Request, reply: Reply) -> Reply:
    return replace(reply, stall=float(argument))


def _retired(_argument: str, request: Request, _reply: Reply) -> Reply:
    return refusal(request)


def _encoding(_argument: str, _request: Request, reply: Reply) -> Reply:
    """A byte that neither UTF-8 nor cp1252 knows, in place of a letter in the middle of the text."""

    def spoil(text: bytes) -> bytes:
        letter = re.compile(rb"[A-Za-z]").search(text, len(text) // 2)
        return text[: letter.start()] + b"\x81" + text[letter.end() :] if letter else text + b"\x81"

    return _edit(reply, spoil)


def _rename(argument: str, _request: Request, reply: Reply) -> Reply:
    old, new = (name.encode() for name in argument.split(">", 1))

    def edit(text: bytes) -> bytes:
        if _is_json(text):
            return text.replace(b'"%s":' % old, b'"%s":' % new)
        if text.lstrip(b"\xef\xbb\xbf").startswith(b"<"):
            return re.sub(rb"(</?)%s(?=[ />])" % re.escape(old), rb"\g<1>" + new, text)
        head, newline, rest = text.partition(b"\n")
        return (
            re.sub(rb'(^(?:\xef\xbb\xbf)?|[,"])%s(?=[,"\r]|$)' % re.escape(old), rb"\g<1>" + new, head) + newline + rest
        )

    return _edit(reply, edit)


def _recode(_argument: str, _request: Request, reply: Reply) -> Reply:
    def edit(text: bytes) -> bytes:
        if text.isascii():
            return text.decode().encode("utf-16")
        try:
            return text.decode("utf-8-sig").encode("cp1252", "replace")
        except UnicodeDecodeError:
            return text.decode("cp1252").encode()

    return _edit(reply, edit)


def _header_only(_argument: str, _request: Request, reply: Reply) -> Reply:
    return _relist(reply, lambda _rows: [])


def _half(_argument: str, _request: Request, reply: Reply) -> Reply:
    return _relist(reply, lambda rows: rows[: len(rows) // 2])


def _repeat(_argument: str, _request: Request, reply: Reply) -> Reply:
    return _relist(reply, lambda rows: [row for row in rows for _copy in range(2)])


def _shift(_argument: str, _request: Request, reply: Reply) -> Reply:
    return _edit_rows(reply, lambda fields, _at: [*fields[1:], b""], lambda row: row)


def _later(argument: str, _request: Request, reply: Reply) -> Reply:
    years = Decimal(argument)

    def row(fields: list[bytes], at: Mapping[str, int]) -> list[bytes]:
        for name in PERIOD_COLUMNS & at.keys():
            fields[at[name]] = _cell(fields[at[name]], lambda year: year + years)
        return fields

    def page_row(found: dict[str, Any]) -> dict[str, Any]:
        return found | {name: str(int(found[name]) + int(years)) for name in PERIOD_COLUMNS & found.keys()}

    return _edit_rows(reply, row, page_row)


def _lack(argument: str, _request: Request, reply: Reply) -> Reply:
    element = re.escape(argument.encode())

    def row(fields: list[bytes], at: Mapping[str, int]) -> list[bytes]:
        return [field for i, field in enumerate(fields) if i != at.get(argument)]

    def page_row(found: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in found.items() if name != argument}

    if reply.body.removeprefix(BOM).startswith(b"<"):
        return _edit(reply, lambda text: re.sub(rb"<%s>[^<]*</%s>|<%s ?/>" % ((element,) * 3), b"", text))
    return _edit_rows(reply, row, page_row, header=True)


def _extra(_argument: str, _request: Request, reply: Reply) -> Reply:
    def row(fields: list[bytes], at: Mapping[str, int]) -> list[bytes]:
        return [EXTRA.encode() if fields[0].strip(b'"').decode() in at else b"1", *fields]

    return _edit_rows(reply, row, lambda found: found and found | {EXTRA: "1"}, header=True)


def _scale(argument: str, _request: Request, reply: Reply) -> Reply:
    factor = Decimal(argument)

    def row(fields: list[bytes], at: Mapping[str, int]) -> list[bytes]:
        for name in VALUE_COLUMNS & at.keys():
            fields[at[name]] = _cell(fields[at[name]], lambda figure: figure * factor)
        return fields

    def page_row(found: dict[str, Any]) -> dict[str, Any]:
        value = found.get("value")
        return found | {"value": float(Decimal(repr(value)) * factor)} if isinstance(value, int | float) else found

    return _edit_rows(reply, row, page_row)


def _drop(argument: str, _request: Request, reply: Reply) -> Reply:
    area = argument.encode()

    def row(fields: list[bytes], at: Mapping[str, int]) -> list[bytes] | None:
        gone = any(fields[at[name]].strip(b'"') == area for name in AREA_COLUMNS & at.keys())
        return None if gone else fields

    def page_row(found: dict[str, Any]) -> dict[str, Any] | None:
        return None if argument in (found.get("countryiso3code"), found.get("id")) else found

    return _edit_rows(reply, row, page_row)


_ARGUMENTS = {
    "status": r"[1-5]\d\d(:\d+)?",
    "stall": r"\d+(\.\d+)?",
    "rename": r"[^>]+>[^>]+",
    "scale": r"-?\d+(\.\d+)?",
    "drop": r".+",
    "later": r"-?\d+",
    "lack": r".+",
}
_KINDS: dict[str, Callable[[str, Request, Reply], Reply]] = {
    "status": _status,
    "html": _html,
    "empty": _empty,
    "garbage": _garbage,
    "cut": _cut,
    "short": _short,
    "stall": _stall,
    "retired": _retired,
    "encoding": _encoding,
    "rename": _rename,
    "recode": _recode,
    "header_only": _header_only,
    "half": _half,
    "repeat": _repeat,
    "shift": _shift,
    "later": _later,
    "lack": _lack,
    "extra": _extra,
    "scale": _scale,
    "drop": _drop,
}

_EDITS = _KINDS.keys() - {"status", "html", "empty", "garbage", "cut", "short", "stall", "retired"}  # of the content

# --- editing bodies --------------------------------------------------------------------------------------------------


def _edit(reply: Reply, edit: Callable[[bytes], bytes]) -> Reply:
    """Edit the text of a body; of a zip its largest member, of gzip and 7z the content. Refusals stay as they are."""
    body = reply.body
    if reply.status != 200:
        return reply
    if body.startswith(b"PK") and zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            main = max(archive.infolist(), key=lambda member: member.file_size).filename
            members = {name: archive.read(name) for name in archive.namelist()}
        return replace(reply, body=zip_bytes(members | {main: edit(members[main])}))
    if body.startswith(seven_zip.SIGNATURE):
        packed = seven_zip.Archive(io.BytesIO(body), "sandbox")
        edited = {member.name: edit(packed.open(member).read()) for member in packed.members}
        return replace(reply, body=seven_zip_bytes(edited))
    if body.startswith(b"\x1f\x8b"):
        return replace(reply, body=gzip.compress(edit(gzip.decompress(body)), mtime=0))
    return replace(reply, body=edit(body))


def _relist(reply: Reply, edit: Callable[[list[Any]], list[Any]]) -> Reply:
    """Other rows below the same header: lines of a text, objects of JSON."""

    def change(text: bytes) -> bytes:
        if _is_json(text):
            return _json_rows(text, edit)
        return b"".join([*text.splitlines(keepends=True)[:1], *edit(text.splitlines(keepends=True)[1:])])

    return _edit(reply, change)


RowEdit = Callable[[list[bytes], Mapping[str, int]], list[bytes] | None]
PageRowEdit = Callable[[dict[str, Any]], dict[str, Any] | None]
_FIELD = re.compile(rb'("(?:[^"]|"")*"|[^,]*)(?:,|$)')


def _edit_rows(reply: Reply, row: RowEdit, page_row: PageRowEdit, *, header: bool = False) -> Reply:
    """Edit rows one by one, with `header` also the line of names."""

    def edit(text: bytes) -> bytes:
        if _is_json(text):
            return _json_rows(text, lambda rows: [kept for kept in map(page_row, rows) if kept is not None])
        return b"".join(_csv_rows(text, row, header))

    return _edit(reply, edit)


def _csv_rows(text: bytes, row: RowEdit, header: bool) -> Iterator[bytes]:
    """CSV lines with fields edited as they stand, quotes and line ends untouched; XML passes unchanged."""
    bare = text.removeprefix(BOM)
    if bare.startswith(b"<"):
        yield text
        return
    lines = bare.splitlines(keepends=True)
    names = next(csv.reader([lines[0].decode("utf-8", "replace")]), []) if lines else []
    at = {name: i for i, name in enumerate(names)}
    edited = 0 if header else 1
    yield from (text[: len(text) - len(bare)], *lines[:edited])
    for line in lines[edited:]:
        end = line[len(line.rstrip(b"\r\n")) :]
        fields = row(_fields(line.removesuffix(end)), at)
        if fields is not None:
            yield b",".join(fields) + end


def _fields(line: bytes) -> list[bytes]:
    if b'"' not in line:
        return line.split(b",")
    fields: list[bytes] = []
    start = 0
    while start <= len(line):
        found = _FIELD.match(line, start)
        if found is None:
            return [*fields, line[start:]]
        fields.append(found[1])
        start = found.end() + (0 if found[0].endswith(b",") else 1)
    return fields


def _cell(cell: bytes, change: Callable[[Decimal], Decimal]) -> bytes:
    """A cell whose number is changed; what is no number stays."""
    try:
        number = format(change(Decimal(cell.strip(b'"').decode())), "f").encode()
    except (InvalidOperation, UnicodeDecodeError):
        return cell
    return b'"%s"' % number if cell.startswith(b'"') else number


def _is_json(text: bytes) -> bool:
    return text[:1] in (b"[", b"{")


def _json_rows(text: bytes, edit: Callable[[list[Any]], list[Any]]) -> bytes:
    """A list of objects, or a World Bank page, with other rows; a page's total follows as long as there is one page."""
    body = json.loads(text)
    if not isinstance(body, list) or not body:
        return text
    if len(body) == 2 and isinstance(body[1], list):
        header, rows = body[0], edit(body[1])
        body = [header | {"total": len(rows)} if int(header["pages"]) == 1 else header, rows]
    elif all(isinstance(row, dict) and "message" not in row for row in body):
        body = edit(body)
    else:
        return text
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


# --- catalogues ------------------------------------------------------------------------------------------------------


def amend_catalogue(
    faults: Sequence[Fault], request: Request, reply: Reply, answer: Callable[[Request], Reply]
) -> Reply:
    """A catalogue agrees with the data: it does not list retired datasets, the ILO's counts the rows that are left, and
     Eurostat's listing of files tells the sizes of edited ones.

    `answer` gives the undisturbed reply to a request for data.
    """
    if request.path.endswith("/datasets_E.json") and _any(faults, "retired"):
        body = json.loads(reply.body.decode("utf-8-sig"))
        listed = body["Datasets"]["Dataset"]
        targets = [e["FileLocation"].replace("https://", "/", 1) for e in listed]
        kept = [e for e, target in zip(listed, targets, strict=True) if not _met(faults, "retired", target)]
        return replace(reply, body=fao_catalogue(kept))
    if request.path == "/metadata/toc/indicator" and _any(faults, "retired", *_RECOUNTED):
        listed = json.loads(reply.body)
        targets = [f"/rplumber.ilo.org/data/indicator?id={e['id']}" for e in listed]
        kept = [
            _recounted(faults, e, Request.parse(target), answer)
            for e, target in zip(listed, targets, strict=True)
            if not _met(faults, "retired", target)
        ]
        return replace(reply, body=ilo_contents(kept).body)
    if request.path.endswith("/dissemination/files") and "dir" in request.query and _any(faults, *_EDITS):
        return replace(reply, body=b"".join(_resized(faults, request, reply.body, answer)))
    return reply


def _resized(
    faults: Sequence[Fault], listing: Request, body: bytes, answer: Callable[[Request], Reply]
) -> Iterator[bytes]:
    """The listing's lines, NAME,TYPE,SIZE,DATE, with the sizes that the edited files have."""
    for line in body.splitlines(keepends=True):
        name, kind, size, rest = line.split(b",", 3)
        file = f"{listing.query['dir']}/{name.decode()}"
        request = Request.parse(f"/{listing.host}{listing.path}?file={file}")
        edits = [fault for fault in faults if fault.kind in _EDITS and fault.meets(request.text)]
        reply = answer(request) if edits else None
        if reply is not None and reply.status == 200:
            for fault in edits:
                reply = fault.spoil(request, reply)
            size = str(len(reply.body)).encode()
        yield b",".join((name, kind, size, rest))


def _recounted(
    faults: Sequence[Fault], entry: dict[str, Any], request: Request, answer: Callable[[Request], Reply]
) -> dict[str, Any]:
    met = [fault for kind in _RECOUNTED for fault in _met(faults, kind, request.text)]
    if not met:
        return entry
    reply = answer(request)
    for fault in met:
        reply = fault.spoil(request, reply)
    rows = reply.body.count(b"\n") - 1
    return entry | {"n.records": rows, "n.records.all": rows}


def _any(faults: Sequence[Fault], *kinds: str) -> bool:
    return any(fault.kind in kinds for fault in faults)


def _met(faults: Sequence[Fault], kind: str, target: str) -> list[Fault]:
    return [fault for fault in faults if fault.kind == kind and fault.meets(target)]
