"""Declared corrections on their way from the lake to dbt: the view that applies them, and what became of each.

They are applied between the lake's Parquet, which keeps what was delivered, and the first dbt model, so that no staging
model can forget them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest import lake
from ingest.lake import Vintage
from ingest.registry import Dataset, datasets
from ingest.registry.corrections import Cell, Correction, corrections
from ingest.storage import sql_name, sql_text

COLUMNS = {
    "correction_id": ("varchar", "id in ingest/registry/corrections.yaml"),
    "dataset_id": ("varchar", "dataset"),
    "key": ("varchar", "the dataset's key columns joined by |, as in meta.revision"),
    "ref_area": ("varchar", "the partner's area code"),
    "time_period": ("varchar", "period"),
    "column_name": ("varchar", "column of the lake that is corrected"),
    "wrong_value": ("varchar", "what the partner printed when the correction was declared"),
    "right_value": ("varchar", "what stands in the warehouse in its place; NULL is no figure"),
    "found_value": ("varchar", "what the partner prints in the vintage that serves"),
    "state": ("varchar", "applied; absent: the vintage has no such row; upstream_changed: not applied any more"),
    "reason": ("varchar", "why the printed value is wrong and what shows the right one"),
    "evidence": ("varchar", "where to look it up"),
    "snapshot_id": ("varchar", "vintage it was looked for in"),
}


def corrected(dataset: Dataset, source: str) -> str:
    """SELECT over `source` with the dataset's corrections: a cell changes only while it still holds the wrong value."""
    columns: dict[str, list[Correction]] = {}
    for correction in corrections():
        if correction.dataset == dataset.id:
            columns.setdefault(correction.column, []).append(correction)
    if not columns:
        return f"select * from {source}"
    replaced = ", ".join(f"{_case(name, own)} as {sql_name(name)}" for name, own in columns.items())
    return f"select * replace ({replaced}) from {source}"


def rows(vintages: Mapping[str, Vintage]) -> list[tuple[Any, ...]]:
    """What became of each correction in these vintages, by COLUMNS."""
    return [_row(correction, vintages.get(_part_id(correction))) for correction in corrections()]


def _part_id(correction: Correction) -> str:
    """The dataset, or the month of it that the corrected row is of."""
    dataset = datasets()[correction.dataset]
    return dataset.for_period(correction.key[dataset.period_column or ""]).id if dataset.months else dataset.id


def _case(name: str, own: list[Correction]) -> str:
    column = sql_name(name)
    whens = " ".join(
        f"when {_is_row(c)} and {column} is not distinct from {_literal(c.wrong)} then {_literal(c.right)}" for c in own
    )
    return f"case {whens} else {column} end"


def _is_row(correction: Correction) -> str:
    return " and ".join(f"{sql_name(name)} = {sql_text(value)}" for name, value in correction.key.items())


def _literal(value: Cell) -> str:
    if value is None:
        return "null"
    return sql_text(value) if isinstance(value, str) else repr(value)


def _row(correction: Correction, vintage: Vintage | None) -> tuple[Any, ...]:
    dataset = datasets()[correction.dataset]
    found = _found(correction, vintage) if vintage else []
    state = "absent"
    if found:
        state = "applied" if all(value == correction.wrong for value in found) else "upstream_changed"
    return (
        correction.id, dataset.id, "|".join(correction.key[name] for name in dataset.key),
        correction.key.get(dataset.area_column or ""), correction.key.get(dataset.period_column or ""),
        correction.column, _text(correction.wrong), _text(correction.right), ", ".join(map(_shown, found)) or None,
        state, correction.reason, correction.evidence, vintage.snapshot_id if vintage else None,
    )  # fmt: skip


def _found(correction: Correction, vintage: Vintage) -> list[Cell]:
    if not {*correction.key, correction.column} <= set(lake.columns(vintage.data)):
        return []  # loaded before the column was declared
    query = (
        f"select {sql_name(correction.column)} from read_parquet({sql_text(vintage.data)}) where {_is_row(correction)}"
    )
    with lake.connect() as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


def _text(value: Cell) -> str | None:
    return None if value is None else str(value)


def _shown(value: Cell) -> str:
    return "nothing" if value in (None, "") else str(value)
