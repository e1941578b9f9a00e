"""A month of Comext from its 7z to a checked vintage: rows a second and peak memory.

    python benchmarks/comext_month.py [ROWS]        default 4,902,194, the rows of 202512

The month is generated and says so: the text is named SYNTHETIC_..., SYNTHETIC.txt beside it tells seed and truth,
and every row carries the mark. It has the shape of the real one (weights of members and partners, share of imports,
masked rows that repeat, special partners, a TOTAL a cell, zero mass for small values) and is sorted as that is. The way
is that of a refresh but the download: content hash beside the load, then every check of Great Expectations. It runs in
a process of its own, imports left out; peak memory is that process's. What was loaded must be equal to the truth.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from expectations import run as run_checks
from ingest import lake, snapshots
from ingest.partners import eurostat
from ingest.registry import SYNTHETIC_MARK, datasets
from ingest.sandbox.seven_zip import write

PERIOD, SEED = "202512", 87
MONTH = datasets()["eurostat_comext_full_v2"].for_period(PERIOD)
HEADER = ",".join((*(column.source for column in MONTH.columns), SYNTHETIC_MARK))
LARGE = {"DE": 16, "NL": 9, "FR": 9, "IT": 9, "BE": 7, "ES": 7, "PL": 6}  # the other members weigh 2 each
SPECIAL = ("QP", "QR", "QS", "QV", "QW", "QY", "QZ")
PARTNERS = 245  # ordinary ones, beside the special; their weights fall as 1 / rank
IMPORTS, MASKED = 0.44, 0.02
PRODUCTS = tuple(f"{n % 97 + 1:02d}{n * 7919 % 1_000_000:06d}" for n in range(9778))
NATIONAL = {"BG": 1.9558, "CZ": 25.2, "DK": 7.46, "HU": 388.0, "PL": 4.33, "RO": 4.97, "SE": 11.25}


@dataclass
class Truth:
    """What the file holds; TOTAL rows apart."""

    rows: int = 0
    totals: int = 0
    masked: int = 0
    value_eur: int = 0
    quantity_kg: int = 0


# --- the month -------------------------------------------------------------------------------------------------------


def generate(folder: Path, rows: int) -> Truth:
    """SYNTHETIC_full_v2_202512.dat of about that many rows, and SYNTHETIC.txt."""
    rng, truth = random.Random(SEED), Truth()
    with (folder / f"SYNTHETIC_full_v2_{PERIOD}.dat").open("w", encoding="ascii") as out:
        out.write(f"{HEADER}\n")
        for reporter, partner, flow, wanted in cells(rows):
            out.writelines(f"{line}\n" for line in cell_lines(rng, truth, reporter, partner, flow, wanted))
    told = {"generator": "benchmarks/comext_month.py, 1", "seed": SEED, **asdict(truth)}
    (folder / "SYNTHETIC.txt").write_text(json.dumps(told, indent=1))
    return truth


def cells(rows: int) -> Iterator[tuple[str, str, str, int]]:
    """Reporter, partner, flow, and how many products are traded there; a member never trades with itself."""
    members = MONTH.known["reporter"]
    weights = {code: LARGE.get(code, 2) for code in members}
    codes = [f"{a}{b}" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if f"{a}{b}" not in ("GB", *members)]
    ordinary = [*members, "NA", "US", "XI", "XU", *codes][:PARTNERS]
    shares = {code: 1 / rank for rank, code in enumerate(ordinary, start=1)} | dict.fromkeys(SPECIAL, 0.003)
    whole = sum(weights.values()) * sum(shares.values())
    for reporter in members:
        for partner, share in sorted(shares.items()):
            for flow, part in (("1", IMPORTS), ("2", 1 - IMPORTS)):
                wanted = math.ceil(rows * weights[reporter] * share * part / whole)
                if partner != reporter:
                    yield reporter, partner, flow, min(wanted, len(PRODUCTS))


def cell_lines(rng: random.Random, truth: Truth, reporter: str, partner: str, flow: str, wanted: int) -> Iterator[str]:
    kind = {"XI": "L", "XU": "M"}.get(partner, "I" if partner in MONTH.known["reporter"] else "E")
    rate, sums = NATIONAL.get(reporter, 1.0), [0, 0, 0]
    for at in sorted(rng.sample(range(len(PRODUCTS)), wanted)):
        nc, tail = PRODUCTS[at], f"{at % 90000 + 10000},{at % 9000 + 1000},{at % 9000 + 1000},{at % 900 + 100}"
        procedure = rng.choices("1239", (90, 3, 2, 5))[0]
        copies = 1
        if rng.random() < MASKED:
            nc, copies = f"{nc[:2]}{at:04d}XX", rng.randint(1, 3)
            truth.masked += copies
        for copy in range(copies):
            euros = int(rng.lognormvariate(8.5, 2.4))
            kg, national = int(euros / (1 + at % 400)), round(euros * rate)
            yield (
                f"{reporter},{partner},{kind},{nc},{tail if not copy else f'58{copy}XX,XXXX,XXXX,700'},311210,"
                f"{at % 21 + 1:02d},{flow},{procedure},NO_SU,{PERIOD},{euros},{national},{kg},0,1"
            )
            sums = [a + b for a, b in zip(sums, (euros, national, kg), strict=True)]
            truth.rows += 1
    truth.value_eur, truth.quantity_kg, truth.totals = (
        truth.value_eur + sums[0],
        truth.quantity_kg + sums[2],
        truth.totals + 1,
    )
    yield (
        f"{reporter},{partner},{kind},TOTAL,.....,....,....,...,......,TO,{flow},1,NO_SU,{PERIOD},"
        f"{sums[0]},{sums[1]},{sums[2]},0,1"
    )  # fmt: skip


def pack(text: Path, archive: Path) -> None:
    with text.open("rb") as stream, archive.open("wb") as out:
        write(out, [(f"full_{PERIOD}.dat", iter(lambda: stream.read(1 << 20), b""))])


# --- measuring -------------------------------------------------------------------------------------------------------


def load_and_check(payload: Path, work: Path) -> tuple[float, float, float]:
    """Seconds until loaded, seconds until checked, peak memory in MB."""
    __import__("expectations.engine")
    text, data = work / "text", work / "data.parquet"
    text.mkdir()
    began = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        digest = pool.submit(snapshots.content_hash, payload, MONTH)
        lake.load(MONTH, eurostat.read(MONTH, payload, text), data)
        digest.result()
    loaded = time.perf_counter() - began
    results = run_checks(MONTH, data, previous=None, previous_meta=None, revision=None, revision_summary=None)
    checked = time.perf_counter() - began
    failed = [result.message for result in results if not result.passed]
    assert not failed, failed
    return loaded, checked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def verify(data: Path, truth: Truth) -> None:
    """The lake's rows against the truth of the generator."""
    total = "product_nc = 'TOTAL'"
    found = duckdb.sql(f"""
        select count(*) filter (not {total}), count(*) filter ({total}), count(*) filter (product_nc like '%XX'),
            sum(obs_value::hugeint) filter (not {total}), sum(quantity_kg::hugeint) filter (not {total})
        from read_parquet('{data}')""").fetchall()
    assert found == [tuple(asdict(truth).values())], (found, truth)


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        room, payload, work = Path(folder), Path(folder) / "payload", Path(folder) / "work"
        payload.mkdir()
        work.mkdir()
        truth = generate(room, rows)
        text, archive = room / f"SYNTHETIC_full_v2_{PERIOD}.dat", payload / f"full_v2_{PERIOD}.7z"
        pack(text, archive)
        sizes = [file.stat().st_size / 1e6 for file in (archive, text)]
        text.unlink()
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            loaded, checked, peak = pool.apply(load_and_check, (payload, work))
        verify(work / "data.parquet", truth)
    lines = truth.rows + truth.totals
    table = Table(
        "step", "seconds", "rows a second", title=f"{lines:,} synthetic rows, {sizes[0]:.0f} to {sizes[1]:.0f} MB"
    )
    for step, seconds in (("loaded", loaded), ("loaded and checked", checked)):
        table.add_row(step, f"{seconds:.1f}", f"{lines / seconds:,.0f}")
    console = Console()
    console.print(table)
    console.print(f"peak memory {peak:.0f} MB", highlight=False)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_902_194)
