"""Nothing listens beyond this machine unless somebody says so."""

from __future__ import annotations

import os

import pytest
from typer.testing import CliRunner

from ingest.sandbox import Sandbox
from orchestration import services
from orchestration.cli import app


@pytest.fixture
def started(home, monkeypatch) -> list[list[str]]:
    """The command lines that a process became."""
    lines: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, line: lines.append(line))
    monkeypatch.setattr(os, "chdir", lambda _folder: None)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    return lines


def host_of(line: list[str]) -> str:
    return line[line.index("-h") + 1]


@pytest.mark.parametrize("command", [["dev"], *(["serve", role] for role in ("code", "ui", "admin"))])
def test_services_listen_on_this_machine_only(started, command):
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    (line,) = started
    assert host_of(line) == "127.0.0.1"


def test_the_daemon_listens_nowhere():
    assert "-h" not in services.command("daemon", "127.0.0.1")


def test_the_ui_for_everybody_can_change_nothing():
    assert "--read-only" in services.command("ui", "127.0.0.1")
    assert "--read-only" not in services.command("admin", "127.0.0.1")


def test_the_sandbox_listens_on_this_machine_only(sample):
    with Sandbox(sample) as running:
        assert running.url.startswith("http://127.0.0.1:")
        assert running._server is not None
        assert running._server.server_address[0] == "127.0.0.1"
