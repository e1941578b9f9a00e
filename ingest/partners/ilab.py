"""USDOL ILAB: the XML files of the agency's app at fixed commits; its open-data catalogue tells when it published."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from ingest.errors import DatasetRetired, IngestError, PayloadInvalid, SchemaDrift
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
# Report 2014 has no Legal_Standards: the later name of a standard -> the elements of Master_Data that hold it.
STANDARDS_OF_2014 = {
    "Minimum_Work": ("Minimum_Age_for_Work_Estabslished", "Minimum_Age_for_Work"),
    "Minimum_Hazardous_Work": ("Minimum_Age_for_Hazardous_Work_Estabslished", "Minimum_Age_for_Hazardous_Work"),
    "Compulsory_Education": ("Compulsory_Education_Age_Established", "Minimum_Age_for_Compulsory_Education"),
    "Free_Public_Education": ("Free_Public_Education_Estabslished", None),
}
SAME_YEAR_SHARE = 0.8  # of the profiles, by their own text; the recorded reports have 0.90 to 0.99


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
        client.download_once(client.url("files", quote(path)), files / f"{year}.xml", expect="xml")
    return client.url("files")


def read(dataset: Dataset, files: Path, work: Path) -> list[TextTable]:
    rows_of = _READERS[dataset.code]
    rows: list[Row] = []
    for file in sorted(files.glob("*.xml")):
        root = _parse(file)
        _check_report_year(file, root)
        rows += rows_of(file.stem, root)
    counted = list(_once(rows))
    present = set().union(*counted) if counted else set()
    header = [c.source for c in dataset.columns if c.source in present]
    return [write_rows(work / "data.csv", header, counted)]


def _parse(file: Path) -> Element:
    try:
        root: Element = ElementTree.fromstring(file.read_bytes())
    except (ParseError, DefusedXmlException) as error:
        raise PayloadInvalid(f"{file.name}: XML that cannot be parsed ({error})", partner="ilab") from error
    return root


def _check_report_year(file: Path, root: Element) -> None:
    """The year stands in the text of the profiles; the agency has put one report under the name of another, and
    edits files in place (trap 17). Goods lists have no such text. Raises PayloadInvalid."""
    texts = [text for country in root.iterfind("Country") if (text := _text(country.find("Description")))]
    profiles = [text for text in texts if not text.startswith("Not covered")]
    named = Counter(found[1] for text in profiles if (found := re.search(r"\bIn (20\d\d)\b", text)))
    if named[file.stem] < SAME_YEAR_SHARE * len(profiles):
        raise PayloadInvalid(
            f"{file.name}: the text of {named[file.stem]} of {len(profiles)} profiles is about {file.stem}, most often "
            f"named: {named.most_common(2)}",
            partner="ilab", expected=f"at least {SAME_YEAR_SHARE:.0%} of them",
            remedy="the file holds another report year, or two of them: find the commit of the report and change "
            "`files` in the registry",
        )  # fmt: skip


def _once(rows: list[Row]) -> Iterator[Row]:
    """Identical repeats are the source's slip and stand once, with their number (trap 6); differing ones reach the
    uniqueness check."""
    return (dict(items) | {"copies": str(n)} for items, n in Counter(tuple(row.items()) for row in rows).items())


def _text(element: Element | None) -> str | None:
    return None if element is None or element.text is None else element.text.strip() or None


def _goods(edition: str, root: Element) -> Iterator[Row]:
    for good in root.iter("Good"):
        for country in good.iterfind("Countries/Country"):
            named = {"edition": edition, "Good_Name": _text(good.find("Good_Name"))}
            named["Good_Sector"] = _text(good.find("Good_Sector"))
            yield named | {child.tag: _text(child) for child in country}


def _countries(report_year: str, root: Element) -> Iterator[tuple[Row, Element]]:
    """The columns that every row of a country begins with, and the country."""
    for country in root.iterfind("Country"):
        yield {"report_year": report_year, "Name": _text(country.find("Name"))}, country


def _findings(report_year: str, root: Element) -> Iterator[Row]:
    for lead, country in _countries(report_year, root):
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


def _conventions(report_year: str, root: Element) -> Iterator[Row]:
    """Report 2014 has the treaties in Master_Data, with other facts; Zimbabwe 2022 lists them twice."""
    for lead, country in _countries(report_year, root):
        for holder in ("Master_Data", "Conventions"):
            for child in country.iterfind(f"{holder}/*"):
                if child.tag.endswith("_Ratified"):
                    yield lead | {"convention": child.tag, "value": _text(child)}


def _legal_standards(report_year: str, root: Element) -> Iterator[Row]:
    """One row a standard, or one a territory of it. A standard without any content is not assessed: no row."""
    for lead, country in _countries(report_year, root):
        for standard in country.iterfind("Legal_Standards/*"):
            for territory, place in _places(standard):
                facts = ("Standard", "Age", "Calculated_Age", "Conforms_To_Intl_Standard")
                yield lead | {"element": standard.tag, "territory": territory} | _children(place, *facts)
        master = country.find("Master_Data")
        if master is not None and len(master):
            for name, (established, age) in STANDARDS_OF_2014.items():
                yield lead | {
                    "element": name, "territory": None, "Standard": _child(master, established),
                    "Age": _child(master, age) if age else None,
                }  # fmt: skip


def _enforcement(report_year: str, root: Element) -> Iterator[Row]:
    for lead, country in _countries(report_year, root):
        for section in ("Enforcements", "Mechanisms"):
            for fact in country.iterfind(f"{section}/*"):
                of_fact = lead | {"section": section, "measure": fact.tag}
                if not len(fact):
                    yield of_fact | {"territory": None, "value": _text(fact)}
                for territory, place in _places(fact):
                    yield of_fact | {"territory": territory, "value": _child(place, "Enforcement")}


def _suggested_actions(report_year: str, root: Element) -> Iterator[Row]:
    for lead, country in _countries(report_year, root):
        for area in country.iterfind("Suggested_Actions/*"):
            for action in area.iterfind("Action"):
                years = {} if action.find("Years") is None else {"Years": _child(action, "Years")}
                yield lead | {"area": area.tag, "action": _child(action, "Name")} | years


def _projects(report_year: str, root: Element) -> Iterator[Row]:
    for lead, country in _countries(report_year, root):
        for project in country.iterfind("ILAB_Projects/Project"):
            yield lead | _children(project, "Title", "Link")


def _places(holder: Element) -> Iterator[tuple[str | None, Element]]:
    """The territories that a fact is told for, or the whole country without a name; nothing for an empty element."""
    territories = holder.findall("Territory")
    if territories:
        yield from ((_child(territory, "Territory_Name"), territory) for territory in territories)
    elif len(holder):
        yield None, holder


def _children(holder: Element, *names: str) -> Row:
    return {name: _child(holder, name) for name in names}


def _child(holder: Element, name: str) -> str | None:
    """The text of an element that the layout always has; without it the rest would shift into silence."""
    child = holder.find(name)
    if child is None:
        raise SchemaDrift(
            f"{holder.tag} without {name}, with {sorted({c.tag for c in holder})}", partner="ilab",
            expected=f"{name} in every {holder.tag}", remedy="compare the raw XML with ingest/partners/ilab.py",
        )  # fmt: skip
    return _text(child)


_READERS: dict[str, Callable[[str, Element], Iterator[Row]]] = {
    "goods": _goods,
    "findings": _findings,
    "conventions": _conventions,
    "legal_standards": _legal_standards,
    "enforcement": _enforcement,
    "suggested_actions": _suggested_actions,
    "projects": _projects,
}
