"""Load of a FAOSTAT bulk zip into an accepted vintage, against its raw limit and against its peers, in one run.

    python benchmarks/load.py [ROWS]        default 5,700,000 (640 MB of CSV; FAO's QCL has 4.2 million rows)

The input is generated here: QCL's header and quoting, cp1252, random figures. `raw limit` is what cannot be avoided:
inflate, transcode, DuckDB reading every column as text, zstd Parquet. `this platform` is the whole of a refresh but the
download: content hash, load by the registry, every check of Great Expectations. Peers only load, but polars does the
same work as well. Each way runs in a process of its own, imports left out; peak memory is that process's.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from expectations import run as run_checks
from ingest import lake, snapshots, storage
from ingest.formats import csv_text
from ingest.partners import fao
from ingest.registry import datasets
from ingest.snapshots import safe_members

QCL = datasets()["fao_qcl"]
HEADER = ",".join(column.source for column in QCL.columns)
RUNS = 3
ITEMS, AREAS = 400, 249
Way = Callable[[Path, Path], None]


def generate(folder: Path, rows: int) -> Path:
    """A zip as FAO packs it, with one main member and unique keys."""
    random.seed(87)
    file = folder / "Production_Crops_Livestock_E_All_Data_(Normalized).zip"
    areas = [f'"{n}","\'{n:03d}","Côte d\'Ivoire {n}"' for n in range(301, 301 + AREAS)]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(f"{file.stem}.csv", "w") as out:
        out.write(f"{HEADER}\r\n".encode("cp1252"))
        for row in range(rows):
            item, year = row // AREAS % ITEMS, 1961 + row // (AREAS * ITEMS) % 63
            value = f"{1e5 + random.random() * 9e5:.2f}"
            line = (
                f'{areas[row % AREAS]},"{item}","\'0{item:03d}","Item {item}","5510","Production","{year}","{year}",'
                f'"t","{value}","A",\r\n'
            )
            out.write(line.encode("cp1252"))
    return file


# --- ways ------------------------------------------------------------------------------------------------------------


def raw_limit(file: Path, work: Path) -> None:
    source = f"read_csv('{_as_utf8(file, work)}', all_varchar=true, header=true, delim=',', quote='\"')"
    with _duckdb() as connection:
        connection.execute(
            f"copy (select * from {source}) to '{work / 'o.parquet'}' (format parquet, compression zstd)"
        )


def this_platform(file: Path, work: Path) -> None:
    payload, text, data = work / "payload", work / "text", work / "data.parquet"
    payload.mkdir()
    text.mkdir()
    os.link(file, payload / file.name)
    with ThreadPoolExecutor(1) as pool:  # as ingest.refresh does
        pool.submit(snapshots.content_hash, payload, QCL)
        lake.load(QCL, fao.read(QCL, payload, text), data)
    results = run_checks(QCL, data, previous=None, previous_meta=None, revision=None, revision_summary=None)
    failed = [result.message for result in results if not result.passed]
    assert not failed, failed


def with_pandas(file: Path, work: Path) -> None:
    import pandas as pd

    frame = pd.read_csv(file, encoding="cp1252", dtype=str, keep_default_na=False)
    frame["Value"] = pd.to_numeric(frame["Value"], errors="coerce")
    frame.to_parquet(work / "o.parquet", compression="zstd")


def with_polars(file: Path, work: Path) -> None:
    import polars as pl

    frame = pl.read_csv(_as_utf8(file, work), infer_schema=False)
    frame.with_columns(pl.col("Value").cast(pl.Float64, strict=False)).write_parquet(work / "o.parquet")


def with_polars_checked(file: Path, work: Path) -> None:
    """The work of this platform in polars, all rows in memory: hash, number and qualifier apart, the same questions."""
    import polars as pl

    payload = work / "payload"
    payload.mkdir()
    os.link(file, payload / file.name)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(snapshots.content_hash, payload, QCL)
        frame = pl.read_csv(_as_utf8(file, work), infer_schema=False)
        raw, number = pl.col("Value").str.strip_chars(), pl.col("Value").cast(pl.Float64, strict=False)
        frame = frame.with_columns(
            pl.when(number.is_null()).then(raw).alias("text"),
            pl.when(raw.str.starts_with("<") | raw.str.starts_with(">")).then(raw.str.slice(0, 1)).alias("qualifier"),
            *(pl.col(c.source).str.strip_prefix("'") for c in QCL.columns if c.strip_apostrophe),
            number.alias("Value"),
        )
        frame.write_parquet(work / "o.parquet")
    key = [column.source for column in QCL.columns if column.name in QCL.key]
    series = [name for name in key if name != "Year Code"]
    median = pl.col("Value").median().over(series)
    problems = frame.select(
        pl.struct(key).is_duplicated().sum().alias("repeated"),
        pl.any_horizontal(pl.col(key).is_null() | (pl.col(key) == "")).sum().alias("blank"),
        (~pl.col("Flag").is_in([*QCL.known["obs_flag"], ""])).sum().alias("codes"),
        (~pl.col("Value").is_between(*QCL.obs_range)).sum().alias("range"),
        pl.col("text").is_not_null().sum().alias("texts"),
        (pl.col("Year").cast(pl.Int32) > 2032).sum().alias("future"),
        ((pl.col("Value") > 20 * median) | (pl.col("Value") * 20 < median)).sum().alias("odd"),
    )
    assert not any(problems.row(0)), problems


def with_dlt(file: Path, work: Path) -> None:
    """Arrow chunks into DuckDB, as dlt's documents advise for large tables."""
    import dlt

    pipeline = dlt.pipeline(
        "bench", pipelines_dir=str(work / "dlt"), destination=dlt.destinations.duckdb(str(work / "o.duckdb")),
        dataset_name="lake",
    )  # fmt: skip
    pipeline.run(_arrow_chunks(_as_utf8(file, work)), table_name="fao_qcl", write_disposition="replace")


