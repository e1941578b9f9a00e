"""Eurostat's Comext base: SDMX-CSV, one request a year; the dataflow's annotations tell what moved.

Datasets that come as files (`door: files`) are read by `ingest.partners.eurostat_bulk`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ingest.errors import DatasetRetired, IngestError, PartnerUnavailable, PayloadInvalid, RequestRefused
from ingest.formats import TextTable, sdmx_csv
from ingest.http import HttpClient
from ingest.partners import eurostat_bulk
from ingest.registry import Dataset


def classify(status: int, body: bytes, headers: Mapping[str, str]) -> IngestError | None:
    if b"EXTRACTION_TOO_BIG" in body:
        return RequestRefused(
            f"HTTP {status} EXTRACTION_TOO_BIG", expected="under 500,000 cells",
            remedy="ask for fewer partners, products or years in one request",
        )  # fmt: skip
    if b"ASYNCHRONOUS_RESPONSE" in body or b"syncResponse" in body:
        return PartnerUnavailable("the reply was queued for later (asynchronous)", retry_after=30.0)
    if status == 404:
        return DatasetRetired(
            "HTTP 404, not available for dissemination",
            remedy="for a DS- id check that the Comext base is used; else look for its successor in the dataflow list",
        )  # fmt: skip
    return None


def signal(client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
    """UPDATE_DATA, number of observations and last period of the dataflow."""
    if _comes_as_files(dataset):
        return eurostat_bulk.signal(client, dataset, work)
    url = client.url("comext", f"dataflow/ESTAT/{dataset.code}")
    body = client.get_json(url, {"format": "JSON"}, into=work / "dataflow.json")
    try:
        notes = {n["type"]: n.get("date") or n.get("title") for n in body["extension"]["annotation"]}
        return {
            "updated": notes["UPDATE_DATA"], "observations": notes.get("OBS_COUNT"),
            "last_year": int(notes["OBS_PERIOD_OVERALL_LATEST"][:4]),
        }  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise PayloadInvalid(f"a dataflow without {error}", partner="eurostat", url=url) from error


def fetch(client: HttpClient, dataset: Dataset, signal: dict[str, Any], files: Path) -> str:
    """One file a year: 28 reporters x 282 partners x 8 products x 2 indicators are under 500,000 cells, the limit."""
    if _comes_as_files(dataset):
        return eurostat_bulk.fetch(client, dataset, signal, files)
    asked = dataset.request
    dimensions = ("A", "+".join(asked["reporters"]), "", "+".join(asked["products"]), asked["flow"])
    key = ".".join((*dimensions, "+".join(asked["indicators"])))
    url = client.url("comext", f"data/{dataset.code}/{key}")
    for year in range(asked["first_year"], signal["last_year"] + 1):
        params = {"format": "SDMX-CSV", "startPeriod": str(year), "endPeriod": str(year)}
        client.download(url, files / f"{year}.csv", expect="csv", params=params)
    return url


def read(dataset: Dataset, files: Path, work: Path) -> Iterable[TextTable]:
    if _comes_as_files(dataset):
        return eurostat_bulk.read(dataset, files, work)
    return [sdmx_csv.read(file, work / file.name, "eurostat") for file in sorted(files.glob("*.csv"))]


def _comes_as_files(dataset: Dataset) -> bool:
    return bool(dataset.request.get("door") == "files")
