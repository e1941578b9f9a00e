"""docs/add-a-dataset.md does what it says: its blocks, applied to a copy of the project, bring the rows to analysts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[2]
ROOMS = ("ingest", "expectations", "orchestration", "dbt_project")
BLOCK = re.compile(
    r"^(?P<how>New file|At the end of|In) `(?P<path>[^`]+)`(?:, below `(?P<below>[^`]+)`)?\n\n"
    r"```\w+\n(?P<text>.*?)```$",
    re.MULTILINE | re.DOTALL,
)
YEARS, AREAS = range(2014, 2024), ("BGD", "CIV", "GHA")
DBT = str(Path(sys.executable).with_name("dbt"))
# In a process of its own: this one has the registry of the real project.
REFRESH = """
import sys
from ingest.http import Endpoints
from ingest.refresh import refresh
from ingest.registry import datasets
from ingest.sandbox import SampleEdition, Sandbox
from ingest.storage import Home
from orchestration import warehouse
from orchestration.lake_assets import run_expectations

with Sandbox(SampleEdition()) as sandbox:
    for name in sys.argv[1:]:
        endpoints = Endpoints.sandbox(sandbox.url)
        print(refresh(Home.from_env(), datasets()[name], edition="sample", endpoints=endpoints, check=run_expectations))
warehouse.prepare(Home.from_env())
print(warehouse.build_file(Home.from_env()))
"""


def apply_page(project: Path) -> list[str]:
    """Apply the page's blocks in order; returns the files that they name."""
    blocks = list(BLOCK.finditer((ROOT / "docs" / "add-a-dataset.md").read_text()))
    for block in blocks:
        file = project / block["path"]
        if block["how"] == "New file":
            assert not file.exists(), file
            file.write_text(block["text"])
        elif block["how"] == "At the end of":
            file.write_text(file.read_text() + block["text"])
        else:
            before, line, after = file.read_text().partition(f"{block['below']}\n")
            assert line, block["below"]
            file.write_text(before + line + block["text"] + after)
    return [block["path"] for block in blocks]


def add_figures(sample: Path) -> None:
    """Figures for the sandbox: a percentage for each area and year."""

    def append(name: str, *lines: str) -> None:
        with (sample / name).open("a", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in lines)

    cells = [(area, year, year - 2000) for area in AREAS for year in YEARS]
    append("world_bank_series.csv", "IT.NET.USER.ZS,Individuals using the Internet (% of population),2")
    append("world_bank.csv", *(f"IT.NET.USER.ZS,{a},{y},{v},,syn_wb_recent" for a, y, v in cells))
    append("ilo.csv", *(f"SDG_0922_NOC_RT,{a},ZZ:{a},,,,{y},{v},,syn_ilo_rights" for a, y, v in cells))


def test_a_series_and_a_dataset_arrive_by_what_the_page_says(tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    touched = apply_page(tmp_path)
    assert [path for path in touched if path.endswith(".py")] == []
    assert len(touched) == 6
    add_figures(tmp_path / "ingest" / "sandbox" / "sample")

    def run(*command: str, **variables: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "A87_HOME": str(tmp_path / "data"), **variables}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    told = run(sys.executable, "-c", REFRESH, "world_bank_wdi", "ilo_sdg_0922_noc_rt")
    assert told.count("status='accepted'") == 2, told
    build = told.splitlines()[-1]
    # the tables and what they are made of, and of the tests those of the new model
    built = run(
        DBT, "--no-use-colors", "build", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project",
        "--indirect-selection", "empty", "--exclude-resource-type", "unit_test",
        "--select", "+fct_observation", "+dim_indicator", "*stg_ilo__sdg_0922_noc_rt*", A87_BUILD_FILE=build,
    )  # fmt: skip
    assert "WARN=0 ERROR=0 SKIP=0" in built, built
    assert "PASS accepted_range_stg_ilo__sdg_0922_noc_rt" in built, built

    with duckdb.connect(build, read_only=True) as connection:
        series = connection.execute("""
            select indicator_id, dataset_id, label from reference.dim_indicator
            where indicator_id in ('IT.NET.USER.ZS', 'SDG_0922_NOC_RT') order by 1""").fetchall()
        rows = connection.execute("""
            select indicator_id, iso3, year, obs_value from country_progress.fct_observation
            where indicator_id in ('IT.NET.USER.ZS', 'SDG_0922_NOC_RT') order by all""").fetchall()
    assert series == [
        ("IT.NET.USER.ZS", "world_bank_wdi", "Internet users"),
        ("SDG_0922_NOC_RT", "ilo_sdg_0922_noc_rt", "Manufacturing employment (SDG 9.2.2)"),
    ]
    assert rows == [
        (indicator, area, year, float(year - 2000))
        for indicator in ("IT.NET.USER.ZS", "SDG_0922_NOC_RT")
        for area in AREAS
        for year in YEARS
    ]
