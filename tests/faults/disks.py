"""Full and read-only disks, played in a mount namespace of its own:

    unshare -rm python -m tests.faults.disks full|read-only DATA_ROOT [MEGABYTES_LEFT ...]

DATA_ROOT is one that `a87 demo` filled; it is copied, never touched.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.storage import Home
from tests.faults.kills import A87, Killer, RevisingPartners, faults, leftovers, look

LEVELS = (0.05, 2.0, 20.0)  # MB left: full at the first note, while dbt works, while the edition is copied
CHOSEN = "fao_oea"
REFRESH = ("refresh", "--edition", "sample", "--dataset", CHOSEN)


def full(base: Path, levels: list[float]) -> None:
    """A refresh at each level of free space ends in plain words, harms nothing, and the next one mends it."""
    with _small_disk(base) as mount, _at_work(mount / "home") as (home, platform):
        for left in levels:
            platform.partners.revise(CHOSEN)
            before = look(home)
            ballast = mount / "ballast"
            _fill(ballast, shutil.disk_usage(mount).free - int(left * 1e6))
            said = _a87(platform, *REFRESH)
            wrong = list(faults(home, before))
            if said.returncode == 0:
                wrong += ["it went well: the disk was not full"]
            else:
                wrong += _not_plain(said, "is full")
            asked = _a87(platform, "query", "select edition_id from meta.edition")
            if before.edition_id not in asked.stdout:
                wrong.append(f"readers suffer: {asked.stderr}")
            ballast.unlink()
            again = _a87(platform, *REFRESH)
            if again.returncode:
                wrong.append(f"with room again: {again.stdout}{again.stderr}")
            wrong += [*faults(home, before), *leftovers(home)]
            assert not wrong, f"{left} MB left: {'; '.join(wrong)}"
            _say(f"{left} MB left: {_errors(said.stdout)}")


def read_only(base: Path) -> None:
    """A refresh says in one line that it cannot write; analysts and operators can read all the same."""
    with _small_disk(base) as mount, _at_work(mount / "home") as (home, platform):
        before = look(home)
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        wrong = _not_plain(_a87(platform, *REFRESH), "cannot be written")
        for command in (("status",), ("query", "select edition_id from meta.edition")):
            said = _a87(platform, *command)
            if said.returncode or before.edition_id not in said.stdout:
                wrong.append(f"a87 {command[0]}: {said.stdout}{said.stderr}")
        wrong += list(faults(home, before))
        assert not wrong, "; ".join(wrong)


@contextmanager
def _small_disk(base: Path) -> Iterator[Path]:
    """A disk in memory with a copy of the data root, and 150 MB more."""
    used = sum(file.stat().st_size for file in base.rglob("*") if file.is_file() and not file.is_symlink())
    with tempfile.TemporaryDirectory(prefix="a87_disk.") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={used + 150_000_000}", "none", name], check=True)
        try:
            shutil.copytree(base, Path(name) / "home", symlinks=True)
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


@contextmanager
def _at_work(root: Path) -> Iterator[tuple[Home, Killer]]:
    with tempfile.TemporaryDirectory(prefix="a87_sample.") as name:
        partners = RevisingPartners(Path(name) / "sample")
        with partners.sandbox:
            yield Home(root), Killer(Home(root), partners, random.Random(87))


def _fill(file: Path, size: int) -> None:
    with file.open("wb") as out:
        for _ in range(max(0, size) // 100_000):
            out.write(b"x" * 100_000)
        out.write(b"x" * (max(0, size) % 100_000))


def _a87(platform: Killer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [A87, *arguments], env=platform.environment(), capture_output=True, text=True, timeout=300, check=False
    )


def _not_plain(said: subprocess.CompletedProcess[str], sign: str) -> list[str]:
    """What is wrong with how a refresh told of the trouble."""
    text = said.stdout + said.stderr
    wrong = [] if said.returncode == 2 else [f"exit code {said.returncode}"]
    wrong += ["a stack trace"] if "Traceback" in text else []
    wrong += [] if sign in text else [f"nothing of {sign!r}"]
    return [f"{fault} in: {text[-3000:]}" for fault in wrong]


def _errors(text: str) -> str:
    return next((line for line in text.splitlines() if line.startswith("error")), "")[:200]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    kind, root, *wanted = sys.argv[1:]
    if kind == "full":
        full(Path(root), [float(level) for level in wanted] or list(LEVELS))
    else:
        read_only(Path(root))
