"""Recordings: real bytes out of a folder, found by file name and content, whatever the sub-folders. No index is needed.

Where a partner's catalogue was not recorded, one is composed from the files and their modification times.
"""

from __future__ import annotations

import csv
import fnmatch
import functools
import gzip
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

from ingest.sandbox.dialects import (
    OCTETS,
    SDMX_CSV,
    Clock,
    Reply,
    Request,
    Slice,
    comext_listing,
    dataflow,
    fao_catalogue,
    fao_entry,
    ilo_codes,
    ilo_contents,
    ilo_entry,
    json_reply,
)

_FAO_ZIP = re.compile(r"(.+?)_E_All_Data.*\.zip")
_COMEXT_MONTH = re.compile(r"full_v2_\d{6}\.7z")
_SDMX_LEAD = ["DATAFLOW", "LAST UPDATE", "freq"]


@dataclass(frozen=True)
class _Cube:
    """A recorded SDMX-CSV file in code mode: its lines as they stand, each with its key and period."""

    path: Path
    code: str
    dimensions: tuple[str, ...]
    header: bytes
    lines: tuple[tuple[tuple[str, ...], str, bytes], ...]


class Recordings:
    """Answers with the files in `folder`; anything not there gets the partner's refusal."""

    def __init__(self, folder: Path) -> None:
        self._files = sorted(file for file in folder.rglob("*") if file.is_file())
        self._ilo_figures = functools.cache(_ilo_figures)

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        answer = self._PARTNERS.get(request.host)
        return answer(self, request, clock) if answer else None

    def _find(self, pattern: str) -> Path | None:
        """The last file whose name matches, so that of dated names the newest."""
        named = [file for file in self._files if fnmatch.fnmatchcase(file.name, pattern)]
        return named[-1] if named else None

    def _zip(self, pattern: str) -> Reply | None:
        file = self._find(pattern)
        return Reply(file.read_bytes(), "application/zip") if file else None

    # --- FAO: the recorded catalogue, with the recorded zips that it does not list ---

    def _fao(self, request: Request, clock: Clock) -> Reply | None:
        name = request.path.removeprefix("/production/")
        if name == "datasets_E.json":
            return self._fao_catalogue(clock)
        for file in self._files:
            if file.name == name and _FAO_ZIP.fullmatch(name):
                headers = {"Accept-Ranges": "bytes", "Last-Modified": format_datetime(_modified(file), usegmt=True)}
                return Reply(file.read_bytes(), "application/x-zip-compressed", headers=headers)
        return None

    def _fao_catalogue(self, clock: Clock) -> Reply:
        file = self._find("datasets_E.json")
        listed = json.loads(file.read_text("utf-8-sig"))["Datasets"]["Dataset"] if file else []
        known = {entry["FileLocation"].rsplit("/", 1)[-1] for entry in listed}
        added = [found for found in self._fao_entries if found["FileLocation"].rsplit("/", 1)[-1] not in known]
        if file and not added and not clock.touches:
            return Reply(file.read_bytes(), "application/json")
        entries = [
            entry | {"DateUpdate": clock.moment(datetime.fromisoformat(entry["DateUpdate"])).isoformat()}
            for entry in [*listed, *added]
        ]
        return Reply(fao_catalogue(entries), "application/json")

    @functools.cached_property
    def _fao_entries(self) -> list[dict[str, Any]]:
        """Rows are counted by unpacking, so once."""
        entries = []
        for file in self._files:
            found = _FAO_ZIP.fullmatch(file.name)
            if found:
                updated = _modified(file).replace(tzinfo=None)
                code, size = found[1], file.stat().st_size
                entries.append(fao_entry(code, code, file.name, updated=updated, size=size, rows=_zip_rows(file)))
        return entries

    # --- ILO: a table of contents and lists of codes composed from the code-mode files ---

    def _ilo(self, request: Request, clock: Clock) -> Reply | None:
        if request.path == "/metadata/toc/indicator":
            return ilo_contents([self._ilo_entry(path, clock) for path in self._ilo_files.values()])
        file: Path | None = None
        if request.path == "/metadata/dic":
            name = request.query.get("var", "")
            file = self._find(f"dic-{name}.json")
            if file is None and name != "source":
                return ilo_codes(name, {code for path in self._ilo_files.values() for code in _cells(path, name)})
        elif request.path == "/data/indicator":
            file = self._ilo_files.get(request.query.get("id", ""))
        return Reply(file.read_bytes(), OCTETS) if file else None

    @functools.cached_property
    def _ilo_files(self) -> dict[str, Path]:
        files = (file for file in self._files if re.fullmatch(r"[A-Z0-9_]+_A\.csv", file.name))
        return {file.stem: file for file in files if _names(file)[:1] == ["ref_area"]}

    def _ilo_entry(self, file: Path, clock: Clock) -> dict[str, Any]:
        years, areas, rows = self._ilo_figures(file)
        code = file.stem.removesuffix("_A")
        return ilo_entry(code, code, updated=clock.moment(_modified(file)), years=years, areas=areas, rows=rows)

    # --- World Bank: the list of sources, and zips ---

    def _world_bank(self, request: Request, clock: Clock) -> Reply | None:
        match request.path.strip("/").split("/"):
            case ["v2", "sources"]:
                return self._wb_sources(clock)
            case ["v2", "en", "country", area] if request.query.get("downloadformat") == "csv":
                return self._zip(f"API_{area}_*.zip")
        return None

    def _wb_sources(self, clock: Clock) -> Reply | None:
        file = self._find("sources_*.json")
        if file is None:
            return None
        if not clock.touches:
            return Reply(file.read_bytes(), "application/json;charset=utf-8")
        header, rows = json.loads(file.read_bytes())
        for row in rows:
            row["lastupdated"] = str(clock.day(date.fromisoformat(row["lastupdated"])))
        return json_reply([header, rows])

    def _wb_bulk(self, request: Request, _clock: Clock) -> Reply | None:
        folder, _, name = request.path.rpartition("/")
        return self._zip(name) if folder == "/data/download" and re.fullmatch(r"\w+\.zip", name) else None

    # --- Eurostat: the table of contents, SDMX-CSV files in code mode ---

    def _eurostat(self, request: Request, clock: Clock) -> Reply | None:
        if request.path == "/eurostat/api/dissemination/catalogue/toc/txt":
            file = self._find("table_of_contents_en.txt")
            return Reply(file.read_bytes(), "text/plain;charset=utf-8") if file else None
        if request.path == "/eurostat/api/dissemination/files":
            return self._comext_file(request, clock)
        found = re.fullmatch(
            r"/eurostat/api/(comext/)?dissemination/sdmx/2\.1/(dataflow/ESTAT|data)/([^/]+)/?([^/]*)", request.path
        )
        if not found:
            return None
        comext, door, code, key = found.groups()
        cubes = [cube for cube in self._cubes if cube.code == code]
        if not cubes:
            return None
        if door == "data":
            return _slice(cubes, Slice.parse(key, request.query, len(cubes[0].dimensions)), whole=not comext)
        return dataflow(
            code, code, updated=clock.moment(max(_modified(cube.path) for cube in cubes)),
            observations=sum(len(cube.lines) for cube in cubes),
            periods=[period for cube in cubes for _key, period, _line in cube.lines],
        )  # fmt: skip

    def _comext_file(self, request: Request, clock: Clock) -> Reply | None:
        """Months as they were packed, and a listing composed from the files. One date stands for all of them."""
        files = {file.name: file for file in self._files if _COMEXT_MONTH.fullmatch(file.name)}
        if files and "dir" in request.query:
            updated = clock.moment(max(map(_modified, files.values())))
            return comext_listing({name: file.stat().st_size for name, file in files.items()}, updated)
        file = files.get(request.query.get("file", "").rpartition("/")[2])
        return Reply(file.read_bytes(), "application/x-7z-compressed") if file else None

    @functools.cached_property
    def _cubes(self) -> list[_Cube]:
        files = (file for file in self._files if file.name.endswith((".csv", ".csv.gz")))
        return [cube for file in files if _names(file)[:3] == _SDMX_LEAD for cube in _cube(file)]

    # --- USDOL: files by their commit, and the first page of the catalogue ---

    def _ilab_file(self, request: Request, _clock: Clock) -> Reply | None:
        file = self._commits.get(request.path)
        return Reply(file.read_bytes(), "text/plain; charset=utf-8") if file and file.exists() else None

    @functools.cached_property
    def _commits(self) -> dict[str, Path]:
        """Path at the code host -> file, out of MANIFEST.tsv (columns file and source, `owner/repo@commit:path`)."""
        commits = {}
        for manifest in (file for file in self._files if file.name == "MANIFEST.tsv"):
            with manifest.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream, delimiter="\t"):
                    found = re.fullmatch(r"([^@]+)@(\w+):(.+)", row.get("source") or "")
                    if found:
                        commits[f"/{found[1]}/{found[2]}/{found[3]}"] = manifest.parent / row["file"]
        return commits

    def _ilab_catalogue(self, request: Request, clock: Clock) -> Reply | None:
        file = self._find("datasets-list.json")
        if request.path != "/v4/datasets" or file is None:
            return None
        page = int(request.query.get("page", "1"))
        if page == 1 and not clock.touches:
            return Reply(file.read_bytes(), "application/json")
        body = json.loads(file.read_bytes())
        for row in body["datasets"]:
            row["updated_at"] = clock.moment(datetime.fromisoformat(row["updated_at"])).isoformat()
        if page > 1:  # one page was recorded, and it is the end
            body["datasets"] = []
            body["meta"] |= {"current_page": page, "next_page": None, "prev_page": page - 1}
        return json_reply(body)

    _PARTNERS: ClassVar[dict[str, Callable[[Recordings, Request, Clock], Reply | None]]] = {
        "bulks-faostat.fao.org": _fao,
        "rplumber.ilo.org": _ilo,
        "api.worldbank.org": _world_bank,
        "databank.worldbank.org": _wb_bulk,
        "ec.europa.eu": _eurostat,
        "raw.githubusercontent.com": _ilab_file,
        "apiprod.dol.gov": _ilab_catalogue,
    }


