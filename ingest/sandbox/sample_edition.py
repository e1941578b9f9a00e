"""The sample edition: tables of figures (`sample/*.csv`) encoded into each partner's wire dialect.

Rows whose source is synthetic carry the mark A87_SYNTHETIC; a table without such rows has no such column. Bodies depend
on the figures alone, and on the clock only where the partner prints its stamp.
"""

from __future__ import annotations

import csv
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

from ingest import registry
from ingest.registry import SYNTHETIC_MARK
from ingest.sandbox import ilab_xml
from ingest.sandbox.dialects import (
    BOM,
    CET,
    OCTETS,
    SDMX_CSV,
    Clock,
    Reply,
    Request,
    Slice,
    dataflow,
    dol_catalogue,
    fao_catalogue,
    fao_entry,
    ilo_contents,
    ilo_entry,
    json_reply,
    wb_message,
    wb_page,
    zip_bytes,
)

Row = dict[str, str]
BUNDLED = Path(__file__).parent / "sample"

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
ILO_COLUMNS = ("ref_area", "source", "indicator", "sex", "classif1", "classif2", "time", "obs_value", "obs_status")
ILO_BREAKDOWNS = {"sex", "classif1", "classif2"}  # a dataset without one has no such column
WB_SOURCES = (("1", "Doing Business", "DBS"), ("2", "World Development Indicators", "WDI"))
WB_MAX_PER_PAGE = 32500  # above it the real service sends an HTML page
COMEXT = "/eurostat/api/comext/dissemination/sdmx/2.1"
COMEXT_CODE = "DS-045409"
COMEXT_DIMENSIONS = ("freq", "reporter", "partner", "product", "flow", "indicators")
COMEXT_INDICATORS = {"VALUE_IN_EUROS": "value_eur", "QUANTITY_IN_100KG": "quantity_100kg"}
ILAB_SETS = {
    10272: "Child_Labor_Report__2016_to_2022",
    10294: "ImportWatch_Goods_HS",
    10295: "ImportWatch_Core_Data",
    10296: "ImportWatch_Country_Codes",
    10297: "LaborShield_ReportingData",
    10300: "LaborShield_Goods",
    10302: "LaborShield_SuggestedActions",
}


