"""Which models a build has to make, by the vintages and the code that they were made from."""

from pathlib import Path

import pytest

from ingest.storage import Home
from orchestration import outdated, warehouse

# a, b: sources; one reads a, both reads one and b
MANIFEST = {
    "sources": {"source.a": {"name": "a"}, "source.b": {"name": "b"}},
    "nodes": {
        "model.one": {"resource_type": "model", "schema": "s", "name": "one"},
        "model.both": {"resource_type": "model", "schema": "s", "name": "both"},
        "seed.list": {"resource_type": "seed", "schema": "s", "name": "list"},
        "test.t": {"resource_type": "test", "schema": "s", "name": "t"},
    },
    "parent_map": {"model.one": ["source.a"], "model.both": ["model.one", "source.b"], "seed.list": []},
}
ALL = {"s.one", "s.both", "s.list"}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Vintages by dataset, and under `code` the state of the code; change them as you like."""
    state = {"a": "a1", "b": "b1", "code": "c1"}
    monkeypatch.setattr(warehouse, "source_states", lambda _home: state)
    monkeypatch.setattr(warehouse, "code_fingerprint", lambda: state["code"])
    return state


def build(home: Home, built: set[str]) -> None:
    known, expected = outdated.forget(home, built), outdated.states(home, MANIFEST)
    outdated.remember(home, known, expected, built)


def test_only_what_is_downstream_of_a_moved_dataset_is_outdated(home: Home, served: dict[str, str]) -> None:
    assert outdated.models(home, MANIFEST) == ALL
    build(home, ALL)
    assert outdated.models(home, MANIFEST) == set()
    served["b"] = "b2"
    assert outdated.models(home, MANIFEST) == {"s.both"}
    served["a"] = "a2"
    assert outdated.models(home, MANIFEST) == {"s.one", "s.both"}
    build(home, {"s.one"})
    assert outdated.models(home, MANIFEST) == {"s.both"}


def test_other_code_makes_everything_outdated(home: Home, served: dict[str, str]) -> None:
    build(home, ALL)
    served["code"] = "c2"
    assert outdated.models(home, MANIFEST) == ALL


def test_a_build_that_broke_off_leaves_outdated_what_it_was_to_make(home: Home, served: dict[str, str]) -> None:
    build(home, ALL)
    outdated.forget(home, {"s.both"})
    assert outdated.models(home, MANIFEST) == {"s.both"}


def test_a_lost_build_file_means_all(home: Home, served: dict[str, str]) -> None:
    build(home, ALL)
    Path(warehouse.build_file(home)).unlink()
    assert outdated.models(home, MANIFEST) == ALL
