"""A process that has the platform's libraries loaded and forks an `a87` for every line it reads.

To load them takes a third of a small refresh, and a hundred kills are twice as many refreshes. Forked from here a
refresh runs the same code as the command `a87`, in a session of its own.

stdin: one JSON a line, {"arguments": [...], "environment": {...}, "output": file}; stdout: the process id, and once it
has ended its exit code (negative: the signal), each on a line.
"""

from __future__ import annotations

import json
import os
import sys

import expectations.engine  # loads Great Expectations
import orchestration.build  # loads Dagster and dagster-dbt
import orchestration.run
from orchestration.cli import app

LOADED = (expectations.engine, orchestration.build, orchestration.run)


def serve() -> None:
    _write("ready")
    for line in sys.stdin:
        asked = json.loads(line)
        process = os.fork()
        if process == 0:
            _become(asked)
        _write(process)
        _, status = os.waitpid(process, 0)
        _write(os.waitstatus_to_exitcode(status))


def _become(asked: dict[str, object]) -> None:
    """The forked process: an `a87` with these arguments. Does not return."""
    os.setsid()
    output = os.open(str(asked["output"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(asked["environment"])  # type: ignore[call-overload]
    code = 70
    try:
        app(asked["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException as error:  # noqa: BLE001  what would end a process ends this one
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _write(value: object) -> None:
    sys.stdout.write(f"{value}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
