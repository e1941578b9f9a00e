"""FAO: a catalogue and one zip a dataset."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime

from ingest.sandbox.dialects import Clock, Reply, Request, fao_catalogue, fao_entry, zip_bytes
from ingest.sandbox.sample_edition.tables import Row, Tables, joined, quoted

AREA = ("Area Code", "Area Code (M49)", "Area")
REPORTER = ("Reporter Country Code", "Reporter Country Code (M49)", "Reporter Countries")
PARTNER = ("Partner Country Code", "Partner Country Code (M49)", "Partner Countries")
ITEM = ("Item Code", "Item Code (CPC)", "Item")
ELEMENT_AND_YEAR = ("Element Code", "Element", "Year Code", "Year")
OBSERVATION = ("Unit", "Value", "Flag", "Note")
SERIES = (*AREA, *ITEM, *ELEMENT_AND_YEAR, *OBSERVATION)
FAO_FLAGS = (
    ("A", "Official figure"),
    ("E", "Estimated value"),
    ("I", "Value imputed by a receiving agency"),
    ("M", "Missing value; data cannot exist"),
    ("X", "Figure from external organization"),
)
MONTHS = {
    "7001": "January", "7002": "February", "7003": "March", "7004": "April", "7005": "May", "7006": "June",
    "7007": "July", "7008": "August", "7009": "September", "7010": "October", "7011": "November", "7012": "December",
    "7021": "Annual value",
}  # fmt: skip
OEA_SOURCES = {"3022": "ILOSTAT - Household survey", "3044": "FAO Model"}
OEA_INDICATORS = {
    "21088": "Employment in agriculture by age, 15 to 24",
    "21160": "Total employment in agrifood systems (AFS)",
}
SEXES = {"1": "Total", "2": "Male", "3": "Female"}


@dataclass(frozen=True)
class FaoSet:
    """A dataset as FAO's catalogue and zip have it; `header` is that of its main member."""

    code: str
    name: str
    stem: str
    header: tuple[str, ...]

    @property
    def file(self) -> str:
        return f"{self.stem}_All_Data_(Normalized).zip"


SETS = {  # by the name of the table that holds the figures
    "fao_qcl": FaoSet("QCL", "Production: Crops and livestock products", "Production_Crops_Livestock_E", SERIES),
    "fao_tcl": FaoSet("TCL", "Trade: Crops and livestock products", "Trade_CropsLivestock_E", SERIES),
    "fao_tm": FaoSet(
        "TM", "Trade: Detailed trade matrix", "Trade_DetailedTradeMatrix_E",
        (*REPORTER, *PARTNER, *ITEM, *ELEMENT_AND_YEAR, *OBSERVATION[:-1]),
    ),
    "fao_pp": FaoSet(
        "PP", "Prices: Producer Prices", "Prices_E",
        (*AREA, *ITEM, *ELEMENT_AND_YEAR, "Months Code", "Months", *OBSERVATION[:-1]),
    ),
    "fao_oea": FaoSet(
        "OEA", "Employment Indicators: Agriculture and agrifood systems", "Employment_Indicators_Agriculture_E",
        (
            *AREA, "Source Code", "Source", "Indicator Code", "Indicator", "Sex Code", "Sex", *ELEMENT_AND_YEAR,
            *OBSERVATION,
        ),
    ),
}  # fmt: skip


