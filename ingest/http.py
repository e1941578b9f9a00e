"""The one HTTP client: polite, bounded, suspicious.

It goes only to hosts the registry names, streams to disk, and never trusts a status alone: every body is sniffed.
Partner modules say what a status or an error body means; everything about moving bytes is here.
"""

from __future__ import annotations

import gzip
import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3

from ingest.errors import IngestError, PartnerUnavailable, PayloadCut, PayloadInvalid, RequestRefused
from ingest.registry import Partner

CONNECT_SECONDS, STALL_SECONDS = 10, 60
ATTEMPTS = 4
CHUNK = 1 << 20
RETRY_STATUS = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}
Expect = Literal["zip", "csv", "json", "xml"]
_LEAD = {"zip": (b"PK\x03\x04",), "json": (b"{", b"["), "xml": (b"<",), "csv": ()}


@dataclass(frozen=True)
class Endpoints:
    """Where the partners are: the live servers, or a sandbox that has each real host as first path segment."""

    sandbox_url: str | None = None
    backoff_seconds: float = 2.0

    @classmethod
    def sandbox(cls, url: str) -> Endpoints:
        return cls(sandbox_url=url.rstrip("/"), backoff_seconds=0.02)

    def base(self, partner: Partner, door: str) -> str:
        real = partner.bases[door]
        return f"{self.sandbox_url}/{real.split('://', 1)[1]}" if self.sandbox_url else real

    def hosts(self, partner: Partner) -> set[str]:
        return {urlsplit(self.base(partner, door)).netloc for door in partner.bases}


