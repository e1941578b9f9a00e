"""docs/quirks.md is what tools/build_quirks.py would write now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITE = (
    "import sys; sys.path.insert(0, sys.argv[1]); import build_quirks; "
    "sys.stdout.buffer.write(build_quirks.page(build_quirks.collect()).encode())"
)


@pytest.fixture(scope="module")
def generated() -> str:
    """The page as of now. A process of its own: collecting inside a running pytest would reuse its modules."""
    command = [sys.executable, "-c", WRITE, str(ROOT / "tools")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=True)
    return done.stdout.decode()


def test_the_page_of_quirks_is_up_to_date(generated):
    written = (ROOT / "docs" / "quirks.md").read_text(encoding="utf-8")
    assert written == generated, "run: python tools/build_quirks.py"


def test_the_page_names_a_test_with_its_number_and_behaviour(generated):
    rows = [line for line in generated.splitlines() if "tests/quirks/test_fao.py::test_fao_01_rows_in_cp1252`" in line]
    assert len(rows) == 1
    assert rows[0].startswith("| 1 | ")
