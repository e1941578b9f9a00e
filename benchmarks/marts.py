"""All marts at real size: seconds and peak memory of the dbt build, then each of the ten questions.

    python -m benchmarks.marts [SHARE]    default 1: FAO QCL 4.2 M rows, TM 52 M, Comext 60 M (24 months of 2.5 M)

The three large tables are generated and marked synthetic: real codes of areas, items and products, unique keys, random
figures; everything else is the bundled sample edition. What is measured is what a night does after loading: `dbt build`
with every data test. Limits: 10 minutes, 4 GB, 200 ms a question.
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import yaml
from rich.console import Console
from rich.table import Table

from ingest.registry import Dataset, datasets
from ingest.storage import Home
from orchestration import warehouse
from tools.answers import questions

ROOT = Path(__file__).parents[1]
QCL, TM, MONTHS = (datasets()[name] for name in ("fao_qcl", "fao_tm", "eurostat_comext_full_v2"))
ROWS = {QCL.id: 4_200_000, TM.id: 52_000_000, MONTHS.id: 60_000_000}
LIMIT_SECONDS, LIMIT_GB, LIMIT_MS = 600, 4, 200


def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "dbt_project" / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def codes(scheme: str) -> list[str]:
    """Codes of living areas, in the order of the seed."""
    return [
        row["code"] for row in seed("area_code") if row["scheme"] == scheme and row["kind"] in ("country", "territory")
    ]


def items(wanted: int) -> list[str]:
    """The sectors' items and as many others as it takes."""
    of_sectors = [row["item_code"] for row in seed("sector_fao_item")]
    return list(dict.fromkeys([*of_sectors, *(str(9000 + n) for n in range(wanted))]))[:wanted]


