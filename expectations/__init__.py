"""Great Expectations suites that guard each load. Knows `ingest`, nothing of Dagster or dbt.

Importing this package does not import Great Expectations; `run` does, on first use.
"""

from expectations.model import CheckResult, Severity
from expectations.runner import run
from expectations.suite import check_names

__all__ = ["CheckResult", "Severity", "check_names", "run"]