def _ilo_figures(file: Path) -> tuple[set[str], set[str], int]:
    """Years, areas and number of rows."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = [(row["time"], row["ref_area"]) for row in csv.DictReader(stream)]
    return {time for time, _area in rows}, {area for _time, area in rows}, len(rows)


@functools.cache
def _cells(file: Path, name: str) -> frozenset[str]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return frozenset(row[name] for row in csv.DictReader(stream) if row.get(name))


def _modified(file: Path) -> datetime:
    return datetime.fromtimestamp(int(file.stat().st_mtime), UTC)


def _content(file: Path) -> bytes:
    body = file.read_bytes()
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def _names(file: Path) -> list[str]:
    """Column names of a CSV file, plain or gzip; none of a file that is not UTF-8 text."""
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(file, "rb") if packed else file.open("rb") as stream:
            return next(csv.reader([stream.readline(65536).decode("utf-8-sig")]), [])
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError):
        return []


def _zip_rows(file: Path) -> int:
    with zipfile.ZipFile(file) as archive:
        main = max(archive.infolist(), key=lambda member: member.file_size)
        with archive.open(main) as stream:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b"")) - 1


def _cube(file: Path) -> Iterator[_Cube]:
    """The file as a cube, or nothing for label mode, where freq is a word and fields hold commas."""
    names = _names(file)
    end = names.index("TIME_PERIOD")
    header, *lines = _content(file).splitlines(keepends=True)
    rows = list(csv.reader(line.decode("utf-8-sig") for line in lines))
    if rows and all(re.fullmatch(r"[A-Z]", row[2]) for row in rows):
        code = rows[0][0].removeprefix("ESTAT:").partition("(")[0]
        keyed = tuple((tuple(row[2:end]), row[end], line) for row, line in zip(rows, lines, strict=True))
        yield _Cube(file, code, tuple(names[2:end]), header, keyed)


def _slice(cubes: list[_Cube], asked: Slice, *, whole: bool) -> Reply | None:
    """The first recording that has a product asked for: its own bytes if all of it was asked for, else its lines."""
    dimensions = cubes[0].dimensions
    refused = asked.refused(len(dimensions), whole=whole)
    if refused is not None:
        return refused
    at = dimensions.index("product") if "product" in dimensions else 0
    for cube in cubes:
        if not asked.key[at] or any(key[at] in asked.key[at] for key, _period, _line in cube.lines):
            kept = [line for key, period, line in cube.lines if asked.holds(key) and asked.spans(period)]
            body = cube.path.read_bytes() if len(kept) == len(cube.lines) else cube.header + b"".join(kept)
            return Reply(body, SDMX_CSV, chunked=True)
    return None
