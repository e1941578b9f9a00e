"""The soak judges itself: its model of the nights, its verdict, and one short soak on the filled data root."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest.http import Endpoints
from ingest.refresh import ask, client_of
from ingest.registry import datasets
from ingest.sandbox import Sandbox
from ingest.sandbox.sample_edition.tables import Tables
from tools import soak, soak_world
from tools.soak_world import FIGURES, World

DAY = datetime(2026, 11, 2, 4, tzinfo=UTC)
EVERYBODY = {"fao", "ilo", "world_bank", "eurostat"}


class Told:
    """Keeps what the sandbox of the soak is told."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, dict[str, Any]]] = []

    def tell(self, command: str, **arguments: Any) -> None:
        self.commands.append((command, arguments))


def night(number: int, **other: Any) -> soak.Night:
    usual: dict[str, Any] = {
        "seconds": 1.0, "asked": 43, "published": False, "rss_mb": 500.0, "handles": 9, "threads": 14, "children": 1,
        "runs": 5, "disk_mb": dict.fromkeys(soak.ROOMS, 50.0),
    }  # fmt: skip
    return soak.Night(number, **(usual | other))


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.dataset)
def test_an_update_of_one_dataset_moves_its_signal_and_no_other(figure, sample, tmp_path) -> None:
    with Sandbox(sample) as sandbox:

        def signals() -> list[dict[str, Any]]:
            endpoints = Endpoints.sandbox(sandbox.url)
            looked = (datasets()[figure.dataset] for figure in FIGURES)
            return [ask(client_of(dataset, endpoints), dataset, tmp_path) for dataset in looked]

        before = signals()
        sandbox.update(figure.code, DAY)
        moved = [f.dataset for f, old, new in zip(FIGURES, before, signals(), strict=True) if old != new]
    assert moved == [figure.dataset]


def test_a_broken_delivery_is_expected_once_and_what_it_held_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak_world, "NEW_REVISION", 0)
    monkeypatch.setattr(soak_world, "NEW_FAULT", 1)
    seed = next(seed for seed in range(99) if _first(seed).dataset == "fao_qcl" and _first(seed).nights == 2)
    world = World(Told(), seed)
    first = world.night(EVERYBODY, DAY)
    (trouble,) = first.opened
    monkeypatch.setattr(soak_world, "NEW_FAULT", 0)
    assert (first.moves, world.told["fao_qcl"], world.published["fao_qcl"]) == (False, 1, 0)
    second = world.night(EVERYBODY, DAY)
    assert (second.opened, second.ended, second.moves) == ([], [], False)
    third = world.night(EVERYBODY, DAY)
    assert (third.ended, third.moves, world.published["fao_qcl"]) == ([trouble], True, 2)
    assert world.night(EVERYBODY, DAY).moves is False


def _first(seed: int) -> soak_world.Trouble:
    world = World(Told(), seed)
    world.night(set(), DAY)
    return world.troubles[0]


def test_growth_and_broken_promises_are_found() -> None:
    flat = [night(n) for n in range(1, 41)]
    assert soak.verdict(flat) == []
    assert "memory grows by 0.50" in soak.verdict([night(n, rss_mb=500 + n / 2) for n in range(1, 41)])[0]
    assert "handles" in soak.verdict([*flat, night(41, handles=10)])[0]
    bigger = [night(n, disk_mb=dict.fromkeys(soak.ROOMS, 50.0 + n)) for n in range(1, 41)]
    assert len(soak.verdict(bigger)) == len(soak.ROOMS)
    assert soak.verdict([*flat, night(41, wrong=["a good revision was not published"])]) == [
        "night 41: a good revision was not published"
    ]


@pytest.mark.parametrize(("cron", "days"), [("10 3 * * *", 7), ("20 4 * * 1", 1)])
def test_a_schedule_falls_on_its_days(cron: str, days: int) -> None:
    assert sum(soak.falls_on(cron, DAY + timedelta(days=n)) for n in range(7)) == days


def test_the_sandbox_process_revises_and_breaks(tmp_path) -> None:
    """What the soak's partners are told arrives over HTTP."""
    figure = next(figure for figure in FIGURES if figure.dataset == "world_bank_wgi")
    with soak_world.Played(tmp_path / "sample") as played:
        cell = {"table": figure.table, "row": figure.row, "column": figure.column, "value": figure.told(1)}
        played.tell("revise", cell=cell, code=figure.code, moment=DAY.isoformat())
        dataset, endpoints = datasets()[figure.dataset], Endpoints.sandbox(played.url)
        signal = ask(client_of(dataset, endpoints), dataset, tmp_path)
    revised = Tables(tmp_path / "sample")[figure.table]
    assert signal == {"updated": "2026-11-02"}
    assert [row["value"] for row in revised if figure.row.items() <= row.items()] == [figure.told(1)]
    assert figure.told(1) != figure.told(2) != figure.told(0)
