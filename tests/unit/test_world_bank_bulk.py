"""The World Bank's bulk zip and its pages make the same vintage, so that either may come first."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import duckdb
import pytest

from ingest import lake
from ingest.http import Endpoints
from ingest.partners import world_bank
from ingest.refresh import Outcome, refresh
from ingest.registry import datasets
from ingest.sandbox import Fault, Sandbox
from ingest.storage import Home
from tests.unit.test_partners import wb_page, wb_row

WDI = datasets()["world_bank_wdi"]
ONE = WDI.model_copy(update={"series": WDI.series[:1]})
BULK = "/databank.worldbank.org/data/download/WDI_CSV.zip"
HEADER = '"Country Name","Country Code","Indicator Name","Indicator Code","2003","2006",\r\n'
ROWS = (
    '"Bangladesh","BGD","Children in employment, total","SL.TLF.0714.ZS","17.538503316","",\r\n'
    '"Not classified","INX","Children in employment, total","SL.TLF.0714.ZS","","",\r\n'
)


def run(home: Home, sandbox: Sandbox) -> tuple[Outcome, list[str]]:
    """The outcome, and what was asked for but for the list of sources."""
    sandbox.reset_requests()
    endpoints = Endpoints.sandbox(sandbox.url)
    outcome = refresh(home, WDI, edition="sample", endpoints=endpoints, check=lambda *_: [])
    return outcome, [path.split("?")[0] for path in sandbox.requests if "/sources" not in path]


def test_the_first_load_is_one_request_and_the_next_moves_no_row(home: Home, sandbox: Sandbox) -> None:
    first, asked = run(home, sandbox)
    assert (first.status, asked) == ("accepted", [BULK])
    sandbox.touch()
    second, asked = run(home, sandbox)
    assert second.message == "the delivery has a new stamp and the same rows"
    assert len(asked) == len(WDI.series)
    assert second.snapshot_id == first.snapshot_id


@pytest.mark.parametrize("fault", ["WDI_CSV=status:404", "WDI_CSV=cut", "WDI_CSV=html"])
def test_without_the_zip_the_pages_are_asked_for(home: Home, sandbox: Sandbox, fault: str) -> None:
    sandbox.faults = [Fault.parse(fault)]
    outcome, asked = run(home, sandbox)
    assert outcome.status == "accepted"
    assert len([path for path in asked if "/indicator/" in path]) == len(WDI.series)
    assert "WDI_CSV" not in str(list(home.raw(WDI.id).rglob("*.zip")))


def zipped(data: str, made_on: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("WDICSV.csv", (*made_on, 0, 0, 0)), data)
    return out.getvalue()


def says(server, bulk: bytes, *pages: str) -> None:
    stamps = ("2026-07-13", "2026-10-01")
    for stamp in stamps:
        server.says(json.dumps([{"total": "1"}, [{"id": "2", "lastupdated": stamp}]]), on="/v2/sources")
    server.says(bulk, on="WDI_CSV.zip")
    for page in pages:
        server.says(page, on="/indicator/")


def load(home: Home, server) -> Outcome:
    return refresh(home, ONE, edition="live", endpoints=Endpoints.sandbox(server.url), check=lambda *_: [])


def values(home: Home) -> list[tuple]:
    vintage = lake.current(home, ONE.id)
    assert vintage is not None
    return duckdb.sql(
        f"select ref_area, time_period, obs_value from read_parquet('{vintage.data}') order by all"
    ).fetchall()


def test_fewer_digits_and_other_empty_cells_in_the_zip_are_no_revision(home: Home, server) -> None:
    """The grid of the zip has an entity more, and 11 digits where the pages have 12 (quirks 16 and 21)."""
    says(server, zipped(HEADER + ROWS, (2026, 7, 15)), wb_page([wb_row(), wb_row(date="2006", value=None)]))
    assert load(home, server).message == "1 rows, first load of the live edition"
    assert values(home) == [("BGD", "2003", 17.538503316)]
    outcome = load(home, server)
    assert outcome.message == "1 rows: 0 added, 0 removed, 0 changed"
    assert values(home) == [("BGD", "2003", 17.5385033159)]


def test_a_zip_older_than_the_catalogue_gives_way_to_the_pages(home: Home, server) -> None:
    says(server, zipped(HEADER + ROWS, (2026, 7, 12)), wb_page([wb_row()]))
    load(home, server)
    assert values(home) == [("BGD", "2003", 17.5385033159)]
    assert not list(home.raw(ONE.id).rglob("*.zip"))


def test_a_series_that_the_zip_lacks_fails_the_load_by_name(home: Home, server) -> None:
    says(server, zipped(HEADER + ROWS.replace("SL.TLF", "SP.DYN"), (2026, 7, 15)))
    outcome = load(home, server)
    assert outcome.status == "failed"
    assert "dataset retired: series that the zip does not hold: ['SL.TLF.0714.ZS']" in outcome.message
    assert lake.current(home, ONE.id) is None


def test_a_second_load_goes_to_the_pages(home: Home, server, tmp_path: Path) -> None:
    says(server, zipped(HEADER + ROWS, (2026, 7, 15)), wb_page([wb_row()]))
    load(home, server)
    load(home, server)
    assert len([path for path in server.paths if "WDI_CSV.zip" in path]) == 1


def test_a_zip_without_members_is_older_than_anything(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w"):
        pass
    assert world_bank._made_on(tmp_path / "data.zip") == "0000-00-00"
