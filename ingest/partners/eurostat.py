"""Eurostat: Comext as SDMX-CSV, the main base as SDMX-TSV, the table of contents, the links between CN8 codes.

`request.kind` of a dataset says which of the four it is; Comext's monthly files (`door: files`) are read by
`ingest.partners.eurostat_bulk`. A base's dataflow tells by its annotations what moved, a file
of the bulk folder by its line in the listing, the table of contents only by itself.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from ingest.errors import (
    DatasetRetired,
    IngestError,
    PartnerUnavailable,
    PayloadCut,
    PayloadInvalid,
    RequestRefused,
    SchemaDrift,
)
from ingest.formats import TextTable, cn8_links, contents_text, sdmx_csv, sdmx_tsv
from ingest.http import HttpClient
from ingest.partners import eurostat_bulk
from ingest.registry import Dataset

CELLS = 450_000  # positions matched by one request; Eurostat answers at once below 500,000
PARTNERS = 300  # Comext has 282 partners, and a request for all of them names none
DOOR = {"sdmx_csv": "comext", "sdmx_tsv": "main"}


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


# --- what moved ------------------------------------------------------------------------------------------------------


def signal(client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
    if _comes_as_files(dataset):
        return eurostat_bulk.signal(client, dataset, work)
    match dataset.request["kind"]:
        case "contents":
            return _contents_signal(client, work)
        case "cn8_links":
            return _listing_signal(client, dataset, work)
        case kind:
            return _dataflow_signal(client, dataset, DOOR[kind], work)


def _dataflow_signal(client: HttpClient, dataset: Dataset, door: str, work: Path) -> dict[str, Any]:
    """UPDATE_DATA, number of observations, last period and version of the structure.

    Other annotations are left aside: UPDATE_FOOTNOTES moves alone.
    """
    url = client.url(door, f"dataflow/ESTAT/{dataset.code}")
    body = client.get_json(url, {"format": "JSON"}, into=work / "dataflow.json")
    try:
        notes = {n["type"]: n.get("date") or n.get("title") for n in body["extension"]["annotation"]}
        return {
            "updated": notes["UPDATE_DATA"], "observations": notes.get("OBS_COUNT"),
            "last_year": int(notes["OBS_PERIOD_OVERALL_LATEST"][:4]),
            "structure": body["extension"].get("datastructure", {}).get("version"),
        }  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise PayloadInvalid(f"a dataflow without {error}", partner="eurostat", url=url) from error


def _contents_signal(client: HttpClient, work: Path) -> dict[str, Any]:
    """The catalogue has no catalogue: its own newest date and its hash."""
    file = work / "contents.txt"
    client.download(client.url("files", "catalogue/toc/txt"), file, expect="csv", params={"lang": "en"})
    newest = max((entry["last_update"] for entry in contents_text.entries(file, "eurostat")), default="")
    return {"updated": newest, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _listing_signal(client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
    """The file's line in the listing of its folder: name, size, date. Asked for as CSV with ISO dates, since the
    default listing is HTML with dd/mm/yyyy."""
    folder, _, name = dataset.request["file"].rpartition("/")
    file, url = work / "listing.csv", client.url("files", "files")
    params = {"dir": folder, "format": "csv", "hierarchy": "false", "sizeFormat": "NONE", "dateFormat": "ISO"}
    client.download(url, file, expect="csv", params=params)
    lines = _listed(file.read_bytes(), url)
    found = [line for line in lines if line["NAME"].rpartition("/")[2] == name]
    if not found:
        raise DatasetRetired(
            f"{name} is not in the listing", partner="eurostat", url=url, expected=f"it in {folder}",
            remedy="look at the folder by hand and change `request.file`; the last good vintage keeps serving",
        )  # fmt: skip
    dates = [cell for key, cell in found[0].items() if "DATE" in key or "MODIF" in key]
    return {"updated": dates[0] if dates else "", "line": found[0]}


def _listed(body: bytes, url: str) -> list[dict[str, str]]:
    if not body.removeprefix(b"\xef\xbb\xbf").upper().startswith(b"NAME,"):
        raise PartnerUnavailable(f"a body that starts {body[:20]!r}", partner="eurostat", url=url, expected="a listing")
    if not body.endswith(b"\n"):
        raise PayloadCut("a listing whose last line is not whole", partner="eurostat", url=url, expected="whole lines")
    try:
        rows = csv.DictReader(body.decode("utf-8-sig").splitlines())
        return [{key.strip().upper(): cell for key, cell in row.items() if key} for row in rows]
    except UnicodeDecodeError as error:
        raise PayloadInvalid(
            f"a byte that is no text: {error}", partner="eurostat", url=url, expected="UTF-8"
        ) from error


# --- fetching --------------------------------------------------------------------------------------------------------


def fetch(client: HttpClient, dataset: Dataset, signal: dict[str, Any], files: Path) -> str:
    if _comes_as_files(dataset):
        return eurostat_bulk.fetch(client, dataset, signal, files)
    match dataset.request["kind"]:
        case "contents":
            url = client.url("files", "catalogue/toc/txt")
            client.download(url, files / "contents.txt", expect="csv", params={"lang": "en"})
        case "cn8_links":
            url = client.url("files", "files")
            client.download(url, files / "links.txt", expect="csv", params={"file": dataset.request["file"]})
        case "sdmx_tsv":
            url = client.url("main", f"data/{dataset.code}")
            client.download(url, files / "data.tsv", expect="csv", params={"format": "TSV", "compressed": "false"})
            # codes and labels of the day, frozen with the figures; partial: those in use
            structure = client.url("main", f"datastructure/ESTAT/{dataset.code}")
            params = {"references": "descendants", "detail": "referencepartial"}
            client.download(structure, files / "structure.xml", expect="xml", params=params)
        case _:
            url = client.url("comext", f"data/{dataset.code}/")
            _fetch_comext(client, dataset, url, signal["last_year"], files)
    return url


def _fetch_comext(client: HttpClient, dataset: Dataset, url: str, last_year: int, files: Path) -> None:
    """One file a year and block of products, so that each request stays below the limit of cells."""
    asked = dataset.request
    detail = asked.get("detail", {"first_year": last_year + 1})
    below = _codes_below(client, dataset, detail["headings"], files) if last_year >= detail["first_year"] else []
    for year in range(asked["first_year"], last_year + 1):
        products = asked["products"] + (below if year >= detail["first_year"] else [])
        for number, block in enumerate(_blocks(products, asked)):
            codes = ("A", "+".join(asked["reporters"]), "", "+".join(block), asked["flow"])
            key = ".".join((*codes, "+".join(asked["indicators"])))
            params = {"format": "SDMX-CSV", "startPeriod": str(year), "endPeriod": str(year)}
            client.download(url + key, files / f"{year}-{number:02}.csv", expect="csv", params=params)


def _blocks(products: list[str], asked: Mapping[str, Any]) -> list[list[str]]:
    cells = len(asked["reporters"]) * PARTNERS * len(asked["indicators"])  # of one product
    size = max(1, CELLS // cells)
    return [products[start : start + size] for start in range(0, len(products), size)]


def _codes_below(client: HttpClient, dataset: Dataset, headings: list[str], files: Path) -> list[str]:
    """The four- and six-digit codes under `headings` that the base has in use, of whatever edition of the HS.

    The list is kept with the snapshot. Raises PayloadInvalid where a heading has none.
    """
    url, file = client.url("comext", f"contentconstraint/ESTAT/{dataset.code}"), files / "codes.xml"
    client.download(url, file, expect="xml")
    codes = _codes_in_use(file, "product")
    found = sorted(code for code in codes if len(code) in (4, 6) and code.startswith(tuple(headings)))
    bare = [heading for heading in headings if not any(code.startswith(heading) for code in found)]
    if bare:
        raise PayloadInvalid(
            f"no code in use under {', '.join(bare)}", partner="eurostat", url=url,
            expected="HS headings and subheadings in the content constraint",
            remedy="look at the constraint by hand; `request.detail.headings` names what is asked for",
        )  # fmt: skip
    return found


def _codes_in_use(file: Path, dimension: str) -> set[str]:
    try:
        root: Element = ElementTree.fromstring(file.read_bytes())
    except (ParseError, DefusedXmlException) as error:
        raise PayloadInvalid(f"XML that cannot be read ({error})", partner="eurostat", expected="whole XML") from error
    keys = (element for element in root.iter() if element.tag.endswith("}KeyValue") and element.get("id") == dimension)
    return {value.text.strip() for key in keys for value in key if value.text and value.text.strip().isdigit()}


# --- reading ---------------------------------------------------------------------------------------------------------


def read(dataset: Dataset, files: Path, work: Path) -> Iterable[TextTable]:
    """Raises PayloadInvalid or SchemaDrift as the table is asked for."""
    return eurostat_bulk.read(dataset, files, work) if _comes_as_files(dataset) else _read(dataset, files, work)


def _comes_as_files(dataset: Dataset) -> bool:
    return bool(dataset.request.get("door") == "files")


def _read(dataset: Dataset, files: Path, work: Path) -> Iterator[TextTable]:
    match dataset.request["kind"]:
        case "contents":
            yield contents_text.read(files / "contents.txt", work / "contents.csv", "eurostat")
        case "cn8_links":
            known = tuple(dataset.request["known_link"])
            yield cn8_links.read(files / "links.txt", work / "links.csv", "eurostat", known)
        case "sdmx_tsv":
            _refuse_json(files / "data.tsv")
            yield sdmx_tsv.read(files / "data.tsv", work / "data.csv", "eurostat")
        case _:
            for file in sorted(files.glob("*.csv")):
                _refuse_json(file)
                yield sdmx_csv.read(file, work / file.name, "eurostat")


def _refuse_json(file: Path) -> None:
    """JSON-stat is never asked for: it drops unknown codes without a word (eurostat quirk 18)."""
    with file.open("rb") as stream:
        lead = stream.read(200).lstrip()
    if lead.startswith(b"{"):
        raise SchemaDrift(
            f"JSON in place of a table ({lead[:100].decode('utf-8', 'replace')!r})", partner="eurostat",
            expected="the format that was asked for",
            remedy="ask the URL by hand; if the format was given up, another has to be read",
        )  # fmt: skip
