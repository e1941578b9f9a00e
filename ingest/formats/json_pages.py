"""World Bank API v2 pages: `[header, rows]`, errors inside a 200, numbers or text in the header."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest.errors import DatasetRetired, PayloadInvalid, RequestRefused

FetchPage = Callable[[int, Path], Any]


class _Moved(PayloadInvalid):
    """The pages of one pull do not belong together."""


def fetch_all(fetch: FetchPage, folder: Path, stem: str, partner: str) -> None:
    """Save every page as `<stem>-<n>.json`.

    Totals and stamp must stay the same on all pages, and the rows must add up to the total; where they do not, the
    pull starts again once (world_bank quirk 29). Raises PayloadInvalid the second time.
    """
    try:
        _fetch_once(fetch, folder, stem, partner)
    except _Moved:
        for file in folder.glob(f"{stem}-*.json"):
            file.unlink()
        _fetch_once(fetch, folder, stem, partner)


def _fetch_once(fetch: FetchPage, folder: Path, stem: str, partner: str) -> None:
    body = fetch(1, folder / f"{stem}-0001.json")
    first = check(body, partner)
    pages, total, stamp = int(first.get("pages", 0)), int(first["total"]), first.get("lastupdated")
    count = len(body[1] or [])
    for page in range(2, pages + 1):
        body = fetch(page, folder / f"{stem}-{page:04d}.json")
        header = check(body, partner)
        if (int(header["total"]), int(header.get("pages", 0)), header.get("lastupdated")) != (total, pages, stamp):
            raise _Moved("the data moved between two pages", partner=partner, remedy="the next run restarts")
        count += len(body[1] or [])
    if count != total:
        raise _Moved(f"{count} rows of {total}", partner=partner, expected="rows as the header says")


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


def rows(file: Path) -> list[dict[str, Any]]:
    """The row objects of a saved page; a null in place of rows is none."""
    found: list[dict[str, Any]] = json.loads(file.read_bytes().decode("utf-8-sig"))[1] or []
    return found