class Fao:
    """Answers from the tables, which are read once, when first asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._zips: dict[str, bytes] = {}

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        name = request.path.removeprefix("/production/")
        if name == "datasets_E.json":
            entries = [
                fao_entry(
                    known.code, known.name, known.file,
                    updated=clock.of(known.code).moment(), size=len(self._zip(table)), rows=len(self._tables[table]),
                )
                for table, known in SETS.items()
            ]  # fmt: skip
            return Reply(fao_catalogue(entries), "application/json")
        for table, known in SETS.items():
            if name == known.file:
                updated = format_datetime(clock.of(known.code).moment(), usegmt=True)
                headers = {"Accept-Ranges": "bytes", "Last-Modified": updated}
                return Reply(self._zip(table), "application/x-zip-compressed", headers=headers)
        return None

    def _zip(self, table: str) -> bytes:
        """The main member and FAO's code lists; a set of items that has none (OEA) has no list of them."""
        if table not in self._zips:
            known = SETS[table]
            members = {
                "All_Data_(Normalized)": self._main(table),
                "AreaCodes": _list("Area Code,M49 Code,Area", self._areas.values()),
                "ItemCodes": _list("Item Code,CPC Code,Item", self._items.values()),
                "Elements": _list("Element Code,Element", self._elements_of(table)),
                "Flags": _list("Flag, Description", FAO_FLAGS),
            }
            if not set(ITEM) <= set(known.header):
                del members["ItemCodes"]
            self._zips[table] = zip_bytes({f"{known.stem}_{name}.csv": body for name, body in members.items()})
        return self._zips[table]

    @functools.cached_property
    def _areas(self) -> dict[str, tuple[str, str, str]]:
        return {a["area_code"]: (a["area_code"], f"'{a['m49']}", a["label"]) for a in self._tables["fao_areas"]}

    @functools.cached_property
    def _items(self) -> dict[str, tuple[str, str, str]]:
        rows = self._tables["fao_items"]
        return {i["item_code"]: (i["item_code"], f"'{i['cpc']}" if i["cpc"] else "", i["label"]) for i in rows}

    @functools.cached_property
    def _elements(self) -> dict[str, Row]:
        return {row["element_code"]: row for row in self._tables["fao_elements"]}

    def _elements_of(self, table: str) -> list[tuple[str, str]]:
        used = {row["element_code"] for row in self._tables[table]}
        return [(code, element["label"]) for code, element in self._elements.items() if code in used]

    def _main(self, table: str) -> bytes:
        """Header bare, values quoted, nulls bare, CRLF, cp1252."""
        rows, header = self._tables[table], SETS[table].header
        extra, mark = self._tables.mark(rows)
        lines = [",".join((*header, *extra))]
        for row in rows:
            cells = self._cells(row)
            lines.append(",".join(map(quoted, (*(cells[name] for name in header), *mark(row)))))
        return joined(lines, "\r\n").encode("cp1252")

    def _cells(self, row: Row) -> dict[str, str]:
        """Name on the wire -> cell, as far as the table has it."""
        element = self._elements[row["element_code"]]
        cells = {
            "Element Code": row["element_code"], "Element": element["label"], "Year Code": row["year"],
            "Year": row["year"], "Unit": row.get("unit", element["unit"]), "Value": row["value"], "Flag": row["flag"],
            "Note": row.get("note", ""),
        }  # fmt: skip
        for column, names in (("area_code", AREA), ("reporter_code", REPORTER), ("partner_code", PARTNER)):
            if column in row:
                cells |= zip(names, self._areas[row[column]], strict=True)
        if "item_code" in row:
            code, cpc, label = self._items[row["item_code"]]
            # Data print "Cotton lint, ginned" where the list of items has "Cotton lint; ginned" (fao quirk 17).
            cells |= zip(ITEM, (code, cpc, label.replace("; ", ", ")), strict=True)
        for column, name, labels in (
            ("month_code", "Months", MONTHS),
            ("source_code", "Source", OEA_SOURCES),
            ("indicator_code", "Indicator", OEA_INDICATORS),
            ("sex_code", "Sex", SEXES),
        ):
            if column in row:
                cells |= {f"{name} Code": row[column], name: labels[row[column]]}
        return cells


def _list(header: str, rows: Iterable[Sequence[str]]) -> bytes:
    """A code list: unquoted, UTF-8, CRLF."""
    return joined([header, *map(",".join, rows)], "\r\n").encode()
