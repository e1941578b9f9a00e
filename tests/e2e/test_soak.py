"""A very short soak: a broken release, then the mended one. `make soak` runs two hundred nights."""

from datetime import datetime

import pytest

from ingest.storage import Home
from tests.e2e.conftest import Platform
from tools import soak, soak_world


def break_once(world: soak_world.World, moment: datetime) -> None:
    if not world.begun:
        world.add(soak_world.Trouble("ilo", "ilo_sdg_0861_sex_rt", "half", 1), moment)


def test_a_broken_night_and_the_next_keep_every_promise(
    platform: Platform, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*soak.SETTINGS, "A87_ALERT_URLS"):  # the soak sets them; this takes them back
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(soak_world, "NEW_REVISION", 0)
    monkeypatch.setattr(soak_world, "NEW_FAULT", 1)
    monkeypatch.setattr(soak_world.World, "_break", break_once)
    report = soak.run(Home(platform.home.root), 2, 0, tmp_path / "sandbox")
    assert [wrong for night in report["by_night"] for wrong in night["wrong"]] == []
    assert (report["reported_once"], report["taken_back_once"], report["faults"]) == (1, 1, 1)
    assert report["by_night"][1]["published"]
