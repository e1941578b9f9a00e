"""Load of a FAOSTAT bulk zip against its raw limit and against pandas, in one run.

    python benchmarks/load.py [ROWS]        default 1,500,000 (about 190 MB of CSV; FAO's QCL has 4.2 million)

The input is generated here: QCL's header and quoting, cp1252, random figures. `raw limit` is what cannot be avoided:
inflate, transcode, DuckDB reading every column as text, zstd Parquet. Peak memory is that of a process of its own.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
from rich.console import Console
from rich.table import Table

from ingest import lake, storage
from ingest.formats import csv_text
from ingest.partners import fao
from ingest.registry import datasets
from ingest.snapshots import safe_members

QCL = datasets()["fao_qcl"]
HEADER = ",".join(column.source for column in QCL.columns)
RUNS = 3


def generate(folder: Path, rows: int) -> Path:
    """A zip as FAO packs it, with one main member."""
    random.seed(87)
    file = folder / "Production_Crops_Livestock_E_All_Data_(Normalized).zip"
    areas = [f'"{n}","\'{n:03d}","Côte d\'Ivoire {n}"' for n in range(1, 250)]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(f"{file.stem}.csv", "w") as out:
        out.write(f"{HEADER}\r\n".encode("cp1252"))
        for row in range(rows):
            area = areas[row % len(areas)]
            item, year = row // len(areas) % 300, 1961 + row // (len(areas) * 300) % 63
            value = f"{random.random() * 1e6:.2f}"
            line = (
                f'{area},"{item}","\'0{item:03d}","Item {item}","5510","Production","{year}","{year}",'
                f'"t","{value}","A",\r\n'
            )
            out.write(line.encode("cp1252"))
    return file


def raw_limit(file: Path, work: Path) -> None:
    ((archive, member),) = safe_members(file, "fao")
    table = csv_text.from_zip_member(archive, member, work / "main.csv", "fao")
    with duckdb.connect(config=storage.DUCKDB_CONFIG) as connection:
        connection.execute("set threads = 2; set preserve_insertion_order = false")
        source = f"read_csv('{table.path}', all_varchar=true, header=true, delim=',', quote='\"')"
        connection.execute(
            f"copy (select * from {source}) to '{work / 'o.parquet'}' (format parquet, compression zstd)"
        )


def ours(file: Path, work: Path) -> None:
    lake.load(QCL, fao.read(QCL, file.parent, work), "bench", work / "o.parquet")


def with_pandas(file: Path, work: Path) -> None:
    frame = pd.read_csv(file, encoding="cp1252", dtype=str, keep_default_na=False)
    frame["Value"] = pd.to_numeric(frame["Value"], errors="coerce")
    with duckdb.connect(config=storage.DUCKDB_CONFIG) as connection:  # pandas itself cannot write Parquet here
        connection.register("frame", frame)
        connection.execute(f"copy (select * from frame) to '{work / 'o.parquet'}' (format parquet, compression zstd)")


def measure(way: Callable[[Path, Path], None], file: Path) -> tuple[float, float]:
    """Best wall seconds of RUNS processes and their peak memory in MB."""
    results = []
    for _ in range(RUNS):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            results.append(pool.apply(_timed, (way.__name__, file)))
    return min(seconds for seconds, _ in results), max(peak for _, peak in results)


def _timed(way: str, file: Path) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(dir=file.parent.parent) as work:
        began = time.perf_counter()
        globals()[way](file, Path(work))
        return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        delivery = Path(folder) / "delivery"
        delivery.mkdir()
        file = generate(delivery, rows)
        table = Table("way", "seconds", "x raw limit", "peak MB", title=f"{rows:,} generated rows, best of {RUNS}")
        limit = 0.0
        for name, way in (("raw limit", raw_limit), ("this platform", ours), ("pandas", with_pandas)):
            seconds, peak = measure(way, file)
            limit = limit or seconds
            table.add_row(name, f"{seconds:.2f}", f"{seconds / limit:.2f}", f"{peak:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_500_000)
