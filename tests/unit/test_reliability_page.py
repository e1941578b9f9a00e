"""Every command that docs/reliability.md names is there."""

import re
from pathlib import Path

import pytest

from orchestration.cli import app

ROOT = Path(__file__).parents[2]
ROWS = [
    row for row in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8").splitlines()
    if row.startswith("| ") and not row.startswith("| claim |")
]  # fmt: skip
COMMANDS = sorted({command for row in ROWS for command in re.findall(r"`([^`]+)`", row.split(" | ")[-1])})


def exists(command: str) -> bool:
    """A make target, an `a87` command, a module, or tests, all of this repository."""
    words = [word for word in command.split() if not re.match(r"[A-Z0-9_]+=", word)]
    match words:
        case ["make", target, *_]:
            return re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M) is not None
        case ["a87", name, *_]:
            return name in {c.name or (c.callback and c.callback.__name__) for c in app.registered_commands}
        case ["python", "-m", "pytest", *rest] | ["pytest", *rest]:
            return any(map(_is_test, rest)) and all(_is_test(word) for word in rest if word.startswith("tests"))
        case ["python", "-m", module, *_]:
            return (ROOT / f"{module.replace('.', '/')}.py").exists()
        case ["python", file, *_]:
            return (ROOT / file).exists()
    return all(map(_is_test, words))


def _is_test(word: str) -> bool:
    file, _, name = word.partition("::")
    path = ROOT / file
    return (
        word.startswith("tests/") and path.exists() and (not name or f"def {name.split('[')[0]}(" in path.read_text())
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_exists(command: str) -> None:
    assert exists(command)


def test_every_row_has_a_figure_and_a_command() -> None:
    assert ROWS
    for row in ROWS:
        claim, figure, command = row.strip("| ").split(" | ")
        assert claim, row
        assert re.search(r"\d", figure), row
        assert re.search(r"`[^`]+`", command), row


@pytest.mark.parametrize("command", ["make nothing", "a87 nothing", "tests/unit/test_soak.py::test_nothing", "rm"])
def test_what_is_not_there_is_found_out(command: str) -> None:
    assert not exists(command)
