"""Quirk tests feed the literal row or payload of a documented quirk to the real code and assert what must happen.

Each is marked `@pytest.mark.quirk(partner, number, behaviour)`; `docs/quirks.md` is built from the markers.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import lake
from ingest.http import Endpoints
from ingest.partners import connector
from ingest.refresh import CheckRow, Outcome, refresh
from ingest.registry import Dataset, datasets, partners
from ingest.storage import Home
from orchestration.lake_assets import run_expectations

Rows = list[dict[str, Any]]


@pytest.fixture
def parse(tmp_path: Path) -> Callable[[str, dict[str, bytes]], Rows]:
    """Files of one delivery, as the partner sent them, through its parser and the loader: the rows of the lake."""

    def parse(dataset_id: str, files: dict[str, bytes]) -> Rows:
        return read_as(datasets()[dataset_id], files, tmp_path)

    return parse


def read_as(dataset: Dataset, files: dict[str, bytes], folder: Path) -> Rows:
    payload, work, data = folder / "payload", folder / "work", folder / "data.parquet"
    payload.mkdir()
    work.mkdir()
    for name, body in files.items():
        (payload / name).write_bytes(body)
    tables = connector(partners()[dataset.partner]).read(dataset, payload, work)
    lake.load(dataset, tables, data)
    relation = duckdb.sql(f"select * from read_parquet('{data}')")
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


@pytest.fixture
def refreshed(home: Home, server) -> Callable[[Dataset], Outcome]:
    """Refresh a dataset from `server`, which was told what to say, with all its checks."""

    def refreshed(dataset: Dataset) -> Outcome:
        endpoints = Endpoints.sandbox(server.url)
        return refresh(home, dataset, edition="live", endpoints=endpoints, check=run_expectations)

    return refreshed


def check_of(outcome: Outcome, name: str) -> CheckRow:
    return next(check for check in outcome.checks if check["check_name"] == name)


def zipped(**members: bytes) -> bytes:
    """A zip archive; two underscores in a name stand for the dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("__", "."), body)
    return out.getvalue()
