"""What holds for every model of the dbt project, whoever writes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import build_marts_page

DBT = Path(__file__).parents[2] / "dbt_project"
MODELS = sorted((DBT / "models").rglob("*.sql"))
MARTS = [file for file in MODELS if file.parts[-3] == "marts"]
# Written differently on other engines: they belong behind a macro of macros/engine.sql.
DUCKDB_ONLY = re.compile(
    r"\b(list_\w+|array_\w+|struct_\w+|regexp_\w+|strptime|strftime|epoch\w*|read_\w+|bool_or|bool_and|arg_max|arg_min|"
    r"string_agg|median|mode|quantile\w*|try_cast|unnest|generate_series|qualify|exclude|any_value|first|last|histogram)\s*\(",
    re.IGNORECASE,
)
# What a figure is counted in: its own word in the name or the description.
UNIT_IN_NAME = re.compile(
    r"_(usd|eur|kg|t|ha|pct|persons|year|years|n|rows|hours|share|factor|weight|per_\w+|nac)$|^(year|edition|weight)$|year"
)
UNIT_IN_WORDS = re.compile(
    r"unit|euro|dollar|kilogram|tonne|hectare|per cent|%|years?\b|number of|count|rank|level|digit|index|ratio|times|"
    r"persons?|inspectors|hours|age|points|rate|weight|share|0 to 1|per EUR|position",
    re.IGNORECASE,
)


def described(file: Path) -> dict[str, Any]:
    """The model as the yml beside it describes it."""
    listed = yaml.safe_load(file.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
    assert [model["name"] for model in listed] == [file.stem]
    model: dict[str, Any] = listed[0]
    return model


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_a_model_is_described_beside_its_sql_and_says_its_grain(file: Path) -> None:
    description = " ".join(described(file)["description"].split())
    assert re.search(r"Grain: one row per [^.]+\.$", description), description[-200:]


@pytest.mark.parametrize("file", MARTS, ids=lambda file: file.stem)
def test_a_published_table_proves_its_grain_and_describes_every_column_with_its_unit(file: Path) -> None:
    model = described(file)
    unique = [test for test in model.get("data_tests", []) if "unique_combination" in test]
    assert unique or any("unique" in column.get("data_tests", []) for column in model["columns"]), (
        "no test of the grain"
    )
    for column in model["columns"]:
        assert column["data_type"], column
        assert len(column["description"].strip()) > 5, column["name"]
        if column["data_type"] == "double":
            told = UNIT_IN_NAME.search(column["name"]) or UNIT_IN_WORDS.search(column["description"])
            assert told, f"{column['name']} has no unit: {column['description']}"


@pytest.mark.parametrize("file", MARTS, ids=lambda file: file.stem)
def test_no_mart_reads_staging_or_the_lake(file: Path) -> None:
    sql = file.read_text(encoding="utf-8")
    assert not re.findall(r"ref\('stg_\w+'\)", sql)
    assert "source(" not in sql


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_what_only_duckdb_understands_stands_in_macros(file: Path) -> None:
    without_jinja = re.sub(r"{[{%#].*?[}%#]}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert DUCKDB_ONLY.findall(without_jinja) == []


def test_published_models_have_contracts_and_their_texts_reach_the_file() -> None:
    marts = yaml.safe_load((DBT / "dbt_project.yml").read_text())["models"]["alliance87"]["marts"]
    assert marts["+contract"] == {"enforced": True}
    assert marts["+persist_docs"] == {"relation": True, "columns": True}


def test_the_page_of_published_tables_is_up_to_date() -> None:
    assert build_marts_page.PAGE.read_text(encoding="utf-8") == build_marts_page.page(), (
        "run: python tools/build_marts_page.py"
    )
