"""Pages with queries: what stands under each is what the sample edition answers."""

from pathlib import Path

import duckdb
import pytest

from tests.e2e.conftest import Demo
from tools.answers import answer, questions

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "at_least"), [("reconciliation.md", 1), ("questions.md", 10)])
def test_every_figure_of_a_page_is_what_its_query_gives(demo: Demo, name: str, at_least: int) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    blocks = list(questions(page))
    assert len(blocks) == page.count("```sql\n") >= at_least
    with duckdb.connect(demo.home / "published" / "alliance87.duckdb", read_only=True) as connection:
        for sql, printed in blocks:
            given = answer(connection, sql)
            if given != printed:
                pytest.fail(f"run `python -m tools.answers docs/{name} ...`:\n{sql}\n{printed}\n{given}")
