"""docs/reconciliation.md: our figures beside published ones are what the sample edition gives."""

from pathlib import Path

import duckdb
import pytest

from tests.e2e.conftest import Demo
from tools.answers import answer, questions

PAGE = Path(__file__).parents[2] / "docs" / "reconciliation.md"


def test_every_figure_of_the_page_is_what_its_query_gives(demo: Demo) -> None:
    blocks = list(questions(PAGE.read_text(encoding="utf-8")))
    assert len(blocks) == PAGE.read_text(encoding="utf-8").count("```sql\n") > 0
    with duckdb.connect(demo.home / "published" / "alliance87.duckdb", read_only=True) as connection:
        for sql, printed in blocks:
            given = answer(connection, sql)
            if given != printed:
                pytest.fail(f"run `python -m tools.answers docs/reconciliation.md ...`:\n{sql}\n{printed}\n{given}")
