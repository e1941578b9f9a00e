"""Where things lie on disk and how they are written: the one module that touches the data root.

Every write is atomic: a temporary name in the same folder, fsync, rename. A reader sees the old or the new, never half.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

# DuckDB downloads extensions by itself unless told not to.
DUCKDB_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def sql_text(value: str | Path) -> str:
    """A text or path as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def sql_name(name: str) -> str:
    """A name of a column, table or schema as an SQL identifier, whatever letters it has."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Home:
    """The data root (`A87_HOME`, default `./data`) and its rooms."""

    root: Path

    @classmethod
    def from_env(cls) -> Home:
        return cls(Path(os.environ.get("A87_HOME", "data")).resolve())

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def warehouse(self) -> Path:
        """The one file analysts open, read-only."""
        return self.published / "alliance87.duckdb"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    def raw(self, dataset_id: str) -> Path:
        return self.root / "raw" / dataset_id

    def lake(self, dataset_id: str) -> Path:
        return self.root / "lake" / dataset_id


_set_clock: ContextVar[datetime | None] = ContextVar("_set_clock", default=None)


def utcnow() -> datetime:
    """The one clock of the platform."""
    return _set_clock.get() or datetime.now(UTC)


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """The clock stands at an earlier moment: what was judged then is judged again by the same rule."""
    token = _set_clock.set(moment)
    try:
        yield
    finally:
        _set_clock.reset(token)


def now() -> str:
    """UTC, to the second, ISO 8601."""
    return utcnow().strftime("%Y-%m-%dT%H:%M:%SZ")


def after(previous: str | datetime | None) -> datetime:
    """Now, or just behind `previous` (ISO 8601) if the clock went back: what is ordered by its time stays in order."""
    moment = utcnow()
    if previous is None:
        return moment
    earlier = previous if isinstance(previous, datetime) else datetime.fromisoformat(previous)
    return max(moment, earlier + timedelta(microseconds=1))


def fsync(path: Path) -> None:
    """Flush a file or a folder entry to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_writable(home: Home) -> None:
    """Raises OSError if the data root cannot be written, before anything is begun."""
    home.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=home.root):
        pass


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    fsync(path.parent)


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """The parsed file, or None when it does not exist."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def replace_folder(source: Path, target: Path) -> None:
    """Move a finished folder to its final name; an older folder of that name goes away. There is always one of them."""
    for path in (source, *source.rglob("*")):
        fsync(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        _exchange(source, target)
        fsync(target.parent)
        shutil.rmtree(source, ignore_errors=True)
    else:
        source.replace(target)
        fsync(target.parent)


def _exchange(one: Path, other: Path) -> None:
    """Swap two names in one step. Where the system cannot, in two: killed between them, `other` is missing."""
    libc = ctypes.CDLL(None, use_errno=True)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of Linux
    if hasattr(libc, "renameat2"):
        if libc.renameat2(here, bytes(one), here, bytes(other), exchange) == 0:
            return
        if (number := ctypes.get_errno()) not in (errno.EINVAL, errno.ENOSYS):  # a file system without exchange
            raise OSError(number, os.strerror(number), str(other))
    aside = Path(tempfile.mkdtemp(dir=one.parent, prefix=".work.")) / other.name
    other.replace(aside)
    one.replace(other)
    aside.replace(one)


def remove(path: Path) -> None:
    """Delete a folder or file; a folder leaves its place in one step, so nobody finds half of it.

    What a killed process left of one goes away with the next `work_folder` beside it.
    """
    if not path.is_dir() or path.is_symlink():
        path.unlink()
        return
    doomed = Path(tempfile.mkdtemp(dir=path.parent, prefix=".work."))
    path.replace(doomed / path.name)
    fsync(path.parent)
    shutil.rmtree(doomed)


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """A private folder beside the final place (same file system, so renames are atomic); gone afterwards.

    The caller holds a lock for `parent`: what a killed process left there goes away first.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(".work.*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=".work."))
    folder.chmod(0o755)  # it becomes the final folder, which others read
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for and hold the lock file at `path`; the system frees it when the process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def if_free(path: Path) -> Iterator[bool]:
    """Whether the lock file at `path` was free; if so it is held meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def hold(path: Path) -> IO[str]:
    """Take the lock file at `path` until the returned file is closed, or until this process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("w")
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock file at `path`."""
    if not path.exists():
        return False
    with if_free(path) as free:
        return not free
