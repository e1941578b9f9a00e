"""FAO: a catalogue and one zip a dataset."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from email.utils import format_datetime

from ingest.sandbox.dialects import Clock, Reply, Request, fao_catalogue, fao_entry, zip_bytes
from ingest.sandbox.sample_edition.tables import Row, Tables, joined, quoted

QCL_STEM = "Production_Crops_Livestock_E"
QCL_FILE = f"{QCL_STEM}_All_Data_(Normalized).zip"
QCL_HEADER = (
    "Area Code,Area Code (M49),Area,Item Code,Item Code (CPC),Item,Element Code,Element,"
    "Year Code,Year,Unit,Value,Flag,Note"
)
FAO_FLAGS = (
    ("A", "Official figure"),
    ("E", "Estimated value"),
    ("I", "Value imputed by a receiving agency"),
    ("M", "Missing value; data cannot exist"),
    ("X", "Figure from external organization"),
)


class Fao:
    """Answers from the tables, which are read once, when first asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        if request.path == "/production/datasets_E.json":
            entry = fao_entry(
                "QCL", "Production: Crops and livestock products", QCL_FILE,
                updated=clock.moment(), size=len(self._zip), rows=len(self._tables["fao_qcl"]),
            )  # fmt: skip
            return Reply(fao_catalogue([entry]), "application/json")
        if request.path == f"/production/{QCL_FILE}":
            headers = {"Accept-Ranges": "bytes", "Last-Modified": format_datetime(clock.moment(), usegmt=True)}
            return Reply(self._zip, "application/x-zip-compressed", headers=headers)
        return None

    @functools.cached_property
    def _zip(self) -> bytes:
        areas, items, elements = (self._tables[f"fao_{name}"] for name in ("areas", "items", "elements"))
        return zip_bytes(
            {
                f"{QCL_STEM}_All_Data_(Normalized).csv": self._main(areas, items, elements),
                f"{QCL_STEM}_AreaCodes.csv": _list(
                    "Area Code,M49 Code,Area", ((a["area_code"], f"'{a['m49']}", a["label"]) for a in areas)
                ),
                f"{QCL_STEM}_ItemCodes.csv": _list(
                    "Item Code,CPC Code,Item", ((i["item_code"], _apostrophed(i["cpc"]), i["label"]) for i in items)
                ),
                f"{QCL_STEM}_Elements.csv": _list(
                    "Element Code,Element", ((e["element_code"], e["label"]) for e in elements)
                ),
                f"{QCL_STEM}_Flags.csv": _list("Flag, Description", FAO_FLAGS),
            }
        )

    def _main(self, areas: list[Row], items: list[Row], elements: list[Row]) -> bytes:
        """Header bare, values quoted, nulls bare, CRLF, cp1252."""
        area_of = {a["area_code"]: (a["area_code"], _apostrophed(a["m49"]), a["label"]) for a in areas}
        # Data print "Cotton lint, ginned" where the list of items has "Cotton lint; ginned" (fao quirk 17).
        item_of = {
            i["item_code"]: (i["item_code"], _apostrophed(i["cpc"]), i["label"].replace("; ", ", ")) for i in items
        }
        element_of = {e["element_code"]: e for e in elements}
        rows = self._tables["fao_qcl"]
        extra, mark = self._tables.mark(rows)
        lines = [",".join((QCL_HEADER, *extra))]
        for row in rows:
            element = element_of[row["element_code"]]
            cells = [
                *area_of[row["area_code"]], *item_of[row["item_code"]], row["element_code"], element["label"],
                row["year"], row["year"], element["unit"], row["value"], row["flag"], "", *mark(row),
            ]  # fmt: skip
            lines.append(",".join(map(quoted, cells)))
        return joined(lines, "\r\n").encode("cp1252")


def _apostrophed(code: str) -> str:
    return f"'{code}" if code else ""


def _list(header: str, rows: Iterable[Sequence[str]]) -> bytes:
    """A code list: unquoted, UTF-8, CRLF."""
    return joined([header, *map(",".join, rows)], "\r\n").encode()
