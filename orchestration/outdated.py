"""Which dbt models are older than what they are built from, so that a build is in proportion to what moved.

A model's state is a hash of the vintages of all datasets upstream of it and of all code; the build file holds those
of the last build that passed. What a build that failed or broke off had in hand is outdated, whatever else; any change
of code and a file that was deleted mean: all models.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import duckdb

from ingest import storage
from ingest.storage import Home
from orchestration import warehouse

STATE = warehouse.Table(
    "main.model_state",
    "What each model was built from. Grain: one row per model.",
    {"model": ("varchar", "schema and name"), "state": ("varchar", "hash of its inputs")},
)
Manifest = Mapping[str, Any]
DAMAGED = (
    "not a valid DuckDB",
    "Could not read enough bytes",
    "Corrupt database file",
)  # what DuckDB says of such files
logger = logging.getLogger(__name__)


def models(home: Home, manifest: Manifest) -> set[str]:
    """Models and seeds, as `schema.name`, that were not built from what the lake serves now. The caller holds the lock
    of the build file."""
    known = _known(home)
    return {model for model, state in states(home, manifest).items() if known.get(model) != state}


def states(home: Home, manifest: Manifest) -> dict[str, str]:
    """The state that each model and seed has once it is built from what the lake serves now."""
    code, served = warehouse.code_fingerprint(), warehouse.source_states(home)

    @cache
    def sources(unique_id: str) -> frozenset[str]:
        parents = manifest["parent_map"].get(unique_id, [])
        direct = {manifest["sources"][parent]["name"] for parent in parents if parent in manifest["sources"]}
        if len(direct) > 1:  # beside a dataset, the list of vintages only describes that dataset's own, by snapshot_id
            direct -= {"vintage"}
        return frozenset(direct).union(*(sources(parent) for parent in parents if parent not in manifest["sources"]))

    return {
        f"{node['schema']}.{node['name']}": _hash(code, *(f"{s} {served[s]}" for s in sorted(sources(unique_id))))
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed")
    }


def forget(home: Home, selected: Collection[str]) -> dict[str, str]:
    """Before a build of these models: should it break off or fail, they have no state and are built next, by the same
    run started again or by another. Returns what is still known of the others."""
    kept = {model: state for model, state in _known(home).items() if model not in selected}
    with warehouse.open_build(home) as connection:
        warehouse.write_table(connection, STATE, sorted(kept.items()))
    return kept


def remember(home: Home, known: Mapping[str, str], expected: Mapping[str, str], built: Collection[str]) -> None:
    """After a build that passed: these models have the state that was expected when it began, others keep theirs."""
    kept = {model: known.get(model, "") for model in expected} | {model: expected[model] for model in built}
    _write(home, kept)


def _write(home: Home, states: Mapping[str, str]) -> None:
    with warehouse.open_build(home) as connection:
        warehouse.write_table(connection, STATE, sorted(states.items()))


def _known(home: Home) -> dict[str, str]:
    """Of the build file; one that a bad disk damaged is deleted, since all that is in it is made of the lake."""
    file = warehouse.build_file(home)
    if not file.exists():
        return {}
    try:
        connection = duckdb.connect(file, config=storage.DUCKDB_CONFIG)
    except duckdb.Error as error:
        if not any(text in str(error) for text in DAMAGED):
            raise
        logger.warning("%s; it is deleted and all of it built anew", error)
        file.unlink()
        return {}
    with connection:
        written = f"select 1 from duckdb_tables() where schema_name || '.' || table_name = '{STATE.name}'"
        if not connection.execute(written).fetchall():
            return {}
        return dict(connection.execute(f"from {STATE.name}").fetchall())


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
