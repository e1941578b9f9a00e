"""World Bank: API v2 pages (`request: {pages: ...}`) and its CSV zips (`request: {zip: ...}`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.errors import DatasetRetired, IngestError, PayloadInvalid, RequestRefused
from ingest.formats import TextTable, csv_text, json_pages, wide_years, write_rows
from ingest.http import HttpClient
from ingest.registry import SYNTHETIC_MARK, Dataset
from ingest.snapshots import safe_members

PER_PAGE = "20000"  # one page holds a whole series; 50000 was answered with an HTML page
WDI_SOURCE = "2"
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
        client.download(url, files / "data.zip", expect="zip", params=dataset.request.get("params"))
        return url
    if dataset.request["pages"] == "country":
        _fetch_pages(client, "country", files, "country")
        return client.url("api", "country")
    for series in dataset.series:
        _fetch_pages(client, f"country/all/indicator/{series.id}", files, series.id, source=WDI_SOURCE, footnote="y")
    return client.url("api", "country/all/indicator/")


def _fetch_pages(client: HttpClient, path: str, files: Path, stem: str, **params: str) -> None:
    def page(number: int, into: Path) -> Any:
        query = {"format": "json", "per_page": PER_PAGE, "page": str(number), **params}
        return client.get_json(client.url("api", path), query, into=into)

    try:
        total = json_pages.fetch_all(page, files, stem, "world_bank")
        list(json_pages.rows(sorted(files.glob(f"{stem}-*.json")), "world_bank", total))
    except IngestError as error:
        error.url = error.url or client.url("api", path)
        raise


def read(dataset: Dataset, files: Path, work: Path) -> list[TextTable]:
    header = [c.source for c in dataset.columns]
    if "zip" in dataset.request:
        return [write_rows(work / "data.csv", header, _zip_rows(dataset, files / "data.zip", work))]
    rows = [_flat(row) for row in json_pages.rows(sorted(files.glob("*.json")), "world_bank")]
    if dataset.request["pages"] == "indicator":
        _check_ids(dataset, rows)
    present = set().union(*rows) if rows else set(header)
    wire = [name for name in (*header, SYNTHETIC_MARK) if name in present]
    return [write_rows(work / "data.csv", wire, rows)]


def _flat(row: dict[str, Any]) -> dict[str, str | None]:
    """Nested objects become `outer.inner`; the area is resolved to three letters (quirk 8)."""
    flat: dict[str, str | None] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": _text(v) for inner, v in value.items()}
        else:
            flat[name] = _text(value)
    if "countryiso3code" in flat:
        flat["ref_area"] = flat["countryiso3code"] or flat.get("country.id")
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


def _zip_rows(dataset: Dataset, file: Path, work: Path) -> Iterator[dict[str, str | None]]:
    """The data member, whatever its place (quirk 22): `API_*` of a country zip, `*Data.csv` of a bulk one."""
    members = [m for m in safe_members(file, "world_bank") if re.match(r"API_|\w+(Data|CSV)\.csv$", m[1].filename)]
    if len(members) != 1:
        raise PayloadInvalid(f"{len(members)} data members in the zip", partner="world_bank", expected="exactly one")
    archive, member = members[0]
    table = csv_text.from_zip_member(archive, member, work / "wide.csv", "world_bank")
    return wide_years.rows(table.path, "world_bank")