class SampleEdition:
    """Answers from the tables in `folder`, which are read once, when first asked for."""

    def __init__(self, folder: Path = BUNDLED) -> None:
        self._tables = _Tables(folder)

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        answer = self._PARTNERS.get(request.host)
        return answer(self, request, clock) if answer else None

    # --- FAO: a catalogue and one zip ---

    def _fao(self, request: Request, clock: Clock) -> Reply | None:
        if request.path == "/production/datasets_E.json":
            entry = fao_entry(
                "QCL", "Production: Crops and livestock products", QCL_FILE,
                updated=clock.moment(), size=len(self._fao_zip), rows=len(self._tables["fao_qcl"]),
            )  # fmt: skip
            return Reply(fao_catalogue([entry]), "application/json")
        if request.path == f"/production/{QCL_FILE}":
            headers = {"Accept-Ranges": "bytes", "Last-Modified": format_datetime(clock.moment(), usegmt=True)}
            return Reply(self._fao_zip, "application/x-zip-compressed", headers=headers)
        return None

    @functools.cached_property
    def _fao_zip(self) -> bytes:
        areas, items, elements = (self._tables[f"fao_{name}"] for name in ("areas", "items", "elements"))
        return zip_bytes(
            {
                f"{QCL_STEM}_All_Data_(Normalized).csv": self._fao_main(areas, items, elements),
                f"{QCL_STEM}_AreaCodes.csv": _fao_list(
                    "Area Code,M49 Code,Area", ((a["area_code"], f"'{a['m49']}", a["label"]) for a in areas)
                ),
                f"{QCL_STEM}_ItemCodes.csv": _fao_list(
                    "Item Code,CPC Code,Item", ((i["item_code"], _apostrophed(i["cpc"]), i["label"]) for i in items)
                ),
                f"{QCL_STEM}_Elements.csv": _fao_list(
                    "Element Code,Element", ((e["element_code"], e["label"]) for e in elements)
                ),
                f"{QCL_STEM}_Flags.csv": _fao_list("Flag, Description", FAO_FLAGS),
            }
        )

    def _fao_main(self, areas: list[Row], items: list[Row], elements: list[Row]) -> bytes:
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
            lines.append(",".join(map(_quoted, cells)))
        return _joined(lines, "\r\n").encode("cp1252")

    # --- ILO: a table of contents, a dictionary and code-mode CSV ---

    def _ilo(self, request: Request, clock: Clock) -> Reply | None:
        if request.path == "/metadata/toc/indicator":
            return ilo_contents([self._ilo_entry(dataset, rows, clock) for dataset, rows in self._ilo_rows.items()])
        if request.path == "/metadata/dic" and request.query.get("var") == "source":
            names = {"source": "source", "source.label": "label", "ref_area": "ref_area"}
            listed = [{wire: row[name] for wire, name in names.items()} for row in self._tables["ilo_sources"]]
            return replace(json_reply([*listed, {}]), content_type=OCTETS)
        rows = self._ilo_rows.get(request.query.get("id", ""))
        if request.path == "/data/indicator" and rows is not None:
            return Reply(self._ilo_data(rows, request.query), OCTETS)
        return None

    @functools.cached_property
    def _ilo_rows(self) -> dict[str, list[Row]]:
        """By dataset id: the indicator and its frequency, here always annual."""
        return {f"{code}_A": rows for code, rows in _grouped(self._tables["ilo"], "indicator").items()}

    def _ilo_entry(self, dataset: str, rows: list[Row], clock: Clock) -> dict[str, Any]:
        code = dataset.removesuffix("_A")
        titles = {d.code: d.title for d in registry.datasets().values() if d.partner == "ilo"}
        return ilo_entry(
            code, titles.get(code, code), updated=clock.moment(), rows=len(rows),
            years={row["time"] for row in rows}, areas={row["ref_area"] for row in rows},
        )  # fmt: skip

    def _ilo_data(self, rows: list[Row], query: Mapping[str, str]) -> bytes:
        """The layout of 2026: BOM, LF, texts quoted, numbers and nulls bare, source before indicator."""
        columns = [name for name in ILO_COLUMNS if name not in ILO_BREAKDOWNS or any(row[name] for row in rows)]
        extra, mark = self._tables.mark(rows)
        lines = [",".join(f'"{name}"' for name in (*columns, *extra))]
        # Codes are joined with a literal +. A filter by a column that the dataset lacks is ignored (ilo quirk 27).
        filters = {name: query[name].split() for name in columns if query.get(name)}
        for row in rows:
            if all(row[name] in asked for name, asked in filters.items()):
                cells = [row[name] if name == "obs_value" else _quoted(row[name]) for name in columns]
                lines.append(",".join([*cells, *mark(row)]))
        return BOM + _joined(lines, "\n").encode()

    # --- World Bank: sources, countries and series as pages ---

    def _world_bank(self, request: Request, clock: Clock) -> Reply | None:
        match request.path.strip("/").split("/"):
            case ["v2", "sources"]:
                return _wb_sources(request, clock)
            case ["v2", "country"]:
                per_page = request.query.get("per_page", "50")  # as text in this list
                return wb_page(self._tables["world_bank_countries"], request.query, _wb_country, per_page=per_page)
            case ["v2", "country", countries, "indicator", series]:
                return self._wb_series(countries.upper().split(";"), series, request, clock)
        return None

    @functools.cached_property
    def _wb_entities(self) -> dict[str, Row]:
        return {row["id"]: row for row in self._tables["world_bank_countries"]}

    @functools.cached_property
    def _wb_names(self) -> dict[str, str]:
        return {row["indicator"]: row["name"] for row in self._tables["world_bank_series"]}

    @functools.cached_property
    def _wb_rows(self) -> dict[str, list[Row]]:
        """By series, ordered by name of country and newest year first, as the Bank does."""

        def order(row: Row) -> tuple[str, str, int]:
            return self._wb_entities[row["ref_area"]]["name"], row["ref_area"], -int(row["year"])

        return _grouped(sorted(self._tables["world_bank"], key=order), "indicator")

    def _wb_series(self, countries: list[str], series: str, request: Request, clock: Clock) -> Reply | None:
        if series not in self._wb_names:
            return None
        if int(request.query.get("per_page", "50")) > WB_MAX_PER_PAGE:
            return Reply(b"<!DOCTYPE html><html><head><title>Request Error</title></head></html>", "text/html")
        if countries != ["ALL"] and not set(countries) <= self._wb_entities.keys():
            return wb_message("120")
        rows = [row for row in self._wb_rows.get(series, []) if countries == ["ALL"] or row["ref_area"] in countries]
        footnotes = request.query.get("footnote") == "y"
        return wb_page(
            rows, request.query, lambda row: self._wb_row(row, footnotes), sourceid="2", lastupdated=str(clock.day())
        )

    def _wb_row(self, row: Row, footnotes: bool) -> dict[str, Any]:
        entity = self._wb_entities[row["ref_area"]]
        body: dict[str, Any] = {
            "indicator": {"id": row["indicator"], "value": self._wb_names[row["indicator"]]},
            "country": {"id": entity["iso2"], "value": entity["name"]},
            "countryiso3code": row["ref_area"],
            "date": row["year"],
            "value": json.loads(row["value"]) if row["value"] else None,
            "unit": "",
            "obs_status": "",
            "decimal": 0,
        }
        if footnotes:
            body["footnote"] = row["footnote"]
        if self._tables.is_synthetic(row):
            body[SYNTHETIC_MARK] = "1"
        return body

    # --- Eurostat: one Comext dataflow, cut by key and period ---

    def _eurostat(self, request: Request, clock: Clock) -> Reply | None:
        match request.path.removeprefix(COMEXT).strip("/").split("/"):
            case ["dataflow", "ESTAT", code, *_] if code == COMEXT_CODE:
                count = sum(map(len, self._eurostat_years.values()))
                return dataflow(
                    code, "EU trade since 1988 by HS2-4-6 and CN8", updated=clock.moment(), observations=count,
                    periods=list(self._eurostat_years),
                )  # fmt: skip
            case ["data", code, *key] if code == COMEXT_CODE:
                return self._eurostat_data(Slice.parse("".join(key), request.query, len(COMEXT_DIMENSIONS)), clock)
        return None

    @functools.cached_property
    def _eurostat_years(self) -> dict[str, list[tuple[tuple[str, ...], str]]]:
        """Year -> (key in the order of the dimensions, the line from the key on). Rows are a field longer than the
        header: the trailing comma of the recordings of 2025."""
        _extra, mark = self._tables.mark(self._tables["eurostat"])
        years: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for row in self._tables["eurostat"]:
            for indicator, column in COMEXT_INDICATORS.items():
                if row[column]:
                    key = ("A", row["reporter"], row["partner"], row["product"], "1", indicator)
                    line = ",".join((*key, row["year"], row[column], *mark(row), ""))
                    years.setdefault(row["year"], []).append((key, line))
        return years

    def _eurostat_data(self, asked: Slice, clock: Clock) -> Reply:
        refused = asked.refused(len(COMEXT_DIMENSIONS))
        if refused is not None:
            return refused
        extra, _mark = self._tables.mark(self._tables["eurostat"])
        lines = [",".join(("DATAFLOW", "LAST UPDATE", *COMEXT_DIMENSIONS, "TIME_PERIOD", "OBS_VALUE", *extra))]
        lead = f"ESTAT:{COMEXT_CODE}(1.0),{clock.moment().astimezone(CET):%d/%m/%y %H:%M:%S},"
        for year in sorted(filter(asked.spans, self._eurostat_years)):
            lines += [lead + line for key, line in self._eurostat_years[year] if asked.holds(key)]
        return Reply(_joined(lines, "\r\n").encode(), SDMX_CSV, chunked=True)

    # --- USDOL: XML files at fixed commits, and the open-data catalogue ---

    def _ilab_file(self, request: Request, _clock: Clock) -> Reply | None:
        wanted = request.path.removeprefix("/USDepartmentofLabor/")
        for dataset in registry.datasets().values():
            if dataset.partner == "ilab":
                for year, path in dataset.request["files"].items():
                    if path == wanted:
                        return Reply(self._ilab_xml(dataset.request["kind"], year), "text/plain; charset=utf-8")
        return None

    def _ilab_xml(self, kind: str, year: str) -> bytes:
        goods = [row for row in self._tables["ilab_goods"] if row["edition"] == year]
        if kind == "goods":
            return ilab_xml.goods(year, goods)
        findings = [row for row in self._tables["ilab_findings"] if row["report_year"] == year]
        return ilab_xml.findings(year, findings, goods)

    def _ilab_catalogue(self, request: Request, clock: Clock) -> Reply | None:
        return dol_catalogue(ILAB_SETS, request, clock.moment()) if request.path == "/v4/datasets" else None

    _PARTNERS: ClassVar[dict[str, Callable[[SampleEdition, Request, Clock], Reply | None]]] = {
        "bulks-faostat.fao.org": _fao,
        "rplumber.ilo.org": _ilo,
        "api.worldbank.org": _world_bank,
        "ec.europa.eu": _eurostat,
        "raw.githubusercontent.com": _ilab_file,
        "apiprod.dol.gov": _ilab_catalogue,
    }


