"""FAOSTAT bulk files: one zip a dataset, found by its code in the catalogue `datasets_E.json`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ingest.errors import DatasetRetired, IngestError, PayloadInvalid, RequestRefused
from ingest.formats import TextTable, csv_text, fao_wide
from ingest.http import HttpClient
from ingest.registry import Dataset
from ingest.snapshots import safe_members

MAIN_MEMBER = "_all_data_(normalized).csv"
LOCATION = re.compile(r"https://[\w.-]+/(?:[\w().-]+/)*([\w().-]+\.zip)", re.ASCII)
WIDE_MEMBER = re.compile(r"_e_(all_data|africa|americas|asia|europe|oceania)\.csv$")


def classify(status: int, body: bytes, headers: Mapping[str, str]) -> IngestError | None:
    if status == 403:  # FAO's answer to a missing file
        return RequestRefused(
            "HTTP 403", expected="HTTP 200",
            remedy="403 means: the file has another name, the client is blocked, or the dataset was removed; "
            "compare with the catalogue",
        )  # fmt: skip
    return None


def signal(client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
    """The catalogue's row: date, rows, size and location. Texts are left out, they change by themselves."""
    url = client.url("bulk", "datasets_E.json")
    body = client.catalogue(url, into=work / "catalogue.json")
    try:
        listed = body["Datasets"]["Dataset"]
    except (KeyError, TypeError) as error:
        raise PayloadInvalid(
            "a catalogue of another shape", partner="fao", url=url, expected="Datasets/Dataset"
        ) from error
    rows = [row for row in (listed if isinstance(listed, list) else [listed]) if row["DatasetCode"] == dataset.code]
    if not rows:
        raise DatasetRetired(
            f"code {dataset.code} is not in the catalogue", partner="fao", url=url,
            remedy="datasets come back under other codes: look for the title in the catalogue, then change `code`",
        )  # fmt: skip
    if len(rows) > 1:
        raise PayloadInvalid(f"code {dataset.code} twice in the catalogue", partner="fao", url=url)
    row = rows[0]
    return {
        "updated": row["DateUpdate"], "rows": row["FileRows"], "size": row["FileSize"], "location": row["FileLocation"],
    }  # fmt: skip


def fetch(client: HttpClient, dataset: Dataset, signal: dict[str, Any], files: Path) -> str:
    found = LOCATION.fullmatch(str(signal["location"]))
    if found is None:
        raise PayloadInvalid(
            f"a location {signal['location']!r}", partner="fao", expected="https, a host, and the name of a zip"
        )
    name = found[1]
    client.download(client.url("bulk", quote(name)), files / name, expect="zip")
    return str(signal["location"])


def read(dataset: Dataset, files: Path, work: Path) -> Iterable[TextTable]:
    """The one `(Normalized)` member, or else the one in the wide layout; never both, they end in different years.

    Code lists stay in the snapshot. Encoding is per member (fao quirks 1-3).
    """
    (file,) = files.glob("*.zip")
    members = safe_members(file, "fao")
    normalized = [m for m in members if m[1].filename.lower().endswith(MAIN_MEMBER)]
    wide = [m for m in members if WIDE_MEMBER.search(m[1].filename.lower())]
    if len(normalized or wide) != 1:
        raise PayloadInvalid(
            f"{len(normalized or wide)} members named *{MAIN_MEMBER}", partner="fao", expected="exactly one",
            remedy="look into the zip of the raw snapshot",
        )  # fmt: skip
    ((archive, member),) = normalized or wide
    pieces = csv_text.pieces(archive, member, work, "fao")
    return pieces if normalized else _unfolded(pieces)


def _unfolded(pieces: Iterable[TextTable]) -> Iterator[TextTable]:
    for piece in pieces:
        long = fao_wide.unfold(piece, piece.path.with_suffix(".long.csv"), "fao")
        piece.path.unlink()
        yield replace(long, is_piece=True, encoding=piece.encoding)
