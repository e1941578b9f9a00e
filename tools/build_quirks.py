"""Builds docs/quirks.md: which test shows which numbered quirk of a partner. Collects the tests, runs none.

python tools/build_quirks.py
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "quirks.md"
INTRO = """# Quirks of the partners, and the tests that hold them

Generated from the `quirk` markers in tests/quirks: do not edit. Build it anew with `python tools/build_quirks.py`.
Each test feeds the partner's literal row or answer to the real code and asserts the behaviour. A number that is
missing here has no test.
"""


@dataclass(frozen=True, order=True)
class Quirk:
    """One marked test; sorts by partner, number and test."""

    partner: str
    number: int
    test: str
    behaviour: str


class Collector:
    """A pytest plugin that keeps the quirks of the collected tests; a test with many parameters counts once."""

    def __init__(self) -> None:
        self.quirks: set[Quirk] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            test = item.nodeid.partition("[")[0]
            for mark in item.iter_markers("quirk"):
                partner, number, behaviour = mark.args
                self.quirks.add(Quirk(partner, number, test, behaviour))


def collect() -> list[Quirk]:
    """Quirks of all tests in tests/quirks, sorted. Raises RuntimeError if a module cannot be imported."""
    collector = Collector()
    said = io.StringIO()
    # addopts: no workers, which would keep the collected tests to themselves
    options = ["--collect-only", "-o", "addopts=--strict-markers", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    with contextlib.redirect_stdout(said):
        code = pytest.main([str(ROOT / "tests" / "quirks"), *options], plugins=[collector])
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"tests/quirks cannot be collected:\n{said.getvalue()}")
    return sorted(collector.quirks)


def page(quirks: list[Quirk]) -> str:
    """The whole page: one table per partner."""
    parts = [INTRO]
    for partner in sorted({quirk.partner for quirk in quirks}):
        own = [quirk for quirk in quirks if quirk.partner == partner]
        rows = [f"| {q.number} | {_cell(q.behaviour)} | `{q.test}` |" for q in own]
        title = f"## {partner}: {len({q.number for q in own})} quirks"
        parts.append("\n".join([title, "", "| Quirk | Behaviour | Test |", "|---:|---|---|", *rows, ""]))
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    found = collect()
    PAGE.write_text(page(found), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(found)} tests")
