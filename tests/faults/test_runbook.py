"""Every entry of docs/runbook.md is brought about and ended by the commands that it names, on one data root."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.storage import Home
from orchestration.alerts import preview
from orchestration.incidents import KINDS
from tests.e2e.conftest import Demo
from tests.faults.kills import Forge, Refresh

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
ENTRY = re.compile(r"^## (\S+)\n.*?^- Exercise: [^`\n]*`([^`]+)`(?:; over with `([^`]+)`)?", re.M | re.S)
LOOK = "a87 alert --dry-run"
NOT_TYPED = {"tick-failed"}  # takes a daemon and three minutes
NEVER_OVER = {"partner-late"}  # on the sample edition
EXERCISES = {kind: (opens, ends) for kind, opens, ends in ENTRY.findall(RUNBOOK.read_text(encoding="utf-8"))}


@dataclass
class Console:
    """A shell with the data root as A87_HOME, in which `a87` comes from a process that has its libraries loaded."""

    home: Path
    forge: Forge

    def types(self, line: str) -> str:
        """The output of the last command of the line."""
        said = ""
        for command in line.split("; "):
            words = shlex.split(re.sub(r"^R ", "a87 refresh --edition sample ", command))
            given = {"A87_HOME": str(self.home)}
            while "=" in words[0]:
                name, _, value = words.pop(0).partition("=")
                given[name] = value
            said = self._a87(words[1:], given) if words[0] == "a87" else self._shell(command, given)
        return said

    def incidents(self, line: str) -> set[str]:
        """Kinds that are open once these commands were typed, as `a87 alert --dry-run` prints them."""
        said = self.types(line)
        titles = said.splitlines() if line.endswith(LOOK) else [title for title, _body in preview(Home(self.home))]
        return {title.split()[2] for title in titles if title.startswith("[alliance87 dev] ")}

    def _a87(self, words: list[str], given: dict[str, str]) -> str:
        output = self.home / "said.log"
        assert Refresh(words, given, output, self.forge).wait(200) is not None, f"hangs: a87 {shlex.join(words)}"
        return output.read_text(encoding="utf-8")

    def _shell(self, command: str, given: dict[str, str]) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command], env={**os.environ, **given, "PATH": path}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode in (0, -9), done.stderr  # -9: killed, as it was meant
        return done.stdout


@pytest.fixture(scope="module")
def console(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    home = tmp_path_factory.mktemp("runbook") / "data"
    shutil.copytree(demo.home, home, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("A87_ALERT_URLS", "A87_ENV"):
            patch.delenv(name, raising=False)
        patch.setenv("A87_FREE_GB", "0")
        patch.setenv("DAGSTER_HOME", "")  # set by whoever looks; this takes it back
        forge = Forge()
        yield Console(home, forge)
        forge.close()


def test_every_entry_says_how_it_is_brought_about() -> None:
    assert list(EXERCISES) == list(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in NOT_TYPED])
def test_what_the_runbook_types_brings_the_incident_about_and_ends_it(console: Console, kind: str) -> None:
    opens, ends = EXERCISES[kind]
    ends = ends or re.sub(r" --fault ('[^']+'|\S+)", "", opens)
    opened, ended = console.incidents(opens), console.incidents(ends)
    assert kind in opened
    assert ended == NEVER_OVER
