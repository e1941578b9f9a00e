"""Which models a build has to make, by the vintages and the code that they were made from."""

import subprocess
import sys
from pathlib import Path

import duckdb
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


def test_what_a_build_that_broke_off_had_in_hand_is_outdated(home: Home, served: dict[str, str]) -> None:
    build(home, ALL)
    served["b"] = "b2"
    outdated.forget(home, {"s.both", "s.list"})
    assert outdated.models(home, MANIFEST) == {"s.both", "s.list"}


def test_the_same_part_built_again_after_a_crash_makes_everything_up_to_date(
    home: Home, served: dict[str, str]
) -> None:
    build(home, ALL)
    served["b"] = "b2"
    outdated.forget(home, {"s.both"})
    build(home, {"s.both"})
    assert outdated.models(home, MANIFEST) == set()


def test_a_lost_build_file_means_all(home: Home, served: dict[str, str]) -> None:
    build(home, ALL)
    Path(warehouse.build_file(home)).unlink()
    assert outdated.models(home, MANIFEST) == ALL


@pytest.mark.parametrize("length", [0, 100, 5000])
def test_a_build_file_that_a_disk_cut_is_deleted_and_means_all(home: Home, served: dict[str, str], length: int) -> None:
    build(home, ALL)
    with warehouse.build_file(home).open("r+b") as stream:
        stream.truncate(length)
    assert outdated.models(home, MANIFEST) == ALL
    build(home, ALL)
    assert outdated.models(home, MANIFEST) == set()


def test_a_build_file_with_a_flipped_block_is_deleted_and_means_all(home: Home, served: dict[str, str]) -> None:
    build(home, ALL)
    with warehouse.build_file(home).open("r+b") as stream:
        stream.seek(5000)
        stream.write(b"x" * 200)
    assert outdated.models(home, MANIFEST) == ALL
    assert not warehouse.build_file(home).exists()


def test_a_build_file_that_another_process_writes_is_left_alone(home: Home, served: dict[str, str]) -> None:
    build(home, ALL)
    script = (
        f"import duckdb; c = duckdb.connect({str(warehouse.build_file(home))!r}); print('open', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline() == b"open\n"
        with pytest.raises(duckdb.IOException, match="lock"):
            outdated.models(home, MANIFEST)
        other.communicate(b"\n")
    assert outdated.models(home, MANIFEST) == set()
