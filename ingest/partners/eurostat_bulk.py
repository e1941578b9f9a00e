"""Comext's monthly files: `full_v2_YYYYMM.7z` in a listed folder, one member `full_YYYYMM.dat`, plain CSV.

The functions are those of a partner module; `ingest.partners.eurostat` hands over where the request's door is `files`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ingest.errors import DatasetRetired, PayloadCut, PayloadInvalid
from ingest.formats import TextTable, csv_text, seven_zip
from ingest.http import HttpClient
from ingest.registry import Dataset

FOLDER = "comext/COMEXT_DATA/PRODUCTS"
# Months only: suffix 52 is a whole year, and full_partxixu_v2_, fullxixu, tariff and trhs_v2_ files lie beside them.
MONTH_FILE = re.compile(r"full_v2_(\d{4}(?:0[1-9]|1[0-2]))\.7z")
LISTED = ("NAME", "SIZE")  # what is needed of the listing's columns


def signal(client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
    """Name, size and date of the month's file, or those of all months by month.

    `updated` is what the listing prints beside name and size.
    """
    signals = _listed(client, work)
    if dataset.period is None:
        return signals
    if dataset.period not in signals:
        raise DatasetRetired(
            f"no file of {dataset.period} in the listing", partner="eurostat", url=client.url("files", "files"),
            remedy="look at the listing with a browser; a month that was loaded before keeps serving",
        )  # fmt: skip
    return signals[dataset.period]


def _listed(client: HttpClient, work: Path) -> dict[str, dict[str, Any]]:
    url, asked = client.url("files", "files"), {"dir": FOLDER, "format": "csv", "hierarchy": "false"}
    listing = work / "listing.csv"
    client.download(url, listing, expect="csv", params=asked | {"sizeFormat": "NONE", "dateFormat": "ISO"})
    with listing.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = set(LISTED) - set(reader.fieldnames or ())
        if missing:
            raise PayloadInvalid(f"a listing without {sorted(missing)}", partner="eurostat", url=url, expected="CSV")
        found = [(MONTH_FILE.fullmatch(row["NAME"]), row) for row in reader]
    months = [(match[1], _entry(row)) for match, row in found if match]
    signals = dict(months)
    if not months or len(signals) != len(months):
        raise PayloadInvalid(
            f"{len(months)} monthly files of {len(signals)} months in the listing", partner="eurostat", url=url,
            expected="full_v2_YYYYMM.7z once a month",
        )  # fmt: skip
    return signals


def _entry(row: dict[str, str]) -> dict[str, Any]:
    stamps = [cell for name, cell in row.items() if name not in ("NAME", "TYPE", "SIZE") and isinstance(cell, str)]
    return {"name": row["NAME"], "size": int(row["SIZE"]), "updated": " ".join(stamps).strip()}


def fetch(client: HttpClient, dataset: Dataset, signal: dict[str, Any], files: Path) -> str:
    """The month's file. One of another size than listed is asked for once more, then given up."""
    url, name, size = client.url("files", "files"), signal["name"], signal["size"]
    asked = {"file": f"{FOLDER}/{name}"}
    for _try in (1, 2):
        client.download(url, files / name, expect="7z", params=asked)
        received = (files / name).stat().st_size
        if received == size:
            return f"{url}?file={FOLDER}/{name}"
    raise PayloadCut(
        f"{name} has {received} bytes", partner="eurostat", url=url, expected=f"{size} bytes, as the listing says",
        remedy="nothing now: the month's last good vintage keeps serving and the next run asks again",
    )  # fmt: skip


def read(dataset: Dataset, files: Path, work: Path) -> Iterable[TextTable]:
    """The one member in pieces. Raises PayloadInvalid for any other content than the month's own."""
    (file,) = files.glob("*.7z")
    expected = f"full_{dataset.period}.dat"
    with file.open("rb") as stream:
        archive = seven_zip.Archive(stream, "eurostat")
        names = [member.name for member in archive.members]
        if names != [expected]:
            raise PayloadInvalid(
                f"members {names}", partner="eurostat", expected=f"{expected} alone",
                remedy="look into the archive of the raw snapshot: a synthetic file or another month has no place here",
            )  # fmt: skip
        yield from csv_text.cut(csv_text.utf8_blocks(archive.open(archive.members[0]), "eurostat"), work, "eurostat")
