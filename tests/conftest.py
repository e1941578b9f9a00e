"""Fixtures that several test modules share: a data root, the sandbox, a scripted server, the recorded payloads."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from ingest.partners import ilo
from ingest.sandbox import SampleEdition, Sandbox
from ingest.storage import Home

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    """An empty data root, which is also what A87_HOME names."""
    root = tmp_path / "home"
    monkeypatch.setenv("A87_HOME", str(root))
    return Home(root)


@pytest.fixture(scope="session")
def sample() -> SampleEdition:
    """The bundled figures, read and encoded once."""
    return SampleEdition()


@pytest.fixture
def sandbox(sample) -> Iterator[Sandbox]:
    with Sandbox(sample) as running:
        yield running


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("../shared with recorded payloads is not here")
    return SHARED


class Server:
    """A loopback server that says what it is told to say, and keeps what it was asked."""

    def __init__(self) -> None:
        self.paths: list[str] = []  # decoded path and query of every request
        self.headers: list[dict[str, str]] = []
        self._answers: list[tuple[str, list[tuple[int, dict[str, str], bytes]]]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def says(self, body: bytes | str, status: int = 200, *, on: str = "", **headers: str) -> None:
        """Answer requests whose path and query contain `on`. Said again for the same `on`, it is the next answer;
        the last one is repeated. Of several texts that are contained the longest counts. Underscores in the names of
        headers are hyphens."""
        answer = (
            status,
            {name.replace("_", "-"): value for name, value in headers.items()},
            body.encode() if isinstance(body, str) else body,
        )
        for known, answers in self._answers:
            if known == on:
                answers.append(answer)
                return
        self._answers.append((on, [answer]))

    def take(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        self.paths.append(path)
        self.headers.append(headers)
        fitting = [entry for entry in self._answers if entry[0] in path]
        if not fitting:
            return 404, {}, b"nothing was said about this path"
        answers = max(fitting, key=lambda entry: len(entry[0]))[1]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = server.take(unquote(self.path), dict(self.headers))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), "Connection": "close", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    for name in ilo.CODED:  # the ILO's lists of codes, which come with each of its deliveries
        running.says(json.dumps([{name: "X", f"{name}.label": "a label"}, {}]), on=f"/metadata/dic?var={name}&")
    yield running
    running.close()
