"""Plain words for the trouble of this machine: a full or damaged disk, a data root that cannot be written. Not for
partners'."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from ingest.storage import Home
from orchestration.editions import WarehouseDamaged

LOW = 20_000_000  # bytes; with less nothing useful can be written
# What Python, SQLite and DuckDB say of it.
FULL = ("No space left on device", "disk is full", "Disk quota exceeded")
CLOSED = ("Read-only file system", "readonly database", "Permission denied", "unable to open database file")


def advice(home: Home, text: str) -> str:
    """What happened and what to do, if `text` (an error's) or the disk tells of trouble of this machine; else ''."""
    there = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if any(sign in text for sign in FULL) or free < LOW:
        return (
            f"the disk of {home.root} is full ({free / 1e6:.0f} MB free): make room (docs/operations.md, Disk), then "
            "refresh again; what is published stays readable"
        )
    if any(sign in text for sign in CLOSED):
        return (
            f"{home.root} cannot be written: give the user who refreshes the right to, or mount it writable, then "
            "refresh again; what is published stays readable"
        )
    return ""


def trouble(home: Home, error: BaseException) -> str:
    """One line about an exception and what to do, or '' if it is none that `advice` knows."""
    if damaged := [str(one) for one in _chain(error) if isinstance(one, WarehouseDamaged)]:
        return damaged[0]
    told = [f"{type(one).__name__}: {one}" for one in _chain(error)]
    found = advice(home, " ".join(told))
    return f"{str(error).splitlines()[0]}; {found}" if found else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
