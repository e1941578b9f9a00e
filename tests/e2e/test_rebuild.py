"""Everything from the raw store alone, and everything once more. Whole builds: minutes, so `make soak` runs them."""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from ingest.sandbox import SampleEdition, Sandbox
from ingest.storage import Home
from orchestration import compare
from orchestration.instance import command_line
from orchestration.resources import Partners, SilentReporter
from orchestration.run import run_job
from tests.e2e.conftest import A87, Platform

pytestmark = pytest.mark.skipif("A87_KILLS" not in os.environ, reason="takes minutes: `make soak` builds all anew")
# Python imports a module of this name at its start, also in dbt's process.
NO_NETWORK = """
import socket
def refuse(self, address, *_):
    if self.family != socket.AF_UNIX:
        raise OSError(f"a connection to {address} was asked for")
socket.socket.connect = socket.socket.connect_ex = refuse
"""


def hashes(folder: Path, pattern: str) -> dict[str, str]:
    found = (file for file in folder.glob(pattern) if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in found}


def parquet(home: Home) -> dict[str, str]:
    """Of all published tables outside `meta`."""
    files = hashes((home.published / "latest").resolve(), "parquet/*/*.parquet")
    return {name: digest for name, digest in files.items() if not name.startswith("parquet/meta/")}


def rebuild_offline(home: Home, scratch: Path) -> subprocess.CompletedProcess[str]:
    scratch.mkdir()
    (scratch / "sitecustomize.py").write_text(NO_NETWORK)
    path = os.pathsep.join(filter(None, [str(scratch), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "A87_HOME": str(home.root), "PYTHONPATH": path}
    return subprocess.run([A87, "rebuild"], env=environment, capture_output=True, text=True, timeout=900)


def test_the_raw_store_alone_gives_the_same_vintages_and_the_same_marts(platform: Platform, tmp_path: Path) -> None:
    home = platform.home
    vintages, marts = hashes(home.root, "lake/*/vintages/**/*"), parquet(home)
    assert len(vintages) > 100 and len(marts) > 40
    for room in (home.root / "lake", home.build, home.published):
        shutil.rmtree(room)
    began = time.monotonic()
    done = rebuild_offline(home, tmp_path / "offline")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a new edition was published" in done.stdout
    assert hashes(home.root, "lake/*/vintages/**/*") == vintages
    assert parquet(home) == marts
    print(f"rebuild: {len(vintages)} files of vintages, {len(marts)} tables, {time.monotonic() - began:.0f} s")  # noqa: T201


def test_every_asset_run_once_more_changes_nothing(platform: Platform) -> None:
    home = platform.home

    def kept() -> dict[str, str]:
        found = {name for room in ("raw", "lake", "published") for name in hashes(home.root, f"{room}/**/*").items()}
        return {name: digest for name, digest in found if not name.endswith(("attempts.ndjson", ".lock"))}

    before = kept()
    with Sandbox(SampleEdition()) as sandbox, command_line(home) as instance:
        door = Partners(edition="sample", sandbox_url=sandbox.url)
        with door.endpoints() as endpoints:
            assert run_job(instance, (door, SilentReporter(), endpoints), "refresh") == []
        assert run_job(instance, (door, SilentReporter(), None), "warehouse") == []
    assert kept() == before
    _equal, differs = compare.compare(home)
    assert differs == {}
