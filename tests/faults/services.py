"""The long-running processes of a deployment, started and killed. For tests."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.e2e.conftest import A87

PATIENCE = 180  # seconds


def until(happened: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait for it. Raises AssertionError."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {what}"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Services:
    """`a87 serve` with each role at most once; their output goes into `logs`."""

    logs: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, role: str) -> None:
        """Returns once the code server listens; the daemon needs some seconds more."""
        environment = {**os.environ, **self.environment, "A87_CODE_PORT": str(self.port)}
        with (self.logs / f"{role}.log").open("ab") as output:
            self.running[role] = subprocess.Popen([A87, "serve", role], env=environment, stdout=output, stderr=output)
        if role == "code":
            until(lambda: socket.socket().connect_ex(("127.0.0.1", self.port)) == 0, "the code server listens")

    def kill(self, role: str, *, family: bool = False) -> None:
        """SIGKILL to the process, and with `family` to those below it."""
        process = self.running.pop(role)
        below = psutil.Process(process.pid).children(recursive=True) if family else []
        process.kill()
        for one in below:
            one.kill()
        process.wait()


@contextmanager
def deployment(logs: Path, environment: dict[str, str]) -> Iterator[Services]:
    """None of its processes is left behind."""
    services = Services(logs, environment)
    try:
        yield services
    finally:
        for role in list(services.running):
            services.kill(role, family=True)
