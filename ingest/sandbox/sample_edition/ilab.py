"""USDOL: XML files at fixed commits, and the open-data catalogue."""

from __future__ import annotations

from ingest import registry
from ingest.sandbox import ilab_xml
from ingest.sandbox.dialects import Clock, Reply, Request, dol_catalogue
from ingest.sandbox.sample_edition.tables import Tables

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

    def file(self, request: Request, _clock: Clock) -> Reply | None:
        wanted = request.path.removeprefix("/USDepartmentofLabor/")
        for dataset in registry.datasets().values():
            if dataset.partner == "ilab":
                for year, path in dataset.request["files"].items():
                    if path == wanted:
                        return Reply(self._xml(dataset.request["kind"], year), "text/plain; charset=utf-8")
        return None

    def _xml(self, kind: str, year: str) -> bytes:
        goods = [row for row in self._tables["ilab_goods"] if row["edition"] == year]
        if kind == "goods":
            return ilab_xml.goods(year, goods)
        findings = [row for row in self._tables["ilab_findings"] if row["report_year"] == year]
        return ilab_xml.findings(year, findings, goods)

    def catalogue(self, request: Request, clock: Clock) -> Reply | None:
        return dol_catalogue(ILAB_SETS, request, clock.moment()) if request.path == "/v4/datasets" else None
