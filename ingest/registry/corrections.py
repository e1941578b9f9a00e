"""Corrections of partners' errors, declared in `corrections.yaml` and checked against the datasets they are about."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from ingest.registry import FOLDER, Dataset, Strict, datasets

Cell = str | float | None


class Correction(Strict):
    """One cell that a partner prints wrongly: `wrong` is what it prints, `right` what dbt reads in its place."""

    id: str
    dataset: str
    key: dict[str, str]
    column: str
    wrong: Cell
    right: Cell
    reason: str
    evidence: str


@functools.cache
def corrections() -> tuple[Correction, ...]:
    """All declared corrections. Raises ValueError for one that fits no dataset, key or column."""
    return load(FOLDER / "corrections.yaml", datasets())


def load(path: Path, known: Mapping[str, Dataset]) -> tuple[Correction, ...]:
    """The corrections of a YAML file, checked against the datasets in `known`. Raises ValueError."""
    found = tuple(Correction(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8")) or [])
    for correction in found:
        if fault := _fault(correction, known):
            raise ValueError(f"{path.name}: {correction.id}: {fault}")
    _refuse_twice(path, [c.id for c in found])
    _refuse_twice(path, [f"{c.dataset} {sorted(c.key.items())} {c.column}" for c in found])
    return found


def _fault(correction: Correction, known: Mapping[str, Dataset]) -> str:
    dataset = known.get(correction.dataset)
    if dataset is None:
        return f"no dataset {correction.dataset}"
    if set(correction.key) != set(dataset.key):
        return f"key columns {sorted(correction.key)}, but {dataset.id} has {sorted(dataset.key)}"
    kind = dataset.lake_columns.get(correction.column)
    declared = {column.name for column in dataset.columns} - set(dataset.key)
    if kind is None or correction.column not in declared:
        return f"{correction.column} is no column of {dataset.id} that can be corrected"
    fitting = float if kind == "DOUBLE" else str
    if not all(value is None or isinstance(value, fitting) for value in (correction.wrong, correction.right)):
        return f"{correction.column} holds {fitting.__name__}, not {correction.wrong!r} or {correction.right!r}"
    if correction.wrong == correction.right:
        return "wrong and right are equal"
    return ""


def _refuse_twice(path: Path, names: Sequence[str]) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"{path.name}: more than once: {'; '.join(twice)}")
