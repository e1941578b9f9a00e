"""USDOL: XML files at fixed commits, and the open-data catalogue."""

from __future__ import annotations

import functools

from ingest import registry
from ingest.sandbox import ilab_xml
from ingest.sandbox.dialects import Clock, Reply, Request, dol_catalogue
from ingest.sandbox.sample_edition.tables import Row, Tables, grouped

ILAB_SETS = {
    10272: "Child_Labor_Report__2016_to_2022",
    10294: "ImportWatch_Goods_HS",
    10295: "ImportWatch_Core_Data",
    10296: "ImportWatch_Country_Codes",
    10297: "LaborShield_ReportingData",
    10300: "LaborShield_Goods",
    10302: "LaborShield_SuggestedActions",
}


class Ilab:
    """Answers from the tables, which are read once, when first asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._xml = functools.cache(self._composed)

    def file(self, request: Request, _clock: Clock) -> Reply | None:
        found = self._files.get(request.path.removeprefix("/USDepartmentofLabor/"))
        return Reply(self._xml(*found), "text/plain; charset=utf-8") if found else None

    @functools.cached_property
    def _files(self) -> dict[str, tuple[str, str]]:
        """Path at the code host -> goods or findings, and the year. All but the goods list share the report's files."""
        return {
            path: ("goods" if dataset.code == "goods" else "findings", year)
            for dataset in registry.datasets().values()
            if dataset.partner == "ilab"
            for year, path in dataset.request["files"].items()
        }

    def _composed(self, kind: str, year: str) -> bytes:
        goods = grouped(self._tables["ilab_goods"], "edition").get(year, [])
        if kind == "goods":
            return ilab_xml.goods(year, goods)
        tables = {name: self._of_year(f"ilab_{name}", year) for name in ilab_xml.TABLES}
        return ilab_xml.findings(year, tables, goods)

    def _of_year(self, table: str, year: str) -> list[Row]:
        return grouped(self._tables[table], "report_year").get(year, [])

    def catalogue(self, request: Request, clock: Clock) -> Reply | None:
        return dol_catalogue(ILAB_SETS, request, clock.moment()) if request.path == "/v4/datasets" else None