class _Tables:
    """The CSV tables of a folder by name, and which of their rows are synthetic."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, list[Row]] = {}

    def __getitem__(self, name: str) -> list[Row]:
        if name not in self._read:
            with (self._folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
                self._read[name] = list(csv.DictReader(stream))
        return self._read[name]

    @functools.cached_property
    def _synthetic(self) -> set[str]:
        return {row["source_id"] for row in self["sources"] if row["synthetic"] == "1"}

    def is_synthetic(self, row: Row) -> bool:
        return row["source_id"] in self._synthetic

    def mark(self, rows: Sequence[Row]) -> tuple[tuple[str, ...], Callable[[Row], tuple[str, ...]]]:
        """The extra column of a table and its cell of a row; both are empty for a table without synthetic rows."""
        if any(map(self.is_synthetic, rows)):
            return (SYNTHETIC_MARK,), lambda row: ("1" if self.is_synthetic(row) else "",)
        return (), lambda _row: ()


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups


def _joined(lines: list[str], newline: str) -> str:
    return newline.join(lines) + newline


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if cell else ""


def _apostrophed(code: str) -> str:
    return f"'{code}" if code else ""


def _fao_list(header: str, rows: Iterable[Sequence[str]]) -> bytes:
    """A code list: unquoted, UTF-8, CRLF."""
    return _joined([header, *map(",".join, rows)], "\r\n").encode()


def _wb_sources(request: Request, clock: Clock) -> Reply:
    """In this list the Bank prints its numbers as text (world_bank quirk 7)."""
    stamp = str(clock.day())
    rest = {"description": "", "url": "", "dataavailability": "Y", "metadataavailability": "Y", "concepts": "3"}
    rows = [{"id": n, "lastupdated": stamp, "name": name, "code": code, **rest} for n, name, code in WB_SOURCES]
    header = {"page": "1", "pages": "1", "per_page": request.query.get("per_page", "50"), "total": str(len(rows))}
    return json_reply([header, rows])


def _wb_country(row: Row) -> dict[str, Any]:
    def group(name: str) -> dict[str, str]:
        return {"id": row[f"{name}_id"], "iso2code": row[f"{name}_iso2"], "value": row[name]}

    return {
        "id": row["id"],
        "iso2Code": row["iso2"],
        "name": row["name"],
        "region": group("region"),
        "adminregion": {"id": "", "iso2code": "", "value": ""},
        "incomeLevel": group("income"),
        "lendingType": group("lending"),
        "capitalCity": row["capital"],
        "longitude": row["longitude"],
        "latitude": row["latitude"],
    }
