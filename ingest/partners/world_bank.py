"""World Bank: API v2 pages (`request: {pages: ...}`) and its CSV zips (`request: {zip: ...}`).

A dataset of pages with a `bulk` zip takes that for its first load; both make the same rows.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.errors import DatasetRetired, IngestError, PayloadInvalid, RequestRefused
from ingest.formats import TextTable, csv_text, json_pages, wide_years, write_rows
from ingest.http import HttpClient
from ingest.registry import SYNTHETIC_MARK, Dataset
from ingest.snapshots import safe_members

PER_PAGE = "20000"  # one page holds a whole series; 50000 was answered with an HTML page
WDI_SOURCE = "2"
ZIP = "data.zip"
COUNTRIES = "_country"  # the list of areas beside a pull whose rows lack three-letter codes (quirk 8)
NO_CODE = re.compile(rb'"countryiso3code": ?""')
# Whatever its place (quirk 22): `API_*` of a country zip, `*Data.csv` or `*CSV.csv` of a bulk one.
DATA_MEMBER = re.compile(r"API_|(?!meta)\w+(data|csv)\.csv$", re.IGNORECASE)
_MESSAGE = re.compile(rb'<wb:message id="(\d+)"[^>]*>([^<]*)')


def classify(status: int, body: bytes, headers: Mapping[str, str]) -> IngestError | None:
    """Errors come as XML even when JSON was asked for (quirk 5)."""
    found = _MESSAGE.search(body)
    if not found:
        return None
    text = f"message {found[1].decode()}: {found[2].decode('utf-8', 'replace')}"
    return DatasetRetired(text) if found[1] == b"175" else RequestRefused(text)


def signal(client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
    """`lastupdated` of the source the dataset belongs to (it moves for a whole source at once)."""
    url = client.url("api", "sources")
    body = client.catalogue(url, {"format": "json", "per_page": "1000"}, into=work / "sources.json")
    json_pages.check(body, "world_bank")
    wanted = dataset.request.get("source", WDI_SOURCE)
    rows = [row for row in body[1] or [] if row["id"] == wanted]
    if not rows:
        raise DatasetRetired(f"source {wanted} is not in the list of sources", partner="world_bank", url=url)
    return {"updated": rows[0]["lastupdated"]}


def fetch(client: HttpClient, dataset: Dataset, signal: dict[str, Any], files: Path) -> str:
    if "zip" in dataset.request:
        url = client.url(dataset.request["door"], dataset.request["zip"])
        client.download(url, files / ZIP, expect="zip", params=dataset.request.get("params"))
        return url
    if dataset.request["pages"] == "country":
        _fetch_pages(client, "country", files, "country")
        return client.url("api", "country")
    source = dataset.request["source"]
    for series in dataset.series:
        _fetch_pages(client, f"country/all/indicator/{series.id}", files, series.id, source=source, footnote="y")
    if any(NO_CODE.search(file.read_bytes()) for file in files.glob("*.json")):
        _fetch_pages(client, "country", files, COUNTRIES)
    return client.url("api", "country/all/indicator/")


def fetch_first(client: HttpClient, dataset: Dataset, signal: dict[str, Any], files: Path) -> str:
    """One bulk zip in place of a request a series, unless it is not to be had or older than the catalogue says."""
    if "bulk" in dataset.request:
        url = client.url("bulk", dataset.request["bulk"])
        try:
            client.download(url, files / ZIP, expect="zip")
            if _made_on(files / ZIP) >= signal["updated"]:
                return url
        except IngestError:
            pass  # the pages hold the same, and tell what is the matter
        (files / ZIP).unlink(missing_ok=True)
    return fetch(client, dataset, signal, files)


def _made_on(file: Path) -> str:
    """The day on which the Bank made the zip: a bulk file has no stamp of its own."""
    dates = [member.date_time[:3] for _archive, member in safe_members(file, "world_bank")]
    return "{:04}-{:02}-{:02}".format(*max(dates, default=(0, 0, 0)))


def _fetch_pages(client: HttpClient, path: str, files: Path, stem: str, **params: str) -> None:
    def page(number: int, into: Path) -> Any:
        query = {"format": "json", "per_page": PER_PAGE, "page": str(number), **params}
        url = client.url("api", path)
        try:
            return client.get_json(url, query, into=into)
        except RequestRefused as error:
            if not error.found.startswith("HTTP 400"):
                raise
        return client.get_json(url, query, into=into)  # a 400 passes now and then: once more, and then it counts

    try:
        json_pages.fetch_all(page, files, stem, "world_bank")
    except IngestError as error:
        error.url = error.url or client.url("api", path)
        raise


def read(dataset: Dataset, files: Path, work: Path) -> Iterable[TextTable]:
    return [_zip_table(dataset, files / ZIP, work)] if (files / ZIP).exists() else _page_tables(dataset, files, work)


def _page_tables(dataset: Dataset, files: Path, work: Path) -> Iterator[TextTable]:
    """A table a page: all series at once would fill the memory."""
    header = [c.source for c in dataset.columns]
    letters = _three_letters(files)
    for file in sorted(files.glob("*.json")):
        if file.name.startswith(COUNTRIES):
            continue
        rows = [_flat(row, letters) for row in json_pages.rows(file)]
        if dataset.has_obs:
            _check_ids(dataset, rows)
            rows = [row for row in rows if _says_something(row)]
        if rows:
            present = set().union(*rows)
            wire = [name for name in (*header, SYNTHETIC_MARK) if name in present]
            yield write_rows(work / f"{file.stem}.csv", wire, rows)


def _says_something(row: dict[str, str | None]) -> bool:
    """Not an empty cell of the grid; a row whose columns have other names is for the loader to refuse."""
    return "value" not in row or any(row.get(name) for name in ("value", "obs_status", "footnote"))


def _three_letters(files: Path) -> dict[str, str]:
    """Two-letter code -> three letters, from the Bank's own list; empty where every row has three letters."""
    listed = [row for file in files.glob(f"{COUNTRIES}-*.json") for row in json_pages.rows(file)]
    return {row["iso2Code"]: row["id"] for row in listed}


