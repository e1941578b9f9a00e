"""The loopback HTTP server: URL form http://127.0.0.1:PORT/<real host>/<real path>?<query>, GET only."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self

from ingest.sandbox.dialects import Clock, Reply, Request, refusal
from ingest.sandbox.faults import Fault, amend_catalogue

STAMP = datetime(2026, 2, 17, 10, 0, tzinfo=UTC)


class Edition(Protocol):
    """Where answers come from."""

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        """The partner's reply, or None for something this edition does not have."""


class Sandbox:
    """Serves one edition on 127.0.0.1 while the context is open. `faults` may be changed while it runs."""

    def __init__(self, edition: Edition, *, faults: Sequence[Fault] = (), stamp: datetime = STAMP) -> None:
        self.edition = edition
        self.faults: list[Fault] = list(faults)
        self._clock = Clock(stamp.astimezone(UTC))
        self._requests: list[str] = []
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self.closing.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        assert self._server is not None
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._server = None

    @property
    def url(self) -> str:
        assert self._server is not None, "the sandbox is not running: use it as a context manager"
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[str]:
        """Decoded path and query of every request so far, e.g. /rplumber.ilo.org/data/indicator?id=..."""
        with self._lock:
            return list(self._requests)

    def reset_requests(self) -> None:
        with self._lock:
            self._requests.clear()

    def touch(self) -> None:
        """The partners' catalogues now tell of an update, for every dataset; the figures are the same."""
        with self._lock:
            self._clock = replace(self._clock, touches=self._clock.touches + 1)

    def update(self, code: str, moment: datetime) -> None:
        """The catalogue of the sample edition now tells of an update of this dataset alone (see `Clock.of`)."""
        with self._lock:
            self._clock = replace(self._clock, own={**self._clock.own, code: moment.astimezone(UTC)})

    def reply(self, target: str, headers: Mapping[str, str] | None = None) -> Reply:
        """The answer to a request line's path, faults included; a part of it where `headers` ask so and it is offered.

        The fault `short` breaks whole bodies only, so that asking for the rest mends it.
        """
        faults = list(self.faults)
        reply = self._spoilt(target, faults)
        start = _range_start(reply, headers or {})
        if start is None:
            return reply
        return _rest(self._spoilt(target, [fault for fault in faults if fault.kind != "short"]), start)

    def _spoilt(self, target: str, faults: Sequence[Fault]) -> Reply:
        request = Request.parse(target)
        reply = amend_catalogue(faults, request, self._answer(request), self._answer)
        for fault in faults:
            if fault.meets(request.text):
                reply = fault.spoil(request, reply)
        return reply

    def _answer(self, request: Request) -> Reply:
        return self.edition.answer(request, self._clock) or refusal(request)

    def note(self, target: str) -> None:
        with self._lock:
            self._requests.append(Request.parse(target).text)


def _range_start(reply: Reply, headers: Mapping[str, str]) -> int | None:
    """Where to go on, if a range is offered, asked for and the file is still what the client has a part of."""
    asked = re.fullmatch(r"bytes=(\d+)-", headers.get("Range", ""))
    offered = reply.status == 200 and reply.headers.get("Accept-Ranges") == "bytes"
    if asked is None or not offered:
        return None
    known = headers.get("If-Range")
    if known is not None and known not in (reply.headers.get("ETag"), reply.headers.get("Last-Modified")):
        return None
    return int(asked[1])


def _rest(whole: Reply, start: int) -> Reply:
    size = len(whole.body)
    if start >= size:
        return Reply(b"", "text/plain", 416, {"Content-Range": f"bytes */{size}"})
    told = {**whole.headers, "Content-Range": f"bytes {start}-{size - 1}/{size}"}
    return replace(whole, body=whole.body[start:], status=206, headers=told)


def _handler(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else small replies wait for the client's delayed acknowledgement

        def do_GET(self) -> None:
            sandbox.note(self.path)
            reply = sandbox.reply(self.path, {name.title(): value for name, value in self.headers.items()})
            with contextlib.suppress(ConnectionError):  # a client may hang up
                self._send(reply)

        def _send(self, reply: Reply) -> None:
            self._head(reply)
            if reply.stall:
                self._body(reply, reply.body[: len(reply.body) // 2])
                sandbox.closing.wait(reply.stall)
            else:
                self._body(reply, reply.body)
            if reply.stall or reply.promised is not None:
                self.close_connection = True
            elif reply.chunked:
                self.wfile.write(b"0\r\n\r\n")

        def _head(self, reply: Reply) -> None:
            length = str(len(reply.body) if reply.promised is None else reply.promised)
            framing = {"Transfer-Encoding": "chunked"} if reply.chunked else {"Content-Length": length}
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.content_type, **framing, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def _body(self, reply: Reply, body: bytes) -> None:
            if not reply.chunked:
                self.wfile.write(body)
            elif body:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))

        def log_message(self, *_args: Any) -> None:
            """Quiet: `Sandbox.requests` is the log."""

    return Handler
