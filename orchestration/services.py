"""The long-running processes of a deployment, one command each: systemd and compose start the same ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ingest.storage import Home
from orchestration.instance import REPOSITORY, dagster_home

UI_PORTS = {"ui": 3000, "admin": 3001}
CODE_AT = {"A87_CODE_HOST": "127.0.0.1", "A87_CODE_PORT": "4266"}  # defaults of what deploy/workspace.yaml reads
ROLES = {
    "code": "the code location: evaluates schedules and sensors, runs start below it",
    "ui": "the Dagster UI, read-only",
    "admin": "the Dagster UI with everything that it can do: behind authentication only",
    "daemon": "starts what is due, watches runs",
}


def command(role: str, host: str) -> list[str]:
    """The command line of one of ROLES, listening on `host`. Raises ValueError for another role."""
    if role not in ROLES:
        raise ValueError(f"no service {role!r}; choose one of {', '.join(ROLES)}")
    workspace = ["-w", str(REPOSITORY / "deploy" / "workspace.yaml")]
    port = os.environ.get("A87_CODE_PORT", CODE_AT["A87_CODE_PORT"]) if role == "code" else str(UI_PORTS.get(role))
    listening = ["-h", host, "-p", port]
    return {
        "code": [_tool("dagster"), "api", "grpc", "-m", "orchestration.definitions", *listening,
                 "--location-name", "alliance87"],
        "ui": [_tool("dagster-webserver"), *workspace, *listening, "--read-only"],
        "admin": [_tool("dagster-webserver"), *workspace, *listening],
        "daemon": [_tool("dagster-daemon"), "run", *workspace],
    }[role]  # fmt: skip


def serve(home: Home, role: str, host: str) -> None:
    """Become that process; does not return."""
    line = command(role, host)
    os.environ["A87_HOME"] = str(home.root)  # the services run in DAGSTER_HOME
    for name, default in CODE_AT.items():
        os.environ.setdefault(name, default)
    os.chdir(dagster_home(home))
    os.execv(line[0], line)


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
