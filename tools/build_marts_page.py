"""Writes docs/marts.md: every published table with its grain and columns, dbt's and those of the schema meta.

Run `python tools/build_marts_page.py`; a test keeps the page true.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from orchestration import history, meta
from orchestration.warehouse import CORRECTION, Table

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "dbt_project" / "models"
PAGE = ROOT / "docs" / "marts.md"
META = (
    meta.EDITION, meta.DATASET, meta.SNAPSHOT, meta.CHECK_RESULT, meta.ATTEMPT, meta.FRESHNESS, meta.LOAD,
    meta.REVISION, replace(CORRECTION, name="meta.correction"), history.FACT_HISTORY,
)  # fmt: skip
SCHEMAS = {
    "supply_chain": "Supply chains",
    "country_progress": "Country progress",
    "reference": "Reference",
}
HEAD = """# The published tables

Built by `python tools/build_marts_page.py` from `dbt_project/models/marts/**`; the same texts are comments in the
published file. How each computed figure comes about: [methods.md](methods.md). Before you
compute: [analysts.md](analysts.md).
"""


def doc_blocks() -> dict[str, str]:
    """Name -> text of the blocks that descriptions refer to by `{{ doc('name') }}`."""
    text = (MODELS / "_docs.md").read_text(encoding="utf-8")
    found = re.findall(r"{% docs (\w+) %}(.*?){% enddocs %}", text, re.DOTALL)
    return {name: " ".join(body.split()) for name, body in found}


def resolved(text: str, blocks: dict[str, str]) -> str:
    """Doc blocks put in, on one line, safe in a table cell."""
    filled = re.sub(r"{{ doc\('(\w+)'\) }}", lambda m: blocks[m[1]], text)
    return " ".join(filled.split()).replace("|", "\\|")


def models(schema: str) -> list[dict[str, Any]]:
    """The models of a schema as their yml describes them, in the order of their names."""
    files = sorted((MODELS / "marts" / schema).glob("*.yml"))
    return [model for file in files for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]]


def published_name(schema: str, model: str) -> str:
    alias = re.search(r"alias='(\w+)'", (MODELS / "marts" / schema / f"{model}.sql").read_text(encoding="utf-8"))
    return alias[1] if alias else model


def page() -> str:
    blocks, parts = doc_blocks(), [HEAD]
    for schema, title in SCHEMAS.items():
        parts.append(f"\n## {title} (`{schema}`)\n")
        for model in models(schema):
            name = published_name(schema, model["name"])
            parts.append(f"\n### `{schema}.{name}`\n\n{resolved(model['description'], blocks)}\n")
            parts.append("\n| Column | Type | Meaning |\n|---|---|---|\n")
            parts += [
                f"| `{column['name']}` | {column['data_type']} | {resolved(column['description'], blocks)} |\n"
                for column in model["columns"]
            ]
    parts.append("\n## What is known of the figures (`meta`)\n")
    parts += [described(table) for table in META]
    return "".join(parts)


def described(table: Table) -> str:
    """A table that Python writes; `meta.<fact>_history` beside them have the columns of their facts."""
    rows = [f"| `{name}` | {kind} | {resolved(text, {})} |\n" for name, (kind, text) in table.columns.items()]
    return f"\n### `{table.name}`\n\n{table.comment}\n\n| Column | Type | Meaning |\n|---|---|---|\n{''.join(rows)}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"docs/marts.md: {sum(len(models(schema)) for schema in SCHEMAS)} tables")
