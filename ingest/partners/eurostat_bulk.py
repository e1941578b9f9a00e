"""Comext's monthly files: `full_v2_YYYYMM.7z` in a listed folder, one member `full_YYYYMM.dat`, plain CSV.

The functions are those of a partner module; `ingest.partners.eurostat` hands over where the request's door is `files`.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ingest.errors import DatasetRetired, PartnerUnavailable, PayloadCut, PayloadInvalid
from ingest.formats import TextTable, csv_text, seven_zip
from ingest.http import HttpClient
from ingest.registry import Dataset

FOLDER = "comext/COMEXT_DATA/PRODUCTS"
# Months only: suffix 52 is a whole year, and full_partxixu_v2_, fullxixu, tariff and trhs_v2_ files lie beside them.
MONTH_FILE = re.compile(r"full_v2_(\d{4}(?:0[1-9]|1[0-2]))\.7z")


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
    file = work / "listing.csv"
    client.download(url, file, expect="csv", params=asked | {"sizeFormat": "NONE", "dateFormat": "ISO"})
    body = file.read_bytes()
    if not body.partition(b"\n")[0].removeprefix(codecs.BOM_UTF8).isascii():
        raise PartnerUnavailable(f"a body that starts {body[:20]!r}", partner="eurostat", url=url, expected="csv")
    try:
        entries = [_entry(row) for row in csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))]
    except (KeyError, TypeError, ValueError) as error:
        raise PayloadInvalid(
            f"a listing that cannot be read ({type(error).__name__}: {error})", partner="eurostat", url=url,
            expected="CSV with NAME and SIZE in every row",
        ) from error  # fmt: skip
    months = [(match[1], entry) for entry in entries if (match := MONTH_FILE.fullmatch(entry["name"]))]
    if not months or len(dict(months)) != len(months):
        raise PayloadInvalid(
            f"{len(months)} monthly files of {len(dict(months))} months in the listing", partner="eurostat", url=url,
            expected="full_v2_YYYYMM.7z once a month",
        )  # fmt: skip
    return dict(months)


def _entry(row: dict[str, str]) -> dict[str, Any]:
    """Sub-folders may come without a size; a file without one is an error."""
    stamps = [cell for name, cell in row.items() if name not in ("NAME", "TYPE", "SIZE") and isinstance(cell, str)]
    size = int(row["SIZE"]) if MONTH_FILE.fullmatch(row["NAME"]) else 0
    return {"name": row["NAME"], "size": size, "updated": " ".join(stamps).strip()}


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
