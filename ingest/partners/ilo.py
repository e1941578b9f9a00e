"""ILOSTAT through rplumber: the table of contents tells what moved, one request a dataset brings the code-mode CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from ingest import storage
from ingest.errors import DatasetRetired, IngestError, PartnerUnavailable, PayloadCut, PayloadInvalid
from ingest.formats import TextTable, csv_text, write_rows
from ingest.http import HttpClient
from ingest.registry import Dataset

UNITS = {"(%)": "%", "(thousands)": "thousand persons"}  # how a label ends -> the unit of the registry
CODED = ("ref_area", "sex", "classif1", "classif2", "obs_status")  # columns whose list of codes comes with the data
LABEL = ".label"  # how the ILO names a label beside its code
STAMP = "%d/%m/%Y %H:%M:%S"  # dd/mm, also on days when mm/dd would parse (ilo quirk 13)


def classify(status: int, body: bytes, headers: Mapping[str, str]) -> IngestError | None:
    if status == 400 and b"invalid dataset id" in body:
        return DatasetRetired(
            f"HTTP 400 {body.decode('utf-8', 'replace')[:200]}", expected="a dataset of today's table of contents",
            remedy="find the successor in the table of contents and change `code`; the last good vintage keeps serving",
        )  # fmt: skip
    if status == 403 and (b"Just a moment" in body or headers.get("cf-mitigated") == "challenge"):
        return PartnerUnavailable("HTTP 403, a challenge page: too many requests", retry_after=60.0)
    if status == 200 and b"Server Error" in body[:500]:
        return PartnerUnavailable("status 200 with the words Server Error")
    return None


def signal(client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
    """`last.update` and the number of records. A dictionary has no stamp of its own: the newest of all counts."""
    url = client.url("data", "metadata/toc/indicator")
    contents = client.catalogue(url, {"lang": "en", "format": ".json"}, into=work / "toc.json")
    if "dictionary" in dataset.request:
        return {"updated": max(_stamp(row, url) for row in contents if row)}
    rows = [row for row in contents if row.get("id") == f"{dataset.code}_A"]
    if not rows:
        raise DatasetRetired(
            f"id {dataset.code}_A is not in the table of contents", partner="ilo", url=url,
            remedy="find the successor in the table of contents and change `code`; the last good vintage keeps serving",
        )  # fmt: skip
    _check_label(dataset, rows[0], url)
    return {"updated": _stamp(rows[0], url), "records": int(rows[0]["n.records"])}


def _check_label(dataset: Dataset, row: dict[str, Any], url: str) -> None:
    """The file has codes only: language and unit stand in the catalogue's labels (ilo quirks 25, 29).

    Raises PayloadInvalid for another language or unit than asked for. Absent labels and labels without a unit pass.
    """
    if row.get("freq.label", "Annual") != "Annual":
        raise PayloadInvalid(
            f"freq.label {row['freq.label']!r}", partner="ilo", url=url, expected="'Annual': an answer in English",
            remedy="the service ignores lang=en: ask again later, and tell the ILO if it stays",
        )  # fmt: skip
    label = row.get("indicator.label", "")
    for ending, unit in UNITS.items():
        declared = {series.unit for series in dataset.series}
        if label.endswith(ending) and declared != {unit}:
            raise PayloadInvalid(
                f"the label {label!r}", partner="ilo", url=url, expected=f"the unit {', '.join(sorted(declared))}",
                remedy="the ILO prints another unit: read its notes, then change the unit in the registry and what "
                "is built on it",
            )  # fmt: skip


def _stamp(row: dict[str, Any], url: str) -> str:
    moment = datetime.strptime(row["last.update"], STAMP)
    if moment > storage.utcnow().replace(tzinfo=None) + timedelta(days=1):
        raise PayloadInvalid(f"last.update {row['last.update']} lies in the future", partner="ilo", url=url)
    return moment.isoformat()


def fetch(client: HttpClient, dataset: Dataset, signal: dict[str, Any], files: Path) -> str:
    if "dictionary" in dataset.request:
        url = client.url("data", "metadata/dic")
        client.get_json(
            url, {"var": dataset.request["dictionary"], "lang": "en", "format": ".json"}, into=files / "dictionary.json"
        )
        return url
    url = client.url("data", "data/indicator")
    params = {"id": f"{dataset.code}_A", "best_source": "yes", "type": "code", "lang": "en", "format": ".csv"}
    for last_try in (False, True):
        client.download(url, files / "data.csv", expect="csv", params=params)
        try:
            _reconcile(files / "data.csv", signal["records"], url)
            break
        except PayloadCut:
            if last_try:
                raise
    _fetch_code_lists(client, dataset, files)
    return f"{url}?id={dataset.code}_A"


def _fetch_code_lists(client: HttpClient, dataset: Dataset, files: Path) -> None:
    """The codes of the day, frozen with the figures. Raises PayloadInvalid for a list without a code."""
    for name in (column.name for column in dataset.columns if column.name in CODED):
        url = f"{client.url('data', 'metadata/dic')}?var={name}&lang=en&format=.json"
        client.download_once(url, _code_list(files, name), expect="json")
        if not _labels(files, name):
            raise PayloadInvalid(
                f"a list of {name} without a code", partner="ilo", url=url, expected="codes with their labels",
                remedy="the next run asks again; if it stays, look at the URL by hand",
            )  # fmt: skip


def _code_list(files: Path, name: str) -> Path:
    return files / f"codes_{name}.json"


def _labels(files: Path, name: str) -> dict[str, str]:
    """Code -> label. Raises PayloadInvalid for a list that cannot be read."""
    try:
        entries = json.loads(_code_list(files, name).read_bytes().decode("utf-8-sig"))
        # The list ends with an empty object (ilo quirk 14).
        return {entry[name]: entry.get(name + LABEL, "") for entry in entries if entry}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PayloadInvalid(
            f"a list of codes that cannot be read ({error!r})", partner="ilo", expected=f"objects with {name}",
            remedy="the next run asks again; if it stays, look at the URL by hand",
        ) from error  # fmt: skip


def _reconcile(file: Path, records: int, url: str) -> None:
    """Notes hold no line break, so lines are rows; the last line of a whole file ends with a line feed."""
    with file.open("rb") as stream:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b"")) - 1
    if lines != records:
        raise PayloadCut(
            f"{max(lines, 0)} rows", partner="ilo", url=url, expected=f"{records}, as the table of contents says",
            remedy="the next run asks again; if it stays, the ILO's catalogue and data disagree: tell the ILO",
        )  # fmt: skip


def read(dataset: Dataset, files: Path, work: Path) -> list[TextTable]:
    if "dictionary" not in dataset.request:
        table = csv_text.from_file(files / "data.csv", work / "data.csv", "ilo")
        labelled = [c.source.removesuffix(LABEL) for c in dataset.columns if c.source.endswith(LABEL)]
        return [_with_labels(table, files, labelled) if labelled else table]
    entries = json.loads((files / "dictionary.json").read_bytes().decode("utf-8-sig"))
    header = [name for name in (c.source for c in dataset.columns) if any(name in entry for entry in entries)]
    # The list ends with an empty object (ilo quirk 14).
    return [write_rows(work / "dictionary.csv", header, (entry for entry in entries if entry))]


def _with_labels(table: TextTable, files: Path, names: list[str]) -> TextTable:
    """The table and, for each of these columns, what the list of codes calls its codes; unknown ones stay blank.

    A row of another length than the header stays as it is: the loader refuses it.
    """
    labels = [(table.header.index(name), _labels(files, name)) for name in names]
    path, header = table.path.with_name("labelled.csv"), (*table.header, *(name + LABEL for name in names))
    with table.path.open(encoding="utf-8", newline="") as stream, path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        for row in islice(csv.reader(stream), 1, None):
            whole = len(row) == len(table.header)
            writer.writerow([*row, *(known.get(row[at], "") for at, known in labels)] if whole else row)
    return replace(table, path=path, header=header)
