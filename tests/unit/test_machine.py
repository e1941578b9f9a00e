"""Trouble of this machine is told in plain words, and nobody else's is taken for it."""

import errno
import sqlite3
from types import SimpleNamespace

import duckdb
import pytest

from ingest import lake
from ingest.registry import datasets
from orchestration import editions, machine


@pytest.fixture(autouse=True)
def root(home):
    home.root.mkdir(parents=True)


def wrapped(error: Exception) -> Exception:
    """As libraries hand errors on."""
    try:
        try:
            raise error
        except Exception as cause:
            raise RuntimeError("a step failed") from cause
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/srv/raw/x"),
        sqlite3.OperationalError("database or disk is full"),
        duckdb.IOException('IO Error: Could not write all bytes to file "x": No space left on device'),
    ],
)
def test_a_full_disk_is_told_whoever_met_it(home, error):
    said = machine.trouble(home, wrapped(error))
    assert f"the disk of {home.root} is full" in said and "make room" in said and "\n" not in said


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EROFS, "Read-only file system", "/srv/raw/x"),
        sqlite3.OperationalError("attempt to write a readonly database"),
        PermissionError(errno.EACCES, "Permission denied", "/srv"),
    ],
)
def test_a_root_that_cannot_be_written_is_told(home, error):
    assert f"{home.root} cannot be written" in machine.trouble(home, error)


def test_a_bug_is_not_taken_for_a_full_disk(home):
    assert machine.trouble(home, wrapped(KeyError("ref_area"))) == ""


def test_a_disk_that_is_nearly_full_explains_an_error_that_does_not_say_so(home, monkeypatch):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    assert "is full" in machine.trouble(home, RuntimeError("dbt ended with 2"))


def test_a_part_that_cannot_be_written_is_not_the_deliverys_fault(tmp_path, monkeypatch):
    """A full disk must not mark a partner's bytes as rejected."""

    def full(*_arguments):
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")

    monkeypatch.setattr(lake, "_copy", full)
    with pytest.raises(duckdb.IOException), lake._writers() as pool:
        pool.submit(lake._write_part, datasets()["fao_oea"], None, tmp_path / "part", []).result()


def test_a_damaged_warehouse_is_told_in_its_own_words(home):
    error = editions.WarehouseDamaged("the file cannot be read; what to do: `a87 rollback`")
    assert machine.trouble(home, wrapped(error)) == str(error)
