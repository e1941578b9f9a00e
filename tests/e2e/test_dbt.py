"""The dbt project by itself: it builds clean, its unit tests hold, and it stands a partner that never answered."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ingest.registry import datasets
from ingest.storage import Home
from orchestration import publish, warehouse
from tests.e2e.conftest import Demo

DBT = str(Path(sys.executable).with_name("dbt"))


def dbt(build: Path, target: Path, *arguments: str) -> str:
    """What `dbt` prints; the test fails with it if dbt does."""
    run = subprocess.run(
        [DBT, "--no-use-colors", *arguments, "--target-path", str(target)], cwd=warehouse.DBT_PROJECT,
        env={**os.environ, "A87_BUILD_FILE": str(build)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    return run.stdout


def test_a_correction_that_the_partner_overtook_stops_the_build_by_name(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    warehouse.prepare(home)
    only = ("build", "--select", "stg_reference__correction")
    printed = dbt(warehouse.build_file(home), tmp_path / "target", *only)
    assert "PASS corrections_still_hold" in printed  # a vintage that has no such row is no failure
    with duckdb.connect(warehouse.build_file(home)) as connection:
        connection.execute("update lake.correction set state = 'upstream_changed', found_value = '0.055'")
    with pytest.raises(AssertionError, match="FAIL 1 corrections_still_hold"):
        dbt(warehouse.build_file(home), tmp_path / "target", *only)


def test_the_project_builds_without_a_warning(demo: Demo, tmp_path: Path) -> None:
    build = tmp_path / "build.duckdb"
    shutil.copy(warehouse.build_file(Home(demo.home)), build)
    printed = dbt(build, tmp_path / "target", "--warn-error", "build")
    assert "WARN=0 ERROR=0 SKIP=0" in printed, printed[-2000:]
    assert "unit tests" in printed


def test_a_first_run_in_which_no_partner_answered_builds_empty_tables_and_publishes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    warehouse.prepare(home)
    assert not publish.is_due(home)
    printed = dbt(warehouse.build_file(home), tmp_path / "target", "build", "--exclude-resource-type", "unit_test")
    assert "ERROR=0 SKIP=0" in printed, printed[-2000:]
    with duckdb.connect(warehouse.build_file(home), read_only=True) as connection:
        for table in publish.MARTS:
            assert connection.execute(f"select count(*) from {table}").fetchall() == [(0,)]
        for name in datasets():
            assert connection.execute(f"select count(*) from lake.{name}").fetchall() == [(0,)]
