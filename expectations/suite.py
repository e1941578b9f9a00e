"""Which checks a dataset gets: all that its registry entry makes possible, and its family's own."""

from __future__ import annotations

from collections.abc import Sequence

from expectations import against_previous, one_load
from expectations.families import FAMILIES
from expectations.model import Check
from ingest.registry import Dataset


def checks(dataset: Dataset, rows_before: int = 0, undeclared: Sequence[str] = ()) -> list[Check]:
    family = FAMILIES.get(dataset.partner)
    return [
        *one_load.checks(dataset, undeclared),
        *(family(dataset) if family else ()),
        *against_previous.checks(dataset, rows_before),
    ]


def check_names(dataset: Dataset) -> dict[str, str]:
    """Check name -> one line about it. The same names whether or not there is a vintage to compare with."""
    return {check.name: check.description for check in checks(dataset)}
