"""Exact repeats: rows sent twice, cell for cell. One of them stays; rows that share a key and differ all stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from ingest import lake
from ingest.registry import Dataset
from ingest.storage import sql_text


def drop(dataset: Dataset, data: Path) -> int:
    """Drop exact repeats from the Parquet parts in the folder `data`; returns how many went.

    As a rule there are none, and a count of hashed keys says so. Otherwise the rows whose key occurs twice move to a
    part of their own, each once, and the other parts are written anew without them.
    """
    parts = sorted(data.glob("*.parquet"))
    rows = f"read_parquet([{', '.join(map(sql_text, parts))}])"
    key = "hash(" + ", ".join(f'"{name}"' for name in dataset.key) + ")"
    with lake.connect() as con:
        before, keys = _row(con, f"select count(*), count(distinct {key}) from {rows}")
    if before == keys:
        return 0
    with lake.connect(threads=1) as con:  # one thread, so that equal deliveries give equal files
        con.execute(f"create table twice as select {key} as k from {rows} group by k having count(*) > 1")
        apart = data / f"part-{len(parts):05d}.parquet"
        _write(con, f"select distinct * from {rows} where {key} in (from twice) order by all", apart)
        for part in parts:
            rest = part.with_suffix(".rest")
            _write(con, f"select * from read_parquet({sql_text(part)}) where {key} not in (from twice)", rest)
            rest.replace(part)
        (after,) = _row(con, f"select count(*) from read_parquet({sql_text(data / '*.parquet')})")
    return int(before - after)


def _write(con: duckdb.DuckDBPyConnection, select: str, file: Path) -> None:
    con.execute(f"copy ({select}) to {sql_text(file)} ({lake.PARQUET})")


def _row(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    return con.execute(query).fetchone()
