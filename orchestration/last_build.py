"""How the last build and the last publication ended, noted in a file: what Dagster keeps may be tidied away."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from ingest import storage
from ingest.storage import Home

Step = Literal["build", "publish"]


@contextlib.contextmanager
def noting(home: Home, step: Step, run_id: str) -> Iterator[None]:
    """Note how the step inside ends; its error goes on."""
    try:
        yield
    except Exception as error:
        message = getattr(error, "description", None) or f"{type(error).__name__}: {error}"
        with contextlib.suppress(OSError):  # the disk may be what is broken
            _note(home, step, run_id, str(message))
        raise
    _note(home, step, run_id, "")


def failures(home: Home) -> dict[Step, dict[str, Any]]:
    """What failed at its last try: message, run_id, and `since` when it does (UTC, ISO 8601)."""
    known: dict[Step, dict[str, Any]] = storage.read_json(_file(home)) or {}
    return {step: told for step, told in known.items() if told["message"]}


def _note(home: Home, step: Step, run_id: str, message: str) -> None:
    """Its callers hold the lock of the build file."""
    known = storage.read_json(_file(home)) or {}
    before = known.get(step)
    since = before["since"] if before and bool(before["message"]) == bool(message) else storage.now()
    known[step] = {"message": message, "run_id": run_id, "since": since}
    storage.write_json(_file(home), known)


def _file(home: Home) -> Path:
    return home.build / "last_build.json"
