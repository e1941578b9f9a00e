"""The one HTTP client: polite, bounded, suspicious.

It goes only to hosts the registry names, streams to disk, and never trusts a status alone: every body is sniffed.
Partner modules say what a status or an error body means; everything about moving bytes is here. What arrived is kept
as `<dest>.part` and becomes `dest` once it has passed inspection, so that a failed download leaves no file.
"""

from __future__ import annotations

import copy
import gzip
import http.client
import json
import os
import re
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3

from ingest.errors import IngestError, PartnerUnavailable, PayloadCut, PayloadInvalid, RequestRefused
from ingest.politeness import LONGEST_WAIT, pace_of, retry_after
from ingest.registry import Partner

CONNECT_SECONDS, STALL_SECONDS = 10, 60
ATTEMPTS = 4
CHUNK = 1 << 20
READ = 1 << 16  # one read takes what has come, at most this
BOMB_BYTES, BOMB_RATIO = 10 << 20, 100  # real tables stay far below 100:1
RETRY_STATUS = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}
Expect = Literal["zip", "7z", "csv", "json", "xml"]
_LEAD = {"zip": (b"PK\x03\x04",), "7z": (b"7z\xbc\xaf\x27\x1c",), "json": (b"{", b"["), "xml": (b"<",), "csv": ()}
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Endpoints:
    """Where the partners are: the live servers, or a sandbox that has each real host as first path segment.

    One object serves one run. It keeps what `HttpClient.catalogue` was told, so that a catalogue of many datasets is
    asked for once, and a partner that is down is not tried anew for each of them.
    """

    sandbox_url: str | None = None
    backoff_seconds: float = 2.0
    told: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def sandbox(cls, url: str) -> Endpoints:
        return cls(sandbox_url=url.rstrip("/"), backoff_seconds=0.02)

    def base(self, partner: Partner, door: str) -> str:
        real = partner.bases[door]
        return f"{self.sandbox_url}/{real.split('://', 1)[1]}" if self.sandbox_url else real

    def hosts(self, partner: Partner) -> set[str]:
        return {urlsplit(self.base(partner, door)).netloc for door in partner.bases}

    def schemes(self, partner: Partner, host: str) -> set[str]:
        """How this host may be spoken to; a partner with https is never asked over http."""
        bases = [urlsplit(self.base(partner, door)) for door in partner.bases]
        return {base.scheme for base in bases if base.netloc == host} & {"http", "https"}


@dataclass
class _Part:
    """What has arrived of one body, as sent, and how the rest may be asked for."""

    path: Path
    total: int | None = None
    encoding: str = ""
    validator: tuple[str, str] | None = None  # header and value; None where no range is offered

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def resumable(self) -> bool:
        return self.validator is not None and self.size > 0

    def restart(self) -> None:
        self.path.unlink(missing_ok=True)
        self.total, self.encoding, self.validator = None, "", None

    def begin(self, headers: Mapping[str, str]) -> None:
        """A whole body is about to come."""
        self.restart()
        length = headers.get("Content-Length", "")
        self.total = int(length) if length.isdigit() and "Transfer-Encoding" not in headers else None
        self.encoding = headers.get("Content-Encoding", "").lower()
        if headers.get("Accept-Ranges", "").lower() == "bytes":
            self.validator = _validator(headers)

    def headers(self) -> dict[str, str]:
        """Ask for the rest, and for the whole should the file have changed."""
        if self.validator is None or not self.resumable:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator[1]}

    def continued_by(self, headers: Mapping[str, str]) -> bool:
        """Is this 206 just the missing bytes of the very same file?"""
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", headers.get("Content-Range", ""))
        if found is None or self.validator is None:
            return False
        first, last, total = map(int, found.groups())
        name, value = self.validator
        same = headers.get(name, value) == value and headers.get("Content-Encoding", "").lower() == self.encoding
        return same and first == self.size and last == total - 1 and total == (self.total or total)


