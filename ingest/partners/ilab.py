"""USDOL ILAB: the XML files of the agency's app at fixed commits; its open-data catalogue tells when it published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from ingest.errors import DatasetRetired, IngestError, PayloadInvalid
from ingest.formats import TextTable, write_rows
from ingest.http import HttpClient
from ingest.registry import Dataset

Row = dict[str, str | None]
MAX_PAGES = 50
STATISTICS = (
    "Children_Work_Statistics",
    "Education_Statistics_Attendance_Statistics",
    "Children_Working_and_Studying_7-14_yrs_old",
    "UNESCO_Primary_Completion_Rate",
)


def classify(status: int, body: bytes, headers: Mapping[str, str]) -> IngestError | None:
    return None


def signal(client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
    """The newest `updated_at` of ILAB's sets in the catalogue, and the list of files we take."""
    stamps: list[str] = []
    url, page = client.url("catalogue", "datasets"), 1
    for _turn in range(MAX_PAGES):
        body = client.catalogue(url, {"page": str(page)}, into=work / f"catalogue-{page}.json")
        try:
            stamps += [row["updated_at"] for row in body["datasets"] if row["agency"]["abbr"] == "ILAB"]
            page = body["meta"]["next_page"]
        except (KeyError, TypeError) as error:
            raise PayloadInvalid(f"a catalogue without {error}", partner="ilab", url=url) from error
        if not page:
            break
    if not stamps:
        raise DatasetRetired("no data set of ILAB in the catalogue", partner="ilab", url=url)
    return {"updated": max(stamps), "files": dict(dataset.request["files"])}


def fetch(client: HttpClient, dataset: Dataset, signal: dict[str, Any], files: Path) -> str:
    for year, path in dataset.request["files"].items():
        client.download(client.url("files", quote(path)), files / f"{year}.xml", expect="xml")
    return client.url("files")


def read(dataset: Dataset, files: Path, work: Path) -> list[TextTable]:
    rows_of = {"goods": _goods, "findings": _findings}[dataset.request["kind"]]
    rows = [row for file in sorted(files.glob("*.xml")) for row in rows_of(file.stem, _parse(file))]
    present = set().union(*rows) if rows else set()
    header = [c.source for c in dataset.columns if c.source in present]
    return [write_rows(work / "data.csv", header, _once(rows))]


def _parse(file: Path) -> Element:
    try:
        root: Element = ElementTree.fromstring(file.read_bytes())
    except (ParseError, DefusedXmlException) as error:
        raise PayloadInvalid(f"{file.name}: XML that cannot be parsed ({error})", partner="ilab") from error
    return root


def _once(rows: list[Row]) -> Iterator[Row]:
    """Identical repeats are the source's slip and stand once (trap 6); differing ones reach the uniqueness check."""
    return (dict(items) for items in Counter(tuple(row.items()) for row in rows))


def _text(element: Element | None) -> str | None:
    return None if element is None or element.text is None else element.text.strip() or None


def _goods(edition: str, root: Element) -> Iterator[Row]:
    for good in root.iter("Good"):
        for country in good.iterfind("Countries/Country"):
            named = {"edition": edition, "Good_Name": _text(good.find("Good_Name"))}
            named["Good_Sector"] = _text(good.find("Good_Sector"))
            yield named | {child.tag: _text(child) for child in country}


def _findings(report_year: str, root: Element) -> Iterator[Row]:
    for country in root.iterfind("Country"):
        lead: Row = {"report_year": report_year, "Name": _text(country.find("Name"))}
        yield lead | {
            "section": "Profile", "block": "1", "age_range": None, "measure": "Advancement_Level",
            "value": _text(country.find("Advancement_Level")),
        }  # fmt: skip
        for section in STATISTICS:
            for holder in country.iterfind(f"Country_Statistics/{section}"):
                yield from _statistics(lead, section, holder)


def _statistics(lead: Row, section: str, holder: Element) -> Iterator[Row]:
    """A section may hold several surveys or provinces one after another, unnamed: a repeated name starts the next
    block, and the age range that came with the block holds until the next one (trap 5)."""
    block, seen, age_range = 1, set[str](), None
    for child in holder:
        if child.tag in seen:
            block, seen, age_range = block + 1, set(), None
        seen.add(child.tag)
        if child.tag == "Age_Range":
            age_range = _text(child)
        else:
            yield lead | {
                "section": section, "block": str(block), "age_range": age_range, "measure": child.tag,
                "value": _text(child),
            }  # fmt: skip
