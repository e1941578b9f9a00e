"""The World Bank: sources, countries and series as pages, and the bulk zip of its main source."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import Any

from ingest.registry import SYNTHETIC_MARK
from ingest.sandbox.dialects import BOM, Clock, Reply, Request, json_reply, wb_message, wb_page, zip_bytes
from ingest.sandbox.sample_edition.tables import Row, Tables, grouped, joined

WDI = "2"
WB_SOURCES = (
    ("1", "Doing Business", "DBS"),
    (WDI, "World Development Indicators", "WDI"),
    ("3", "Worldwide Governance Indicators", "WGI"),
)
WB_MAX_PER_PAGE = 32500  # above it the real service sends an HTML page


class WorldBank:
    """Answers from the tables, which are read once, when first asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        match request.path.strip("/").split("/"):
            case ["v2", "sources"]:
                return _sources(request, clock)
            case ["v2", "country"]:
                per_page = request.query.get("per_page", "50")  # as text in this list
                return wb_page(self._tables["world_bank_countries"], request.query, _country, per_page=per_page)
            case ["v2", "country", countries, "indicator", series]:
                return self._series(countries.upper().split(";"), series, request, clock)
        return None

    def bulk(self, request: Request, clock: Clock) -> Reply | None:
        """The zip of source 2, made on the day of the clock."""
        if request.path != "/data/download/WDI_CSV.zip":
            return None
        day = clock.of(WDI).day()
        made_on = (day.year, day.month, day.day, 0, 0, 0)
        return Reply(zip_bytes(self._bulk_members, made_on), "application/x-zip-compressed")

    @functools.cached_property
    def _bulk_members(self) -> dict[str, bytes]:
        """A line an area and series, a column a year, every line with one comma more than it needs."""
        rows = [row for row in self._tables["world_bank"] if self._sources[row["indicator"]] == WDI]
        years = sorted({row["year"] for row in rows})
        lead = ("Country Name", "Country Code", "Indicator Name", "Indicator Code")
        lines = [_line([*lead, *years, SYNTHETIC_MARK])]
        notes = [_line(["CountryCode", "SeriesCode", "Year", "DESCRIPTION"])]
        for series, of_series in grouped(rows, "indicator").items():
            for area, found in grouped(of_series, "ref_area").items():
                value_of = {row["year"]: row["value"] for row in found}
                mark = "1" if self._tables.is_synthetic(found[0]) else ""
                names = (self._entities[area]["name"], area, self._names[series], series)
                lines.append(_line([*names, *(value_of.get(year, "") for year in years), mark]))
                notes += [_line([area, series, f"YR{r['year']}", r["footnote"]]) for r in found if r["footnote"]]
        members = {"WDICSV.csv": lines, "WDIfootnote.csv": notes}
        return {name: BOM + joined(text, "\r\n").encode() for name, text in members.items()}

    @functools.cached_property
    def _sources(self) -> dict[str, str]:
        return {row["indicator"]: row["source"] for row in self._tables["world_bank_series"]}

    @functools.cached_property
    def _entities(self) -> dict[str, Row]:
        return {row["id"]: row for row in self._tables["world_bank_countries"]}

    @functools.cached_property
    def _names(self) -> dict[str, str]:
        return {row["indicator"]: row["name"] for row in self._tables["world_bank_series"]}

    @functools.cached_property
    def _rows(self) -> dict[str, list[Row]]:
        """By series, ordered by name of country and newest year first, as the Bank does."""

        def order(row: Row) -> tuple[str, str, int]:
            return self._entities[row["ref_area"]]["name"], row["ref_area"], -int(row["year"])

        return grouped(sorted(self._tables["world_bank"], key=order), "indicator")

    def _series(self, countries: list[str], series: str, request: Request, clock: Clock) -> Reply | None:
        source = request.query.get("source", WDI)
        if self._sources.get(series) != source:
            return None
        if int(request.query.get("per_page", "50")) > WB_MAX_PER_PAGE:
            return Reply(b"<!DOCTYPE html><html><head><title>Request Error</title></head></html>", "text/html")
        if countries != ["ALL"] and not set(countries) <= self._entities.keys():
            return wb_message("120")
        rows = [row for row in self._rows.get(series, []) if countries == ["ALL"] or row["ref_area"] in countries]
        footnotes = request.query.get("footnote") == "y"
        stamp = str(clock.of(source).day())
        return wb_page(rows, request.query, lambda row: self._row(row, footnotes), sourceid=source, lastupdated=stamp)

    def _row(self, row: Row, footnotes: bool) -> dict[str, Any]:
        entity = self._entities[row["ref_area"]]
        body: dict[str, Any] = {
            "indicator": {"id": row["indicator"], "value": self._names[row["indicator"]]},
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


def _line(cells: Iterable[str]) -> str:
    """Every cell in quotes, and a comma after the last."""
    return "".join('"' + cell.replace('"', '""') + '",' for cell in cells)


def _sources(request: Request, clock: Clock) -> Reply:
    """In this list the Bank prints its numbers as text (world_bank quirk 7)."""
    rest = {"description": "", "url": "", "dataavailability": "Y", "metadataavailability": "Y", "concepts": "3"}
    rows = [
        {"id": n, "lastupdated": str(clock.of(n).day()), "name": name, "code": code, **rest}
        for n, name, code in WB_SOURCES
    ]
    header = {"page": "1", "pages": "1", "per_page": request.query.get("per_page", "50"), "total": str(len(rows))}
    return json_reply([header, rows])


def _country(row: Row) -> dict[str, Any]:
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
