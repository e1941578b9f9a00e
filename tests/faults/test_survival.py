"""What is left when a process is killed, a disk is full or cannot be written, a clock jumps, two refreshes meet.

A small seeded number of kills here; `make soak` and `python -m tests.faults.kills` do a hundred.
"""

from __future__ import annotations

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


DYING = """
import os, shutil, sys
from ingest.storage import Home
from orchestration import editions, publish
steps, last = 0, int(sys.argv[2])

def dying(module, name):
    real = getattr(module, name)
    def step(*given, **named):
        global steps
        steps += 1
        if steps == last:
            os._exit(9)
        return real(*given, **named)
    setattr(module, name, step)

for module, names in ((os, ("replace", "rename", "link", "symlink", "chmod", "mkdir")), (shutil, ("rmtree",))):
    for name in names:
        dying(module, name)
publish.publish(Home(__import__("pathlib").Path(sys.argv[1])))
"""


def test_a_publication_that_dies_at_any_of_its_steps_leaves_one_whole_edition(home, accept):
    """Five editions before it, so that it forgets one too."""
    accept("wdi-1")
    for number in range(5):
        make_build(home, figure=float(number))
        known = publish.publish(home)
    make_build(home, figure=99.0)
    step, died = 0, True
    while died:
        step += 1
        before = known.edition_id
        died = subprocess.run([sys.executable, "-c", DYING, str(home.root), str(step)], check=False).returncode == 9
        (edition,) = ask(home, "select edition_id from meta.edition")[0]
        (figure,) = ask(home, "select share_pct from country_progress.mart_progress")[0]
        assert (figure == 99.0) == (edition != before), f"step {step}"
        folders = editions.kept(home)
        whole = [
            (folder / "datapackage.json").exists() and (folder / "alliance87.duckdb").exists() for folder in folders
        ]
        assert all(whole), f"step {step}: {[folder.name for folder in folders]}"
        assert (home.published / "latest" / "datapackage.json").exists()
        make_build(home, figure=1.0)
        known = publish.publish(home)
        assert not [*home.root.rglob(".work.*")], f"step {step}"
        assert ask(home, "select edition_id from meta.edition") == [(known.edition_id,)]
        assert (home.published / "latest").resolve().name == known.edition_id
        make_build(home, figure=99.0)
    assert step > 8


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
        before = look(platform.home)
        first, second = (platform.start(["ilab_projects"]) for _ in range(2))
        assert (first.wait(300), second.wait(300)) == (0, 0)
        assert look(platform.home).edition_id > before.edition_id
        assert len(editions.kept(platform.home)) == 2
        assert not [*wrong_after(platform.home, before), *leftovers(platform.home)]
