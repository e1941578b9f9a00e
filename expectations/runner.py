"""Runs a dataset's checks on a load and reports each of them, also those that could not run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations import suite
from expectations.model import CANDIDATE, PREVIOUS, REVISION, CannotRun, Check, CheckResult
from ingest.registry import Dataset

if TYPE_CHECKING:
    from expectations.engine import Workbench

EXAMPLES = 5
FIRST_LOAD = "first load"


def run(
    dataset: Dataset,
    data: Path,
    *,
    previous: Path | None,
    previous_meta: dict[str, Any] | None,
    revision: Path | None,
    revision_summary: dict[str, Any] | None,
    undeclared: Sequence[str] = (),
) -> list[CheckResult]:
    """Check one load: Parquet files of the candidate, of the vintage it would replace, and of what changed.

    `previous` is of the same edition, or None on a first load: checks that compare then pass. `previous_meta` is that
    vintage's vintage.json, `revision_summary` what `ingest.lake.revise` returned, `undeclared` the columns of the
    delivery that were not loaded. Never raises for the data's sake: a check that cannot run is a result with `error`.
    One result per name of `check_names`, in that order.
    """
    from expectations.engine import workbench  # Great Expectations: seconds to import

    files = {CANDIDATE: data, PREVIOUS: previous, REVISION: revision}
    try:
        with workbench({name: path for name, path in files.items() if path}) as bench:
            baseline = _Baseline.of(bench, previous, previous_meta, revision, revision_summary)
            return _run(dataset, bench, baseline, undeclared)
    except CannotRun as error:
        return [_unable(dataset, check, str(error)) for check in suite.checks(dataset)]


@dataclass(frozen=True)
class _Baseline:
    """What the load is compared with."""

    rows: int | None  # None: there is nothing to compare with
    label: str
    revision_error: str

    @classmethod
    def of(
        cls, bench: Workbench, previous: Path | None, meta: dict[str, Any] | None,
        revision: Path | None, summary: dict[str, Any] | None,
    ) -> _Baseline:  # fmt: skip
        if previous is None:
            return cls(None, "", "")
        rows = int(bench.select(f"select count(*) as n from {PREVIOUS}")[0]["n"])
        snapshot = (meta or {}).get("snapshot", {})
        label = f"{snapshot.get('snapshot_id', 'the vintage before')}, retrieved {snapshot.get('retrieved_at', '?')}"
        error = ""
        if revision is None:
            error = "there is a vintage before, but no revision file"
        elif summary is not None and summary["old_rows"] != rows:
            error = f"the revision was computed from {summary['old_rows']} rows, the vintage before has {rows}"
        return cls(rows, label, error)


def _run(dataset: Dataset, bench: Workbench, baseline: _Baseline, undeclared: Sequence[str]) -> list[CheckResult]:
    checks = suite.checks(dataset, baseline.rows or 0, undeclared)
    blocked = {check.name: _blocked(bench, check, baseline) for check in checks}
    runnable = [check for check in checks if blocked[check.name] is None]
    verdicts = bench.validate({check.name: check.expectations for check in runnable})
    results = []
    for check in checks:
        reason = blocked[check.name]
        if reason == FIRST_LOAD:
            results.append(_result(dataset, check, passed=True, observed=FIRST_LOAD, message=FIRST_LOAD))
        elif reason is not None:
            results.append(_unable(dataset, check, reason))
        else:
            results.append(_judged(dataset, bench, check, *verdicts[check.name], baseline))
    return results


def _blocked(bench: Workbench, check: Check, baseline: _Baseline) -> str | None:
    """Why a check is not asked at all: a first load, an error, or None; then its tables are ready."""
    if check.needs != "load" and baseline.rows is None:
        return FIRST_LOAD
    if check.needs == "revision" and baseline.revision_error:
        return baseline.revision_error
    try:
        bench.add_tables(check.prepare)
    except CannotRun as error:
        return str(error)
    return None


def _judged(
    dataset: Dataset, bench: Workbench, check: Check, passed: bool, error: str, baseline: _Baseline
) -> CheckResult:
    if error:
        return _unable(dataset, check, error)
    try:
        count = 0 if passed else _count(bench, check)
        observed = _observe(bench, check) or f"{count:,} rows"
        examples = [] if passed else _examples(bench, check)
    except CannotRun as failure:
        return _unable(dataset, check, str(failure))
    if passed:
        return _result(dataset, check, passed=True, observed=observed, message=f"{check.description}: {observed}")
    message = f"{dataset.id}: {check.finding.format(n=f'{count:,}', observed=observed)}"
    if check.needs != "load":
        message += f"; compared with {baseline.label}"
    return _result(
        dataset, check, passed=False, observed=observed, message=f"{message}; what to do: {check.advice}",
        failing_rows=count, examples=examples,
    )  # fmt: skip


def _count(bench: Workbench, check: Check) -> int:
    sql = check.count or f"select count(*) from ({check.failing})"
    return int(next(iter(bench.select(sql)[0].values())))


def _examples(bench: Workbench, check: Check) -> list[dict[str, str]]:
    if not check.failing:
        return []
    found = bench.select(f"select * from ({check.failing}) order by all limit {EXAMPLES}")
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in found]


def _observe(bench: Workbench, check: Check) -> str:
    if not check.observe:
        return ""
    row = bench.select(check.observe)[0]
    return check.observed.format(**{name: _text(value) for name, value in row.items()}).strip()


def _text(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return "none" if value is None else str(value)


def _unable(dataset: Dataset, check: Check, why: str) -> CheckResult:
    error = next((line.strip() for line in why.splitlines() if line.strip()), "unknown error")[:500]
    return CheckResult(
        dataset_id=dataset.id, check_name=check.name, severity="ERROR", passed=False, failing_rows=0, observed="",
        examples=[], error=error,
        message=f"{dataset.id}: the check could not run: {error}; what to do: if `schema` is red begin there, "
        "otherwise this is a fault of the platform: the load stays out until it is mended",
    )  # fmt: skip


def _result(
    dataset: Dataset, check: Check, *, passed: bool, observed: str, message: str, failing_rows: int = 0,
    examples: list[dict[str, str]] | None = None,
) -> CheckResult:  # fmt: skip
    return CheckResult(
        dataset_id=dataset.id, check_name=check.name, severity=check.severity, passed=passed, failing_rows=failing_rows,
        observed=observed, examples=examples or [], message=message, error="",
    )  # fmt: skip