@dataclass
class HttpClient:
    """Requests to one partner.

    `classify(status, first_bytes)` may turn a reply into an error before the general rules apply.
    Raises PartnerUnavailable (after bounded retries), RequestRefused, PayloadInvalid.
    """

    partner: Partner
    endpoints: Endpoints
    on_bytes: Callable[[int], None] = lambda _n: None
    classify: Callable[[int, bytes, Mapping[str, str]], IngestError | None] = lambda _s, _b, _h: None
    _session: requests.Session = field(default_factory=requests.Session)
    _last_request: float = 0.0

    def __post_init__(self) -> None:
        contact = os.environ.get("A87_CONTACT", "https://www.alliance87.org")
        self._session.headers["User-Agent"] = f"alliance87-data-platform/0.1 (+{contact})"
        self._session.headers["Accept-Language"] = "en"
        self._session.trust_env = self.endpoints.sandbox_url is None

    def url(self, door: str, path: str = "") -> str:
        return urljoin(self.endpoints.base(self.partner, door), path)

    def get_json(self, url: str, params: Mapping[str, str] | None = None, *, into: Path) -> Any:
        """The parsed body; it is kept at `into`, so that a snapshot holds what was really sent."""
        self.download(url, into, expect="json", params=params)
        try:
            return json.loads(into.read_bytes().decode("utf-8-sig"))
        except ValueError as error:
            raise self._error(PayloadInvalid, f"JSON that cannot be parsed ({error})", url, "whole JSON") from error

    def download(self, url: str, dest: Path, *, expect: Expect, params: Mapping[str, str] | None = None) -> int:
        """Stream the body to `dest`; returns bytes on the wire. Retries what may pass, never what cannot."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            retry=tenacity.retry_if_exception_type((PartnerUnavailable, PayloadCut)),
            wait=self._wait,
            reraise=True,
        )
        return retrying(self._download_once, url, dest, expect, params)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, PartnerUnavailable) else None
        backoff = tenacity.wait_exponential_jitter(self.endpoints.backoff_seconds, max=60, jitter=1)(state)
        if self.endpoints.sandbox_url:
            return min(backoff, self.endpoints.backoff_seconds * 4)
        return min(max(backoff, asked or 0.0), 600.0)

    def _download_once(self, url: str, dest: Path, expect: Expect, params: Mapping[str, str] | None) -> int:
        deadline = time.monotonic() + self.partner.total_timeout_seconds
        try:
            with self._open(url, params) as reply:
                if reply.status_code != 200:
                    raise self._status_error(reply)
                received = self._stream(reply, dest, deadline)
                self._inspect(reply, dest, expect)
                return received
        except requests.Timeout as error:
            raise self._error(PartnerUnavailable, f"no byte for {STALL_SECONDS} s or no connection", url) from error
        except (requests.RequestException, OSError, zlib.error) as error:
            if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
                raise  # a full or read-only disk is ours, not the partner's
            found = f"connection broken ({type(error).__name__})"
            raise self._error(PartnerUnavailable, found, url, "the whole body") from error

    def _open(self, url: str, params: Mapping[str, str] | None) -> requests.Response:
        """GET, following at most five redirects, and only to hosts the registry names."""
        for _hop in range(6):
            target = urlsplit(url)
            if target.scheme not in ("http", "https") or target.netloc not in self.endpoints.hosts(self.partner):
                raise self._error(RequestRefused, "a host that is not configured", url, "a host in partners.yaml")
            pause = self._last_request + self._interval() - time.monotonic()
            time.sleep(max(0.0, pause))
            self._last_request = time.monotonic()
            reply = self._session.get(
                url, params=params, stream=True, allow_redirects=False, timeout=(CONNECT_SECONDS, STALL_SECONDS)
            )
            if not reply.is_redirect:
                return reply
            url, params = urljoin(url, reply.headers["Location"]), None
            reply.close()
        raise self._error(RequestRefused, "more than five redirects", url)

    def _interval(self) -> float:
        return 0.0 if self.endpoints.sandbox_url else self.partner.min_interval_seconds

    def _stream(self, reply: requests.Response, dest: Path, deadline: float) -> int:
        limit, received = self.partner.max_body_mb << 20, 0
        dest.parent.mkdir(parents=True, exist_ok=True)
        with dest.open("wb") as out:
            for chunk in reply.iter_content(CHUNK):
                received += len(chunk)
                if received > limit:
                    raise self._error(PayloadInvalid, "a body that does not end", reply.url, f"at most {limit} bytes")
                if time.monotonic() > deadline:
                    seconds = self.partner.total_timeout_seconds
                    raise self._error(PartnerUnavailable, f"still sending after {seconds} s", reply.url)
                out.write(chunk)
                self.on_bytes(len(chunk))
        return received

    def _status_error(self, reply: requests.Response) -> IngestError:
        try:
            body = reply.raw.read(2048, decode_content=True) or b""
        except urllib3.exceptions.HTTPError:  # the status says enough
            body = b""
        known = self.classify(reply.status_code, body, reply.headers)
        if known is not None:
            known.partner, known.url = self.partner.name, reply.url
            return known
        found = f"HTTP {reply.status_code} {reply.reason}".strip()
        if reply.status_code in RETRY_STATUS:
            return self._error(PartnerUnavailable, found, reply.url, retry_after=_retry_after(reply))
        text = body.decode("utf-8", "replace").strip()[:200]
        return self._error(RequestRefused, f"{found} ({text})", reply.url, "HTTP 200")

    def _inspect(self, reply: requests.Response, dest: Path, expect: Expect) -> None:
        self._gunzip_in_place(reply, dest)
        with dest.open("rb") as stream:
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
        if expect == "zip" and bare.startswith(_LEAD["zip"]) and not zipfile.is_zipfile(dest):
            found = f"a zip without its end ({dest.stat().st_size} bytes)"
            raise self._error(PayloadCut, found, reply.url, "a whole zip archive")
        if _LEAD[expect] and not bare.startswith(_LEAD[expect]):
            raise self._error(PartnerUnavailable, f"a body that starts {bare[:20]!r}", reply.url, expect)

    def _gunzip_in_place(self, reply: requests.Response, path: Path) -> None:
        """Some servers send gzip without saying so (eurostat quirk 20)."""
        with path.open("rb") as stream:
            if stream.read(2) != b"\x1f\x8b":
                return
        plain, limit = path.with_suffix(path.suffix + ".plain"), self.partner.max_body_mb << 20
        try:
            with gzip.open(path, "rb") as packed, plain.open("wb") as out:
                while chunk := packed.read(CHUNK):
                    out.write(chunk)
                    if out.tell() > limit:
                        found = "a gzip that does not end"
                        raise self._error(PayloadInvalid, found, reply.url, f"at most {limit} bytes")
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise self._error(PayloadCut, f"a broken gzip ({error})", reply.url, "a whole gzip") from error
        plain.replace(path)

    def _error(self, kind: type[IngestError], found: str, url: str, expected: str = "", **more: Any) -> IngestError:
        return kind(found, partner=self.partner.name, url=url, expected=expected, **more)


def _retry_after(reply: requests.Response) -> float | None:
    value = reply.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None