def _flat(row: dict[str, Any], letters: Mapping[str, str]) -> dict[str, str | None]:
    """Nested objects become `outer.inner`; the area is resolved to three letters (quirk 8)."""
    flat: dict[str, str | None] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": _text(v) for inner, v in value.items()}
        else:
            flat[name] = _text(value)
    if "countryiso3code" in flat:
        code = flat.get("country.id")
        flat["ref_area"] = flat["countryiso3code"] or letters.get(code or "", code)
    return flat


def _text(value: Any) -> str | None:
    # repr keeps every digit of a float; JSON has already decided that it is a number
    return None if value is None else value if isinstance(value, str) else repr(value)


def _check_ids(dataset: Dataset, rows: list[dict[str, str | None]]) -> None:
    asked, came = {s.id for s in dataset.series}, {row.get("indicator.id") for row in rows}
    if not came <= asked:
        raise PayloadInvalid(
            f"indicators nobody asked for: {sorted(map(str, came - asked))}", partner="world_bank",
            expected="only the configured series", remedy="an id moved at the partner: compare the series list",
        )  # fmt: skip


def _zip_table(dataset: Dataset, file: Path, work: Path) -> TextTable:
    members = safe_members(file, "world_bank")
    data = [m for m in members if DATA_MEMBER.match(m[1].filename)]
    if len(data) != 1:
        raise PayloadInvalid(f"{len(data)} data members in the zip", partner="world_bank", expected="exactly one")
    notes = next((m for m in members if m[1].filename.lower().endswith("footnote.csv")), None)
    return wide_years.long_table(
        _inflated(data[0], work / "wide.csv"), work / "data.csv", "world_bank",
        wanted={c.source for c in dataset.columns}, series=[s.id for s in dataset.series],
        notes=_inflated(notes, work / "notes.csv") if notes else None,
    )  # fmt: skip


def _inflated(member: tuple[zipfile.ZipFile, zipfile.ZipInfo], dest: Path) -> Path:
    return csv_text.from_zip_member(*member, dest, "world_bank").path