@dataclass
class HttpClient:
    """Requests to one partner, at the pace that all its clients in this process share.

    `classify(status, first_bytes)` may turn a reply into an error before the general rules apply.
    Raises PartnerUnavailable or PayloadCut (after bounded retries), RequestRefused, PayloadInvalid.
    """

    partner: Partner
    endpoints: Endpoints
    on_bytes: Callable[[int], None] = lambda _n: None
    classify: Callable[[int, bytes, Mapping[str, str]], IngestError | None] = lambda _s, _b, _h: None
    _session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        contact = os.environ.get("A87_CONTACT", "https://www.alliance87.org")
        self._session.headers["User-Agent"] = f"alliance87-data-platform/0.1 (+{contact})"
        self._session.headers["Accept-Language"] = "en"
        self._session.headers["Accept-Encoding"] = "gzip"
        self._session.trust_env = self.endpoints.sandbox_url is None

    def url(self, door: str, path: str = "") -> str:
        return urljoin(self.endpoints.base(self.partner, door), path)

    def get_json(self, url: str, params: Mapping[str, str] | None = None, *, into: Path) -> Any:
        """The parsed body; it is kept at `into`, so that a snapshot holds what was really sent."""
        self.download(url, into, expect="json", params=params)
        try:
            return json.loads(into.read_bytes().decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise self._error(PayloadInvalid, f"JSON that cannot be parsed ({error})", url, "whole JSON") from error

    def catalogue(self, url: str, params: Mapping[str, str] | None = None, *, into: Path) -> Any:
        """As `get_json`, for what several datasets ask in one run: the first answer, or error, is that of all."""
        told, asked = self.endpoints.told, f"{url} {sorted((params or {}).items())}"
        if asked not in told:
            try:
                told[asked] = self.get_json(url, params, into=into)
            except IngestError as error:
                told[asked] = error
        if isinstance(told[asked], IngestError):
            raise copy.copy(told[asked])  # the caller writes its dataset into it
        return told[asked]

    def download_once(self, url: str, dest: Path, *, expect: Expect) -> None:
        """As `download`, for a small file that several datasets of one run are made of: it is asked for once."""
        told = self.endpoints.told
        if url in told:
            dest.write_bytes(told[url])
        else:
            self.download(url, dest, expect=expect)
            told[url] = dest.read_bytes()

    def download(self, url: str, dest: Path, *, expect: Expect, params: Mapping[str, str] | None = None) -> int:
        """Stream the body to `dest`; returns its bytes on the wire.

        Retries what may pass, never what cannot. A retry asks only for the missing rest where the partner offers that.
        The partner's total time-out counts for each attempt.
        """
        dest.parent.mkdir(parents=True, exist_ok=True)
        dest.unlink(missing_ok=True)
        part = _Part(dest.with_name(dest.name + ".part"))
        part.restart()
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            retry=tenacity.retry_if_exception_type((PartnerUnavailable, PayloadCut)),
            wait=self._wait,
            reraise=True,
        )
        try:
            received: int = retrying(self._attempt, url, part, expect, params)
            part.path.replace(dest)
            return received
        finally:
            part.restart()

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, PartnerUnavailable) else None
        backoff = tenacity.wait_exponential_jitter(self.endpoints.backoff_seconds, max=60, jitter=1)(state)
        if self.endpoints.sandbox_url:
            return min(backoff, self.endpoints.backoff_seconds * 4)
        return min(max(backoff, asked or 0.0), LONGEST_WAIT)

    def _attempt(self, url: str, part: _Part, expect: Expect, params: Mapping[str, str] | None) -> int:
        with self._slot():
            reply = self._transfer(url, part, params)
        received = part.size
        try:
            self._unpack(reply, part)
            self._inspect(reply, part.path, expect)
        except IngestError:
            part.restart()  # these bytes are all there and no good: never go on from them
            raise
        return received

    # --- asking ---

    def _transfer(self, url: str, part: _Part, params: Mapping[str, str] | None) -> requests.Response:
        """Bring the whole body to `part`; returns the reply, for its headers."""
        try:
            with self._ask(url, part, params) as reply:
                deadline = time.monotonic() + self.partner.total_timeout_seconds
                if reply.status_code not in ((200, 206) if part.resumable else (200,)):
                    raise self._status_error(reply, deadline)
                self._stream(reply, part, deadline)
                return reply
        # `from None`: their own texts hold the whole URL, with any key in it
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise self._error(PartnerUnavailable, f"no byte for {STALL_SECONDS} s or no connection", url) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if any(isinstance(cause, http.client.IncompleteRead) for cause in (error, error.__cause__)):
                raise self._cut(part, url) from None
            found = f"connection broken ({type(error).__name__})"
            raise self._error(PartnerUnavailable, found, url, "the whole body") from None

    def _ask(self, url: str, part: _Part, params: Mapping[str, str] | None) -> requests.Response:
        """The rest of a broken body, or the whole where there is nothing to go on from."""
        headers = part.headers()
        reply = self._open(url, params, headers)
        unfit = reply.status_code == 416 or (reply.status_code == 206 and not part.continued_by(reply.headers))
        if headers and unfit:
            reply.close()
            part.restart()
            reply = self._open(url, params, {})
        return reply

    def _open(self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str]) -> requests.Response:
        """GET, following at most five redirects, and only to hosts the registry names."""
        for _hop in range(6):
            self._check(url)
            self._turn()
            reply = self._session.get(
                url, params=params, headers=headers, stream=True, allow_redirects=False,
                timeout=(CONNECT_SECONDS, STALL_SECONDS),
            )  # fmt: skip
            if not reply.is_redirect:
                return reply
            url, params = urljoin(url, reply.headers["Location"]), None
            reply.close()
        raise self._error(RequestRefused, "more than five redirects", url)

    def _check(self, url: str) -> None:
        target = urlsplit(url)
        schemes = self.endpoints.schemes(self.partner, target.netloc)
        if schemes == {"https"} and target.scheme == "http":
            raise self._error(RequestRefused, "plain http in place of https", url, "https")
        if target.scheme not in schemes:
            raise self._error(RequestRefused, "a host that is not configured", url, "a host in partners.yaml")

    # --- politeness: a sandbox needs none ---

    def _interval(self) -> float:
        return 0.0 if self.endpoints.sandbox_url else self.partner.min_interval_seconds

    def _slot(self) -> AbstractContextManager[None]:
        return nullcontext() if self.endpoints.sandbox_url else pace_of(self.partner.name).slot()

    def _turn(self) -> None:
        if not self.endpoints.sandbox_url:
            pace_of(self.partner.name).turn(self._interval())

    def _hold_off(self, seconds: float | None) -> None:
        if seconds and not self.endpoints.sandbox_url:
            pace_of(self.partner.name).hold_off(min(seconds, LONGEST_WAIT))

    # --- receiving ---

    def _stream(self, reply: requests.Response, part: _Part, deadline: float) -> None:
        """The bytes as sent, still encoded: only so can their number be verified and a range be joined on."""
        if reply.status_code == 200:
            part.begin(reply.headers)
        else:
            part.total = int(reply.headers["Content-Range"].rpartition("/")[2])
        limit, size = self.partner.max_body_mb << 20, part.size
        with part.path.open("ab") as out:
            while chunk := _read(reply):
                size += len(chunk)
                if size > limit:
                    raise self._error(PayloadInvalid, "a body that does not end", reply.url, f"at most {limit} bytes")
                out.write(chunk)
                self.on_bytes(len(chunk))
                if time.monotonic() > deadline:
                    seconds = self.partner.total_timeout_seconds
                    raise self._error(PartnerUnavailable, f"still sending after {seconds} s", reply.url)
        if part.total not in (None, size):
            raise self._cut(part, reply.url)

    def _cut(self, part: _Part, url: str) -> IngestError:
        promised = "the whole body" if part.total is None else f"{part.total} bytes"
        return self._error(PayloadCut, f"a body that stopped at {part.size} bytes", url, promised)

    def _status_error(self, reply: requests.Response, deadline: float) -> IngestError:
        body, asked = _first_bytes(reply, deadline), retry_after(reply.headers)
        self._hold_off(asked)
        known = self.classify(reply.status_code, body, reply.headers)
        if known is not None:
            known.partner, known.url = self.partner.name, reply.url
            if isinstance(known, PartnerUnavailable) and known.retry_after is None:
                known.retry_after = asked
            return known
        found = f"HTTP {reply.status_code} {reply.reason}".strip()
        if reply.status_code in RETRY_STATUS:
            return self._error(PartnerUnavailable, found, reply.url, retry_after=asked)
        text = body.decode("utf-8", "replace").strip()[:200]
        return self._error(RequestRefused, f"{found} ({text})", reply.url, "HTTP 200")

    # --- looking at what came ---

    def _inspect(self, reply: requests.Response, path: Path, expect: Expect) -> None:
        with path.open("rb") as stream:
            head = stream.read(2048)
        bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        known = self.classify(200, bare, reply.headers)
        if known is not None:
            known.partner, known.url = self.partner.name, reply.url
            raise known
        if not bare:
            raise self._error(PartnerUnavailable, "an empty body with status 200", reply.url, expect)
        if bare[:200].lower().startswith((b"<!doctype html", b"<html")) or b"<html" in bare[:500].lower():
            raise self._error(PartnerUnavailable, "an HTML page with status 200", reply.url, expect)
        if bare.startswith(b"version https://git-lfs"):
            raise self._error(PayloadInvalid, "a git-lfs pointer", reply.url, expect)
        if expect != "zip" and head.startswith(b"PK\x03\x04"):
            raise self._error(PayloadInvalid, "a zip archive or an xlsx workbook", reply.url, expect)
        if expect == "zip" and bare.startswith(_LEAD["zip"]) and not zipfile.is_zipfile(path):
            found = f"a zip without its end ({path.stat().st_size} bytes)"
            raise self._error(PayloadCut, found, reply.url, "a whole zip archive")
        if _LEAD[expect] and not bare.startswith(_LEAD[expect]):
            raise self._error(PartnerUnavailable, f"a body that starts {bare[:20]!r}", reply.url, expect)

    def _unpack(self, reply: requests.Response, part: _Part) -> None:
        """Undo the gzip that the header tells of, and the one that some servers keep quiet (eurostat quirk 20)."""
        told = part.encoding in ("gzip", "x-gzip")
        if not told and part.encoding not in ("", "identity"):
            found = f"a body in {part.encoding}, which was not asked for"
            raise self._error(PayloadInvalid, found, reply.url, "gzip or no encoding")
        if told and part.size and not _is_gzip(part.path):
            raise self._error(PayloadCut, "a body that is not the gzip its header tells of", reply.url, "gzip")
        for _layer in range(1 + told):
            if _is_gzip(part.path):
                self._gunzip_in_place(reply, part.path)

    def _gunzip_in_place(self, reply: requests.Response, path: Path) -> None:
        plain, packed_size = path.with_suffix(path.suffix + ".plain"), path.stat().st_size
        try:
            with gzip.open(path, "rb") as packed, plain.open("wb") as out:
                while chunk := packed.read(CHUNK):
                    out.write(chunk)
                    self._check_unpacked(reply, out.tell(), packed_size)
            plain.replace(path)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise self._error(PayloadCut, f"a broken gzip ({error})", reply.url, "a whole gzip") from error
        finally:
            plain.unlink(missing_ok=True)

    def _check_unpacked(self, reply: requests.Response, size: int, packed_size: int) -> None:
        limit = self.partner.max_body_mb << 20
        if size > limit:
            raise self._error(PayloadInvalid, "a gzip that does not end", reply.url, f"at most {limit} bytes")
        if size > BOMB_BYTES and size > BOMB_RATIO * packed_size:
            found = f"a zip bomb ({packed_size} bytes that become more than {size})"
            raise self._error(PayloadInvalid, found, reply.url, f"at most {BOMB_RATIO}:1")

    def _error(self, kind: type[IngestError], found: str, url: str, expected: str = "", **more: Any) -> IngestError:
        return kind(found, partner=self.partner.name, url=url, expected=expected, **more)


def _read(reply: requests.Response) -> bytes:
    """What has come, without waiting for more, so that a server that drips cannot outstay the deadline."""
    amount = min(READ, reply.raw.length_remaining or READ)  # Python 3.11 would read on behind the body's end
    data: bytes = reply.raw.read1(amount, decode_content=False)
    return data


def _first_bytes(reply: requests.Response, deadline: float) -> bytes:
    body = b""
    try:
        while len(body) < 2048 and time.monotonic() < deadline:
            chunk = reply.raw.read1(2048 - len(body), decode_content=True)
            if not chunk:
                break
            body += chunk
    except urllib3.exceptions.HTTPError:
        pass  # the status says enough
    return body


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP


def _validator(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """What tells that a file is still the same, byte for byte: a weak ETag does not."""
    tag = headers.get("ETag", "")
    if tag.startswith('"'):
        return "ETag", tag
    modified = headers.get("Last-Modified", "")
    return ("Last-Modified", modified) if modified else None