def _arrow_chunks(text: Path) -> Iterator[object]:
    from pyarrow import csv as arrow_csv
    from pyarrow import string

    types = {column.source: string() for column in QCL.columns if column.type == "text"}
    yield from arrow_csv.open_csv(text, convert_options=arrow_csv.ConvertOptions(column_types=types))


def _as_utf8(file: Path, work: Path) -> Path:
    """Inflated and transcoded as quickly as this platform can: none of the ways is charged for a slower one."""
    ((archive, member),) = safe_members(file, "fao")
    return csv_text.from_zip_member(archive, member, work / "main.csv", "fao").path


def _duckdb() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={**storage.DUCKDB_CONFIG, "threads": 2, "preserve_insertion_order": False})
    connection.execute("set enable_progress_bar = false")
    return connection


# --- measuring -------------------------------------------------------------------------------------------------------

WAYS: dict[str, tuple[Way, tuple[str, ...]]] = {
    "raw limit": (raw_limit, ()),
    "this platform, checked": (this_platform, ("expectations.engine",)),
    "polars, the same work": (with_polars_checked, ("polars",)),
    "polars, load only": (with_polars, ("polars",)),
    "pandas, load only": (with_pandas, ("pandas",)),
    "dlt, load only": (with_dlt, ("dlt", "pyarrow.csv")),
}


def measure(name: str, file: Path) -> tuple[float, float]:
    """Best wall seconds of RUNS processes and their peak memory in MB."""
    results = []
    for _ in range(RUNS):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            results.append(pool.apply(_timed, (name, file)))
    return min(seconds for seconds, _ in results), max(peak for _, peak in results)


def _timed(name: str, file: Path) -> tuple[float, float]:
    way, imports = WAYS[name]
    for module in imports:
        __import__(module)
    work = Path(tempfile.mkdtemp(dir=file.parent.parent))
    try:
        began = time.perf_counter()
        way(file, work)
        return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    finally:
        shutil.rmtree(work)


def main(rows: int) -> None:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    with tempfile.TemporaryDirectory() as folder:
        delivery = Path(folder) / "delivery"
        delivery.mkdir()
        file = generate(delivery, rows)
        with zipfile.ZipFile(file) as archive:
            megabytes = archive.infolist()[0].file_size / 1e6
        title = f"{rows:,} generated rows, {megabytes:.0f} MB of CSV, best of {RUNS}"
        table = Table("way", "seconds", "x raw limit", "peak MB", title=title)
        limit = 0.0
        for name in WAYS:
            seconds, peak = measure(name, file)
            limit = limit or seconds
            table.add_row(name, f"{seconds:.2f}", f"{seconds / limit:.2f}", f"{peak:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_700_000)