def products(wanted: int) -> list[str]:
    """CN8 codes: two under each six-digit code of the sectors, and others."""
    of_sectors = [f"{row['hs2022_code']}{end}" for row in seed("sector_product") for end in ("10", "90")]
    others = [f"{chapter:02}{n:04}00" for n in range(100, 100 + wanted // 60) for chapter in range(1, 98)]
    return list(dict.fromkeys([*of_sectors, *others]))[:wanted]


def write(dataset: Dataset, file: Path, cells: dict[str, str], lists: dict[str, list[str]], rows: int) -> None:
    """One Parquet file of the lake's columns; `cells` are SQL over the row number n and the arrays in `lists`."""
    typed = (f"cast({cells.get(name, 'null')} as {kind}) as {name}" for name, kind in dataset.lake_columns.items())
    with duckdb.connect(config={"memory_limit": "2GB", "threads": 2}) as connection:
        connection.execute("set enable_progress_bar = false")
        for name, values in lists.items():
            connection.execute(f"set variable {name} = {values!r}")
        connection.execute(
            f"copy (select {', '.join(typed)}, 'generated' as snapshot_id from range({rows}) as t(n)) "
            f"to '{file}' (format parquet, compression zstd)"
        )


def at(name: str, index: str, length: int) -> str:
    return f"getvariable('{name}')[1 + ({index}) % {length}]"


def generate(folder: Path, share: float) -> dict[str, int]:
    """The three tables as Parquet files below `folder`; returns their rows."""
    rows = {name: int(number * share) for name, number in ROWS.items()}
    areas, crops = codes("fao"), items(110)
    a, i = len(areas), len(crops)
    write(
        QCL, folder / f"{QCL.id}.parquet",
        {
            "ref_area": at("areas", f"n // {i * 3 * 60}", a), "item": at("items", f"n // {3 * 60}", i),
            "item_label": "'an item'", "element": "['5312', '5412', '5510'][1 + n // 60 % 3]",
            "unit_measure": "['ha', 'kg/ha', 't'][1 + n // 60 % 3]", "time_period_code": "1964 + n % 60",
            "time_period": "1964 + n % 60", "obs_value": "round(random() * 1e5, 2)", "obs_flag": "'A'",
            "is_synthetic": "true",
        },
        {"areas": areas, "items": crops}, rows[QCL.id],
    )  # fmt: skip
    # 152 rows of elements and years to a group; reporters take turns, and so do items and partners of each
    group = f"(n // 152 // {a})"
    write(
        TM, folder / f"{TM.id}.parquet",
        {
            "reporter": at("areas", "n // 152", a), "partner": at("areas", f"{group} * 31 + {group} // {i}", a),
            "item": at("items", f"{group} * 7", i), "item_label": "'an item'",
            "element": "['5610', '5622', '5910', '5922'][1 + n // 38 % 4]",
            "unit_measure": "['t', '1000 USD', 't', '1000 USD'][1 + n // 38 % 4]", "time_period_code": "1987 + n % 38",
            "time_period": "1987 + n % 38", "obs_value": "round(random() * 1e5, 2)", "obs_flag": "'A'",
            "is_synthetic": "true",
        },
        {"areas": areas, "items": crops}, rows[TM.id],
    )  # fmt: skip
    members, partners, goods = reporters(), codes("comext"), products(9_700)
    month = rows[MONTHS.id] // 24
    of_reporter = -(-month // len(members))
    cell = f"(n % {month} % {of_reporter})"
    write(
        MONTHS, folder / f"{MONTHS.id}.parquet",
        {
            "reporter": at("members", f"n % {month} // {of_reporter}", len(members)),
            "partner": at("partners", f"{cell} // {len(goods)} + {cell} % {len(goods)} * 13", len(partners)),
            "product_nc": at("goods", cell, len(goods)), "trade_type": "'E'", "flow": f"if({cell} % 9 < 4, '1', '2')",
            "stat_procedure": "'1'", "suppl_unit": "'NO_SU'",
            "period": f"202301 + n // {month} // 12 * 100 + n // {month} % 12",
            "obs_value": "floor(random() * 1e5)", "value_nac": "floor(random() * 1e5)",
            "quantity_kg": "floor(random() * 1e4)", "quantity_suppl_unit": "0", "is_synthetic": "true",
        },
        {"members": members, "partners": partners, "goods": goods}, rows[MONTHS.id],
    )  # fmt: skip
    return rows


def reporters() -> list[str]:
    """Comext's codes of the members of the European Union."""
    project = yaml.safe_load((warehouse.DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    living = [row for row in seed("area_code") if row["scheme"] == "comext" and not row["valid_to"]]
    return [row["code"] for row in living if row["iso3"] in project["vars"]["eu_members"]]


def build(home: Home, large: Path) -> tuple[float, float]:
    """Seconds and peak GB of one `dbt build` in a process of its own, the large tables in place of the sample's."""
    warehouse.prepare(home)
    with warehouse.open_build(home) as connection:
        for name in ROWS:
            connection.execute(f"create or replace view lake.\"{name}\" as from read_parquet('{large / name}.parquet')")
    environment = {**os.environ, "A87_BUILD_FILE": str(warehouse.build_file(home))}
    dbt = Path(sys.executable).with_name("dbt")
    command = [
        str(dbt),
        "--quiet",
        "build",
        "--exclude-resource-type",
        "unit_test",
        "--target-path",
        str(large / "target"),
    ]
    began = time.perf_counter()
    run = subprocess.run(command, cwd=warehouse.DBT_PROJECT, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if run.returncode:
        raise RuntimeError(run.stdout[-4000:])
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2


def ask(home: Home) -> list[tuple[str, float]]:
    """Milliseconds of each question, the best of three on a fresh connection."""
    page = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    titles = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    found = []
    for title, (sql, _answer) in zip(titles, questions(page), strict=True):
        times = []
        for _attempt in range(3):
            with duckdb.connect(warehouse.build_file(home), read_only=True) as connection:
                began = time.perf_counter()
                connection.execute(sql).fetchall()
                times.append(1000 * (time.perf_counter() - began))
        found.append((title, min(times)))
    return found


def main(share: float) -> None:
    with tempfile.TemporaryDirectory(prefix="a87-bench-") as folder:
        root = Path(folder)
        home = Home(root / "home")
        demo = [str(Path(sys.executable).with_name("a87")), "demo"]
        subprocess.run(demo, env={**os.environ, "A87_HOME": str(home.root)}, check=True, capture_output=True)
        rows = generate(root, share)
        seconds, peak = build(home, root)
        table = Table("measured", "figure", "limit", title="all marts at real size (generated and labelled)")
        table.add_row("rows of " + ", ".join(rows), " / ".join(f"{number:,}" for number in rows.values()), "")
        table.add_row("dbt build with data tests", f"{seconds:.0f} s", f"{LIMIT_SECONDS} s")
        table.add_row("peak memory of the build", f"{peak:.2f} GB", f"{LIMIT_GB} GB")
        for title, milliseconds in ask(home):
            table.add_row(title[:90], f"{milliseconds:.0f} ms", f"{LIMIT_MS} ms")
        Console(width=160).print(table)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
