"""What a check is and what it reports. Great Expectations is not imported here: names must be cheap to list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ingest.registry import OBS_COLUMNS, Dataset
from ingest.storage import sql_name, sql_text

Severity = Literal["ERROR", "WARN"]
Needs = Literal["load", "previous", "revision"]

# Views that SQL of a check may read: the load itself (written {batch}), the vintage before it, what changed between.
CANDIDATE, PREVIOUS, REVISION = "candidate", "previous", "revision"


class CannotRun(Exception):
    """The tool failed, not the data: a query or a file that could not be read."""


@dataclass(frozen=True)
class CheckResult:
    """One check of one load; `dataclasses.asdict` of it is JSON.

    ERROR holds the load back, WARN is only shown. `failing_rows` is the whole count, `examples` are up to five of them
    as text. `error` is not empty when the check could not run: then it has not passed and counts as ERROR.
    """

    dataset_id: str
    check_name: str
    severity: Severity
    passed: bool
    failing_rows: int
    observed: str
    examples: list[dict[str, str]]
    message: str
    error: str


@dataclass(frozen=True)
class Expect:
    """A Great Expectations class by name, with its arguments."""

    expectation: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Check:
    """One check: Great Expectations decides by `expectations`, our SQL shows what is behind a failure.

    `failing` selects the failing rows (empty for checks of the table as a whole), `count` their number where it is not
    the count of `failing`. `prepare` names tables that are selected once for all of these. `observe` selects one row
    about the load, put into `observed`. `finding` is the operator's sentence, with {n} and {observed}. In all SQL
    {batch} is the load.
    """

    name: str
    description: str
    expectations: tuple[Expect, ...]
    finding: str
    advice: str
    failing: str = ""
    count: str = ""
    observe: str = ""
    observed: str = ""
    severity: Severity = "ERROR"
    needs: Needs = "load"
    prepare: Mapping[str, str] = field(default_factory=dict)


def rows(sql: str) -> Expect:
    """Expect that a SELECT finds nothing."""
    # GX prints advice on stdout for a query that does not name the batch.
    query = sql if "{batch}" in sql else f"{sql} /* compares {{batch}} */"
    return Expect("UnexpectedRowsExpectation", {"unexpected_rows_query": query})


def listed(names: Iterable[str]) -> str:
    return ", ".join(sql_name(name) for name in names)


def in_list(texts: Iterable[str]) -> str:
    """The inside of an SQL IN list: the texts, and the blank, since NOT IN of nothing is no SQL."""
    return ", ".join(map(sql_text, (*texts, "")))


def shown(dataset: Dataset, *more: str) -> str:
    """The columns of an example: key, value, and what the check is about."""
    value = OBS_COLUMNS[:2] if dataset.has_obs else ()
    return listed(dict.fromkeys((*dataset.key, *value, *more)))


def registry_file(dataset: Dataset) -> str:
    return f"ingest/registry/{dataset.base_id}.yaml"
