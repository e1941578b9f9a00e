"""Exact repeats: rows sent twice, cell for cell. One of them stays; rows that share a key and differ all stay."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingest import lake
from ingest.registry import Dataset
from ingest.storage import sql_name, sql_text


def drop(dataset: Dataset, data: Path) -> int:
    """Drop exact repeats from the Parquet parts in the folder `data`; returns how many went.

    The rows whose key occurs twice move to a part of their own, each once, and the other parts are written anew without
    them: so it is for deliveries in which keys are known to repeat.
    """
    parts = sorted(data.glob("*.parquet"))
    rows = f"read_parquet([{', '.join(map(sql_text, parts))}])"
    key = f"hash({', '.join(map(sql_name, dataset.key))})"
    with lake.connect(threads=1) as con:  # one thread, so that equal deliveries give equal files
        before = _count(con, rows)
        con.execute(f"create table twice as select {key} as k from {rows} group by k having count(*) > 1")
        apart = data / f"part-{len(parts):05d}.parquet"
        _write(con, f"select distinct * from {rows} where {key} in (from twice) order by all", apart)
        for part in parts:
            rest = part.with_suffix(".rest")
            _write(con, f"select * from read_parquet({sql_text(part)}) where {key} not in (from twice)", rest)
            rest.replace(part)
        return before - _count(con, f"read_parquet({sql_text(data / '*.parquet')})")


def _write(con: duckdb.DuckDBPyConnection, select: str, file: Path) -> None:
    con.execute(f"copy ({select}) to {sql_text(file)} ({lake.PARQUET})")


def _count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    ((count,),) = con.execute(f"select count(*) from {rows}").fetchall()
    return int(count)
