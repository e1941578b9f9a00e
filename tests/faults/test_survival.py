"""What is left when a process is killed, a disk is full or cannot be written, a clock jumps, two refreshes meet.

A small seeded number of kills here; `make soak` and `python -m tests.faults.kills` do a hundred.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from ingest import lake, storage
from orchestration import editions, publish
from tests.e2e.conftest import Demo
from tests.faults.kills import faults as wrong_after
from tests.faults.kills import killer, leftovers, look
from tests.unit.test_publish import accept as accept
from tests.unit.test_publish import ask, make_build

KILLS = int(os.environ.get("A87_KILLS", "1"))
NAMESPACE = ["unshare", "-rm", sys.executable, "-m", "tests.faults.disks"]


# --- kills -----------------------------------------------------------------------------------------------------------


def test_whatever_is_killed_nothing_is_lost_and_the_next_refresh_completes(demo: Demo, tmp_path):
    with killer(demo.home, tmp_path, seed=87, whole_every=1) as hunting:
        hunting.length = 20.0  # seconds, on two idle cores
        for _ in range(KILLS):
            hunting.kill("all")


class Died(BaseException):
    """In place of a process that is gone: nothing cleans up after it."""


@pytest.fixture
def dying(monkeypatch):
    """Run a function that dies before the given step of those that change names on disk; whether it did."""
    steps = 0
    last = 0

    def mortal(real):
        def step(*given, **named):
            nonlocal steps
            steps += 1
            if last and steps >= last:  # once dead it does nothing more
                raise Died
            return real(*given, **named)

        return step

    for module, names in ((os, ("replace", "rename", "link", "symlink", "unlink")), (shutil, ("rmtree",))):
        for name in names:
            monkeypatch.setattr(module, name, mortal(getattr(module, name)))

    def run(step: int, function, *arguments) -> bool:
        nonlocal steps, last
        steps, last = 0, step
        try:
            function(*arguments)
        except Died:
            return True
        finally:
            last = 0
        return False

    return run


def test_a_publication_that_dies_at_any_of_its_steps_leaves_one_whole_edition(home, accept, dying):
    """Four editions are there, so that it forgets one too."""
    accept("wdi-1")
    for number in range(4):
        make_build(home, figure=float(number))
        known = publish.publish(home).edition_id
    for step in itertools.count(1):
        make_build(home, figure=100.0 + step)
        died = dying(step, publish.publish, home)
        ((edition,),) = ask(home, "select edition_id from meta.edition")
        ((figure,),) = ask(home, "select share_pct from country_progress.mart_progress")
        assert (figure == 100.0 + step) == (edition != known), f"step {step}"
        for name in editions.kept(home):
            folder = editions.folder(home) / name
            assert (folder / "datapackage.json").exists() and (folder / "alliance87.duckdb").exists(), f"step {step}"
        assert (home.published / "latest" / "datapackage.json").exists(), f"step {step}"
        known = edition  # the next one begins on what this one left
        if not died:
            break
    assert step > 8
    assert not [*home.root.rglob(".work.*")]
    assert (home.published / "latest").resolve().name == edition


# --- disks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def namespaces() -> None:
    tried = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    if shutil.which("unshare") is None or tried.returncode:
        pytest.skip(f"this machine lets nobody mount in a namespace: {tried.stderr.decode().strip()}")


def test_a_data_root_that_cannot_be_written_is_told_in_a_line_and_can_be_read(demo: Demo, namespaces):
    done = subprocess.run([*NAMESPACE, "read-only", str(demo.home)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif("A87_KILLS" not in os.environ, reason="takes minutes: `make soak` fills disks")
def test_a_full_disk_is_told_in_a_line_harms_nothing_and_is_over_when_there_is_room(demo: Demo, namespaces):
    done = subprocess.run([*NAMESPACE, "full", str(demo.home)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- clocks ----------------------------------------------------------------------------------------------------------


def test_editions_and_acceptances_keep_their_order_when_the_clock_jumps(home, accept, monkeypatch):
    """A year back, a year ahead, and back to the truth."""
    truth = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    year = timedelta(days=365)
    published = []
    for number, shift in enumerate((0 * year, -year, year, 0 * year, 0 * year, -year)):
        now = truth + shift + timedelta(minutes=number)
        monkeypatch.setattr(storage, "utcnow", lambda now=now: now)
        accept(f"wdi-{number}", rows=[])
        make_build(home, snapshot_id=f"wdi-{number}", figure=float(number))
        published.append(publish.publish(home).edition_id)
        assert ask(home, "select share_pct from country_progress.mart_progress") == [(float(number),)]
        assert (home.published / "latest").resolve().name == published[-1]
    assert published == sorted(set(published))
    assert editions.kept(home) == published[-1 - editions.KEEP_BEFORE :]
    accepted = lake.acceptances(home, "world_bank_wdi")
    assert [a["snapshot_id"] for a in accepted] == [f"wdi-{number}" for number in range(6)]
    assert lake.current(home, "world_bank_wdi").snapshot_id == "wdi-5"


# --- two at once -----------------------------------------------------------------------------------------------------


def test_of_two_refreshes_at_once_one_does_the_work_and_both_end_well(demo: Demo, tmp_path):
    with killer(demo.home, tmp_path, seed=1, whole_every=1) as platform:
        platform.partners.revise("ilab_projects")
        before, kept = look(platform.home), editions.kept(platform.home)
        first, second = (platform.start(["ilab_projects"]) for _ in range(2))
        assert (first.wait(300), second.wait(300)) == (0, 0)
        assert look(platform.home).edition_id > before.edition_id
        assert len(set(editions.kept(platform.home)) - set(kept)) == 1
        assert not [*wrong_after(platform.home, before), *leftovers(platform.home)]
