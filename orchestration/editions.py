"""The published editions on disk: which are kept, which one serves, and going back to an older one.

published/editions/<edition_id>/{alliance87.duckdb, parquet/<schema>/<table>.parquet, datapackage.json}
published/latest                 the folder of the edition that serves, for Parquet readers
published/alliance87.duckdb      its file, replaced in one rename; open connections keep the old one
published/hold.json              there while a rollback is in force: nothing is published until it is lifted
"""

from __future__ import annotations

import contextlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ingest import storage
from ingest.storage import Home

KEEP_BEFORE = 3  # previous editions kept for rollback and comparison
ID = "%Y%m%dT%H%M%S%fZ"


class WarehouseDamaged(Exception):
    """What serves cannot be read: a bad disk, or somebody who wrote to it."""


class RollbackRefused(Exception):
    """There is no such edition, or it does not verify; what serves stays what it was."""


def folder(home: Home) -> Path:
    return home.published / "editions"


def kept(home: Home) -> list[str]:
    """Ids of the editions on disk, oldest first."""
    return sorted(path.name for path in folder(home).glob("[0-9]*Z"))


def next_moment(home: Home) -> datetime:
    """UTC time of an edition about to be made: later than all that are kept, also if the clock went back."""
    newest = kept(home)[-1:]
    return storage.after(datetime.strptime(newest[0], ID).replace(tzinfo=UTC) if newest else None)


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """The warehouse as analysts see it, read-only. Raises duckdb.IOException before the first publication."""
    return duckdb.connect(home.warehouse, read_only=True, config=storage.DUCKDB_CONFIG)


def published_edition(home: Home) -> dict[str, Any] | None:
    """The one row of meta.edition of what analysts read now, or None. Raises WarehouseDamaged."""
    try:
        return _edition_row(home.warehouse) if home.warehouse.exists() else None
    except duckdb.Error as error:
        raise WarehouseDamaged(
            f"{home.warehouse} cannot be read: {error}; what to do: `a87 rollback` serves the edition before, "
            "docs/runbook.md says how to go on"
        ) from error


def _edition_row(file: Path) -> dict[str, Any] | None:
    with duckdb.connect(file, read_only=True, config=storage.DUCKDB_CONFIG) as connection:
        cursor = connection.execute("select * from meta.edition")
        names = [column[0] for column in cursor.description or []]
        row = cursor.fetchone()
    return dict(zip(names, row, strict=True)) if row else None


def serving(home: Home) -> str:
    """Id of the edition that serves, damaged or not; empty if there is none."""
    try:
        edition = published_edition(home)
    except WarehouseDamaged:
        return (home.published / "latest").resolve().name
    return edition["edition_id"] if edition else ""


def serve(home: Home, edition_id: str) -> None:
    """Two renames: the `latest` link and the warehouse file (a hard link, so the edition is stored once).

    The file comes last: it says what serves. Killed between them, the next publication is due and mends the link.
    """
    edition = folder(home) / edition_id
    with storage.work_folder(home.published) as work:
        link = work / "alliance87.duckdb"
        try:
            os.link(edition / "alliance87.duckdb", link)
        except OSError:  # a file system without hard links
            shutil.copy2(edition / "alliance87.duckdb", link)
        latest = work / "latest"
        latest.symlink_to(edition.relative_to(home.published), target_is_directory=True)
        latest.replace(home.published / "latest")
        link.replace(home.warehouse)
    storage.fsync(home.published)


def forget_old(home: Home, serving: str) -> None:
    """Delete all but the newest editions; never the one that serves."""
    for edition_id in kept(home)[: -(KEEP_BEFORE + 1)]:
        if edition_id != serving:
            storage.remove(folder(home) / edition_id)


def lock(home: Home) -> Path:
    """Held while the published names are moved."""
    return home.build / ".published.lock"


# --- rollback --------------------------------------------------------------------------------------------------------


def hold(home: Home) -> dict[str, str] | None:
    """The rollback in force: edition_id, since (UTC, ISO 8601), reason; or None."""
    held: dict[str, str] | None = storage.read_json(_hold_file(home))
    return held


def roll_back(home: Home, edition_id: str | None, reason: str) -> str:
    """Serve a kept edition (None: the one before that which serves) and hold all publications; returns its id.

    Raises RollbackRefused.
    """
    with storage.exclusive(lock(home)):
        chosen = edition_id or _edition_before(home)
        _verify(home, chosen)
        # The hold first: a publication that waits for this lock must find it.
        storage.write_json(_hold_file(home), {"edition_id": chosen, "since": storage.now(), "reason": reason})
        serve(home, chosen)
    return chosen


def end_rollback(home: Home) -> bool:
    """Lift the hold; whether there was one. What serves changes with the next publication."""
    there = _hold_file(home).exists()
    _hold_file(home).unlink(missing_ok=True)
    return there


def _hold_file(home: Home) -> Path:
    return home.published / "hold.json"


def _edition_before(home: Home) -> str:
    """The newest that is sound."""
    for name in reversed([name for name in kept(home) if name < serving(home)]):
        with contextlib.suppress(RollbackRefused):
            _verify(home, name)
            return name
    raise RollbackRefused("no sound edition before the one that serves is kept")


def _verify(home: Home, edition_id: str) -> None:
    file = folder(home) / edition_id / "alliance87.duckdb"
    if edition_id not in kept(home) or not file.exists():
        raise RollbackRefused(f"no edition {edition_id} is kept; there are {', '.join(kept(home)) or 'none'}")
    try:
        row = _edition_row(file)
    except duckdb.Error as error:
        raise RollbackRefused(f"edition {edition_id} cannot be read: {error}") from error
    if row is None or row["edition_id"] != edition_id:
        raise RollbackRefused(f"the file of edition {edition_id} says that it is {row and row['edition_id']}")
