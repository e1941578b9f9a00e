"""Pages whose figures come from the published warehouse: under each block of SQL stands what it answers.

`python -m tools.answers docs/reconciliation.md data/published/alliance87.duckdb` writes the answers anew; the tests
of a page compare them. Nothing else belongs here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

BLOCK = re.compile(r"```sql\n(?P<sql>.*?)```\n```text\n(?P<answer>.*?)```\n", re.DOTALL)


def questions(page: str) -> Iterator[tuple[str, str]]:
    """Query and printed answer of each block, in the order of the page."""
    return ((match["sql"], match["answer"]) for match in BLOCK.finditer(page))


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The rows of a query as lines of text under their column names, values parted by ' | '; a NULL is a dash."""
    result = connection.execute(sql)
    names = [column[0] for column in result.description or ()]
    rows = [["-" if value is None else str(value) for value in row] for row in result.fetchall()]
    return "".join(" | ".join(line) + "\n" for line in [names, *rows])


def filled(page: str, connection: duckdb.DuckDBPyConnection) -> str:
    """The page with the answers of this warehouse."""
    return BLOCK.sub(lambda found: f"```sql\n{found['sql']}```\n```text\n{answer(connection, found['sql'])}```\n", page)


def main(page: Path, warehouse: Path) -> None:
    with duckdb.connect(warehouse, read_only=True) as connection:
        page.write_text(filled(page.read_text(encoding="utf-8"), connection), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
