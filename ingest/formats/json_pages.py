"""World Bank API v2 pages: `[header, rows]`, errors inside a 200, numbers or text in the header."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ingest.errors import DatasetRetired, PayloadInvalid, RequestRefused

FetchPage = Callable[[int, Path], Any]


def fetch_all(fetch: FetchPage, folder: Path, stem: str, partner: str) -> int:
    """Save every page as `<stem>-<n>.json`; returns the number of rows promised.

    Totals and stamp must stay the same on all pages (world_bank quirk 29); else the pull is refused.
    """
    first = check(fetch(1, folder / f"{stem}-0001.json"), partner)
    pages, total, stamp = int(first.get("pages", 0)), int(first["total"]), first.get("lastupdated")
    for page in range(2, pages + 1):
        header = check(fetch(page, folder / f"{stem}-{page:04d}.json"), partner)
        if (int(header["total"]), header.get("lastupdated")) != (total, stamp):
            raise PayloadInvalid("the data moved between two pages", partner=partner, remedy="the next run restarts")
    return total


def check(body: Any, partner: str) -> dict[str, Any]:
    """The page header. Raises DatasetRetired (id 175), RequestRefused (any other message), PayloadInvalid."""
    lead = body[0] if isinstance(body, list) and body else body
    if isinstance(lead, dict) and "message" in lead:
        listed = lead["message"] if isinstance(lead["message"], list) else [lead["message"]]
        message = listed[0] if listed and isinstance(listed[0], dict) else {"value": listed}
        text = f"message {message.get('id')}: {message.get('value')}"
        if message.get("id") == "175":
            raise DatasetRetired(
                text, partner=partner, expected="an id of today's catalogue",
                remedy="the series was archived or deleted: find its successor and change the registry line",
            )  # fmt: skip
        raise RequestRefused(text, partner=partner, remedy="compare ids and countries with the partner's catalogue")
    if not (isinstance(body, list) and len(body) == 2 and isinstance(lead, dict) and "total" in lead):
        raise PayloadInvalid("a reply of another shape", partner=partner, expected="[header, rows]")
    return lead


def rows(files: list[Path], partner: str, total: int | None = None) -> Iterator[dict[str, Any]]:
    """All row objects of the saved pages; a null in place of rows is none. Raises PayloadInvalid on a short sum."""
    count = 0
    for file in files:
        for row in json.loads(file.read_bytes().decode("utf-8-sig"))[1] or []:
            count += 1
            yield row
    if total is not None and count != total:
        raise PayloadInvalid(f"{count} rows of {total}", partner=partner, expected="rows as the header says")
