"""The HTTP client against a real loopback server: what is retried, what is refused, what the operator is told."""

from __future__ import annotations

import gzip
import io
import itertools
import random
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from ingest.errors import DatasetRetired, PartnerUnavailable, PayloadCut, PayloadInvalid, RequestRefused
from ingest.http import ATTEMPTS, Endpoints, HttpClient
from ingest.politeness import Pace, retry_after
from ingest.registry import Partner, partners
from ingest.sandbox import Fault

CSV = b"a,b\n1,2\n"
FAO = partners()["fao"]


def make_zip(text: str = "a,b\n1,2\n" * 500) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", text)
    return out.getvalue()


@pytest.fixture
def client(server) -> HttpClient:
    return HttpClient(FAO, Endpoints.sandbox(server.url))


@pytest.fixture
def dest(tmp_path) -> Path:
    return tmp_path / "files" / "body"


def failure(client: HttpClient, dest: Path, expect: str = "csv") -> Exception:
    with pytest.raises(Exception) as caught:
        client.download(client.url("bulk", "file"), dest, expect=expect)
    return caught.value


# --- good replies ----------------------------------------------------------------------------------------------------


def test_body_is_written_as_received_and_its_size_returned(client, server, dest):
    server.says(CSV)
    assert client.download(client.url("bulk", "file"), dest, expect="csv") == 8
    assert dest.read_bytes() == CSV


def test_every_chunk_is_reported(server, dest):
    server.says(b"x" * 3_000_000)
    heard: list[int] = []
    client = HttpClient(FAO, Endpoints.sandbox(server.url), on_bytes=heard.append)
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert sum(heard) == 3_000_000
    assert max(heard) <= 1 << 20


def test_parameters_are_sent(client, server, dest):
    server.says("{}")
    client.get_json(client.url("bulk", "file"), {"id": "SDG_A871_A", "lang": "en"}, into=dest)
    assert server.paths == ["/bulks-faostat.fao.org/production/file?id=SDG_A871_A&lang=en"]


def test_user_agent_names_the_project_and_a_contact(server, dest, monkeypatch):
    monkeypatch.setenv("A87_CONTACT", "mailto:data@example.org")
    server.says(CSV)
    client = HttpClient(FAO, Endpoints.sandbox(server.url))
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert server.headers[0]["User-Agent"] == "alliance87-data-platform/0.1 (+mailto:data@example.org)"


def test_language_is_always_english(client, server, dest):
    server.says(CSV)
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert server.headers[0]["Accept-Language"] == "en"


def test_gzip_that_no_header_tells_of_is_unpacked(client, server, dest):
    server.says(gzip.compress(CSV))
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert dest.read_bytes() == CSV


def test_gzip_content_encoding_is_unpacked_once(client, server, dest):
    server.says(gzip.compress(CSV), Content_Encoding="gzip")
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert dest.read_bytes() == CSV


def test_json_may_have_a_byte_order_mark(client, server, dest):
    server.says(b"\xef\xbb\xbf" + '{"area": "Côte d\'Ivoire"}'.encode())
    assert client.get_json(client.url("bulk", "file"), into=dest) == {"area": "Côte d'Ivoire"}


def test_json_is_kept_as_received(client, server, dest):
    server.says(b'{"a":  1}')
    client.get_json(client.url("bulk", "file"), into=dest)
    assert dest.read_bytes() == b'{"a":  1}'


def test_whole_zip_is_accepted(client, server, dest):
    server.says(make_zip())
    client.download(client.url("bulk", "file"), dest, expect="zip")
    assert zipfile.ZipFile(dest).read("data.csv").startswith(b"a,b\n")


def test_redirect_to_a_configured_host_is_followed(client, server, dest):
    server.says("", 302, on="/old", Location="/bulks-faostat.fao.org/production/new")
    server.says(CSV, on="/new")
    client.download(client.url("bulk", "old"), dest, expect="csv")
    assert dest.read_bytes() == CSV


# --- what is asked for again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524])
def test_passing_trouble_is_retried_until_it_is_gone(client, server, dest, status):
    server.says("busy", status)
    server.says("busy", status)
    server.says(CSV)
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert dest.read_bytes() == CSV
    assert len(server.paths) == 3


def test_retries_are_bounded(client, server, dest):
    server.says("busy", 503)
    error = failure(client, dest)
    assert isinstance(error, PartnerUnavailable)
    assert "HTTP 503" in error.found
    assert len(server.paths) == ATTEMPTS == 4


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<!DOCTYPE html><html><title>Just a moment...</title></html>", "an HTML page with status 200"),
        (b"\r\n  <HTML><body>sorry</body></HTML>", "an HTML page with status 200"),
        (b"\xef\xbb\xbf<html>sorry</html>", "an HTML page with status 200"),
        (b"", "an empty body with status 200"),
        (b" \r\n", "an empty body with status 200"),
    ],
)
def test_a_200_that_is_no_data_is_retried_and_then_given_up(client, server, dest, body, found):
    server.says(body)
    error = failure(client, dest)
    assert isinstance(error, PartnerUnavailable)
    assert error.found == found
    assert len(server.paths) == 4


@pytest.mark.parametrize(("expect", "body"), [("json", b"a,b\n1,2\n"), ("xml", b"{}"), ("zip", b"a,b\n1,2\n")])
def test_a_body_of_another_kind_is_refused(client, server, dest, expect, body):
    server.says(body)
    error = failure(client, dest, expect)
    assert isinstance(error, PartnerUnavailable)
    assert error.expected == expect


def test_a_zip_without_its_end_is_asked_for_again_and_then_called_cut(client, server, dest):
    server.says(make_zip()[:-30])
    assert isinstance(failure(client, dest, "zip"), PayloadCut)
    assert len(server.paths) == 4


def test_a_cut_zip_heals_when_the_next_one_is_whole(client, server, dest):
    server.says(make_zip()[:-30])
    server.says(make_zip())
    client.download(client.url("bulk", "file"), dest, expect="zip")
    assert len(server.paths) == 2


def test_a_body_shorter_than_promised_is_never_taken(client, server, dest):
    server.says(CSV, Content_Length="100")
    error = failure(client, dest)
    assert isinstance(error, PayloadCut)
    assert (error.found, error.expected) == ("a body that stopped at 8 bytes", "100 bytes")
    assert len(server.paths) == 4


def test_a_refused_connection_is_unavailable(client, server, dest):
    server.close()
    assert isinstance(failure(client, dest), PartnerUnavailable)


def test_a_body_that_takes_too_long_is_given_up(server, dest):
    server.says(CSV)
    hasty = FAO.model_copy(update={"total_timeout_seconds": -1})
    error = failure(HttpClient(hasty, Endpoints.sandbox(server.url)), dest)
    assert isinstance(error, PartnerUnavailable)
    assert "still sending" in error.found


# --- how long it waits -----------------------------------------------------------------------------------------------


def waits(endpoints: Endpoints, asked: float | None, attempt: int = 1) -> float:
    state = SimpleNamespace(
        attempt_number=attempt,
        outcome=SimpleNamespace(exception=lambda: PartnerUnavailable("busy", retry_after=asked)),
    )
    return HttpClient(FAO, endpoints)._wait(state)


def test_retry_after_of_a_live_partner_is_honoured():
    assert waits(Endpoints(), 30.0) == 30.0


def test_retry_after_is_capped_at_ten_minutes():
    assert waits(Endpoints(), 86400.0) == 600.0


def test_the_backoff_counts_where_it_is_longer_than_retry_after():
    assert 16.0 <= waits(Endpoints(), 1.0, attempt=4) <= 17.0


def test_the_backoff_grows_without_retry_after():
    assert 2.0 <= waits(Endpoints(), None) <= 3.0
    assert 4.0 <= waits(Endpoints(), None, attempt=2) <= 5.0


def test_a_sandbox_is_not_waited_for():
    assert waits(Endpoints.sandbox("http://127.0.0.1:1"), 30.0, attempt=4) <= 0.08


def test_retry_after_is_read_from_the_reply(client, server, dest):
    server.says("busy", 429, Retry_After="7")
    assert failure(client, dest).retry_after == 7.0


def test_retry_after_may_be_a_date(client, server, dest):
    later = datetime.now(UTC) + timedelta(seconds=90)
    server.says("busy", 429, Retry_After=format_datetime(later, usegmt=True))
    assert 60 < failure(client, dest).retry_after <= 90


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("Wed, 21 Oct 2015 07:28:00", 0.0), ("soon", None), ("", None)],
)
def test_retry_after_in_the_past_or_unreadable(value, seconds):
    assert retry_after({"Retry-After": value}) == seconds


def test_retry_after_counts_for_a_reply_that_the_partner_module_judged(server, dest):
    server.says("challenge", 403, Retry_After="5")
    client = HttpClient(FAO, Endpoints.sandbox(server.url), classify=lambda *_: PartnerUnavailable("a challenge"))
    assert failure(client, dest).retry_after == 5.0


# --- what is never asked for again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 304, 400, 401, 404, 405, 410, 413, 501])
def test_a_refusal_is_never_retried(client, server, dest, status):
    server.says("" if status in (204, 304) else "no", status)
    assert isinstance(failure(client, dest), RequestRefused)
    assert len(server.paths) == 1


def test_a_refusal_shows_what_the_partner_wrote(client, server, dest):
    server.says("404: Not Found", 404)
    assert failure(client, dest).found == "HTTP 404 Not Found (404: Not Found)"


def test_a_git_lfs_pointer_is_never_data(client, server, dest):
    server.says("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n")
    error = failure(client, dest)
    assert isinstance(error, PayloadInvalid)
    assert error.found == "a git-lfs pointer"
    assert len(server.paths) == 1


@pytest.mark.parametrize("target", ["http://127.0.0.2:9/x", "https://sorry.ec.europa.eu/", "file:///etc/passwd"])
def test_a_redirect_to_a_host_that_is_not_configured_is_refused(client, server, dest, target):
    server.says("", 302, Location=target)
    error = failure(client, dest)
    assert isinstance(error, RequestRefused)
    assert error.found == "a host that is not configured"
    assert error.url == target
    assert len(server.paths) == 1


def test_a_url_of_another_partner_is_refused_before_it_is_asked(client, server, dest):
    with pytest.raises(RequestRefused):
        client.download("https://example.org/file", dest, expect="csv")
    assert server.paths == []


def test_a_circle_of_redirects_ends(client, server, dest):
    server.says("", 302, Location="/bulks-faostat.fao.org/production/file")
    error = failure(client, dest)
    assert isinstance(error, RequestRefused)
    assert error.found == "more than five redirects"
    assert len(server.paths) == 6


def test_a_body_larger_than_the_limit_is_refused(server, dest):
    server.says(b"x" * ((1 << 20) + 1))
    small = FAO.model_copy(update={"max_body_mb": 1})
    error = failure(HttpClient(small, Endpoints.sandbox(server.url)), dest)
    assert isinstance(error, PayloadInvalid)
    assert error.found == "a body that does not end"
    assert error.expected == "at most 1048576 bytes"
    assert len(server.paths) == 1


def test_a_body_of_just_the_limit_is_taken(server, dest):
    server.says(b"x" * (1 << 20))
    small = FAO.model_copy(update={"max_body_mb": 1})
    client = HttpClient(small, Endpoints.sandbox(server.url))
    assert client.download(client.url("bulk", "file"), dest, expect="csv") == 1 << 20


def test_a_catalogue_is_asked_for_once_by_all_that_share_the_endpoints(client, server, dest):
    server.says('{"n": 1}')
    server.says('{"n": 2}')
    other = HttpClient(client.partner, client.endpoints)
    assert [c.catalogue(f"{server.url}/x/toc", into=dest)["n"] for c in (client, other)] == [1, 1]
    assert other.catalogue(f"{server.url}/x/toc", {"page": "2"}, into=dest)["n"] == 2
    fresh = HttpClient(client.partner, Endpoints.sandbox(server.url))
    assert fresh.catalogue(f"{server.url}/x/toc", into=dest)["n"] == 2


def test_a_catalogue_that_failed_is_not_tried_again_in_the_same_run(client, server, dest):
    server.says("busy", 503)
    for dataset in ("first", "second"):
        with pytest.raises(PartnerUnavailable, match="HTTP 503") as caught:
            client.catalogue(f"{server.url}/x/toc", into=dest)
        assert caught.value.dataset == ""  # what one dataset writes into it is not the other's
        caught.value.dataset = dataset
    assert len(server.paths) == 4  # the tries of the first


def test_json_that_cannot_be_parsed_is_not_retried(client, server, dest):
    server.says('[{"id": "QCL"')
    with pytest.raises(PayloadInvalid, match="JSON that cannot be parsed"):
        client.get_json(client.url("bulk", "file"), into=dest)
    assert len(server.paths) == 1


def test_a_full_disk_is_not_the_partners_fault(client, server, tmp_path):
    server.says(CSV)
    (tmp_path / "file").write_text("in the way of a folder")
    with pytest.raises(FileExistsError):
        client.download(client.url("bulk", "file"), tmp_path / "file" / "body", expect="csv")


def test_the_partners_own_words_come_before_the_general_rules(server, dest):
    def classify(status, body, headers):
        return DatasetRetired("gone for good") if b"deprecated" in body else None

    server.says('{"error":"deprecated"}', 503)
    client = HttpClient(FAO, Endpoints.sandbox(server.url), classify=classify)
    error = failure(client, dest)
    assert isinstance(error, DatasetRetired)
    assert (error.partner, error.url) == ("fao", client.url("bulk", "file"))
    assert len(server.paths) == 1


# --- what the operator is told ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expect", "expected"),
    [
        ({"body": "busy", "status": 404}, "csv", "expected HTTP 200"),
        ({"body": "<html>"}, "csv", "expected csv"),
        ({"body": ""}, "xml", "expected xml"),
        ({"body": "hello"}, "json", "expected json"),
        ({"body": make_zip()[:-30]}, "zip", "expected a whole zip archive"),
    ],
)
def test_messages_name_partner_url_expected_and_what_to_do(client, server, dest, answer, expect, expected):
    server.says(**answer)
    text = str(failure(client, dest, expect))
    assert text.startswith("fao: ")
    assert f"URL {client.url('bulk', 'file')}" in text
    assert expected in text
    assert "what to do: " in text


def test_the_dataset_replaces_the_partner_in_the_message_once_it_is_known(client, server, dest):
    server.says("no", 404)
    error = failure(client, dest)
    error.dataset = "fao_qcl"
    assert str(error).startswith("fao_qcl: request refused: HTTP 404")


# --- endpoints -------------------------------------------------------------------------------------------------------


def test_live_endpoints_are_those_of_the_registry():
    assert Endpoints().base(FAO, "bulk") == "https://bulks-faostat.fao.org/production/"
    assert Endpoints().hosts(FAO) == {"bulks-faostat.fao.org"}


def test_a_sandbox_has_the_real_host_in_its_path():
    endpoints = Endpoints.sandbox("http://127.0.0.1:8000/")
    assert endpoints.base(FAO, "bulk") == "http://127.0.0.1:8000/bulks-faostat.fao.org/production/"
    assert endpoints.hosts(FAO) == {"127.0.0.1:8000"}


def test_live_requests_keep_the_partners_distance_and_a_sandbox_none():
    assert HttpClient(FAO, Endpoints())._interval() == FAO.min_interval_seconds == 1.0
    assert HttpClient(FAO, Endpoints.sandbox("http://127.0.0.1:1"))._interval() == 0.0


# --- going on where a body broke -------------------------------------------------------------------------------------

ROWS = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(2000))
TAG = {"Accept_Ranges": "bytes", "ETag": '"one"'}
DATED = {"Accept_Ranges": "bytes", "Last_Modified": "Tue, 17 Feb 2026 10:00:00 GMT"}


def breaks(server, at: int = 9000, **headers: str) -> None:
    server.says(ROWS[:at], Content_Length=str(len(ROWS)), **headers)


def goes_on(server, at: int = 9000, told: str = "", **headers: str) -> None:
    server.says(ROWS[at:], 206, Content_Range=told or f"bytes {at}-{len(ROWS) - 1}/{len(ROWS)}", **headers)


def fetch(server, dest: Path, on_bytes: Callable[[int], None] = lambda _n: None) -> int:
    client = HttpClient(FAO, Endpoints.sandbox(server.url), on_bytes)
    return client.download(client.url("bulk", "file"), dest, expect="csv")


@pytest.mark.parametrize(
    ("headers", "validator"), [(TAG, '"one"'), (DATED, DATED["Last_Modified"]), ({**DATED, **TAG}, '"one"')]
)
def test_a_broken_body_is_continued(server, dest, headers, validator):
    breaks(server, **headers)
    goes_on(server, **headers)
    heard: list[int] = []
    assert fetch(server, dest, heard.append) == len(ROWS) == sum(heard)
    assert dest.read_bytes() == ROWS
    assert "Range" not in server.headers[0]
    assert (server.headers[1]["Range"], server.headers[1]["If-Range"]) == ("bytes=9000-", validator)


def test_a_rest_that_breaks_too_is_continued_from_there(server, dest):
    breaks(server, **TAG)
    rest = ROWS[9000:]
    server.says(
        rest[:1000], 206, Content_Length=str(len(rest)), Content_Range=f"bytes 9000-{len(ROWS) - 1}/{len(ROWS)}"
    )
    server.says("busy", 503)
    goes_on(server, 10000)
    fetch(server, dest)
    assert dest.read_bytes() == ROWS
    assert [asked.get("Range") for asked in server.headers] == [None, "bytes=9000-", "bytes=10000-", "bytes=10000-"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept_Ranges": "bytes"},
        {"ETag": '"one"'},
        {"Accept_Ranges": "none", "ETag": '"one"'},
        {"Accept_Ranges": "bytes", "ETag": 'W/"one"'},
    ],
)
def test_without_ranges_or_a_validator_the_whole_is_asked_for_again(server, dest, headers):
    breaks(server, **headers)
    server.says(ROWS)
    fetch(server, dest)
    assert dest.read_bytes() == ROWS
    assert "Range" not in server.headers[1]


def test_a_file_that_changed_meanwhile_is_taken_whole(server, dest):
    breaks(server, **TAG)
    server.says(b"x,y\n3,4\n", Accept_Ranges="bytes", ETag='"two"')
    assert fetch(server, dest) == 8
    assert dest.read_bytes() == b"x,y\n3,4\n"
    assert len(server.paths) == 2


@pytest.mark.parametrize(
    ("told", "headers"),
    [
        (f"bytes 8000-{len(ROWS) - 1}/{len(ROWS)}", {}),  # from elsewhere
        (f"bytes 9000-{len(ROWS) - 2}/{len(ROWS)}", {}),  # not to the end
        (f"bytes 9000-{len(ROWS)}/{len(ROWS) + 1}", {}),  # of another size
        ("bytes 9000-*/*", {}),
        ("", {"ETag": '"two"'}),  # of another file, although If-Range was sent
        ("", {"Content_Encoding": "gzip"}),
    ],
)
def test_a_rest_that_does_not_fit_is_dropped_and_the_whole_asked_for(server, dest, told, headers):
    breaks(server, **TAG)
    goes_on(server, told=told, **headers)
    server.says(ROWS)
    fetch(server, dest)
    assert dest.read_bytes() == ROWS
    assert [("Range" in asked) for asked in server.headers] == [False, True, False]


def test_the_total_of_a_range_is_verified_where_the_first_reply_told_no_length(server, dest):
    def chunk(body: bytes) -> bytes:
        return b"%x\r\n%s\r\n" % (len(body), body)

    told = f"bytes 9000-{len(ROWS) - 1}/{len(ROWS)}"
    server.says(chunk(ROWS[:9000]), Transfer_Encoding="chunked", **TAG)
    server.says(chunk(ROWS[9000:9500]) + b"0\r\n\r\n", 206, Transfer_Encoding="chunked", Content_Range=told)
    goes_on(server, 9500)
    fetch(server, dest)
    assert dest.read_bytes() == ROWS
    assert [asked.get("Range") for asked in server.headers] == [None, "bytes=9000-", "bytes=9500-"]


def test_a_range_not_satisfiable_starts_anew(server, dest):
    breaks(server, **TAG)
    server.says("", 416, Content_Range="bytes */12")
    server.says(ROWS)
    fetch(server, dest)
    assert dest.read_bytes() == ROWS
    assert "Range" not in server.headers[2]


def test_a_part_that_nobody_asked_for_is_refused(server, dest):
    goes_on(server)
    with pytest.raises(RequestRefused, match="HTTP 206"):
        fetch(server, dest)


def test_a_whole_body_that_is_no_good_is_never_continued(client, server, dest):
    server.says(make_zip()[:-30], **TAG)
    server.says(make_zip())
    client.download(client.url("bulk", "file"), dest, expect="zip")
    assert "Range" not in server.headers[1]


def test_a_gzip_encoded_body_is_continued_as_sent(server, dest):
    packed = gzip.compress(ROWS)
    server.says(packed[:900], Content_Length=str(len(packed)), Content_Encoding="gzip", **TAG)
    told = f"bytes 900-{len(packed) - 1}/{len(packed)}"
    server.says(packed[900:], 206, Content_Range=told, Content_Encoding="gzip", **TAG)
    assert fetch(server, dest) == len(packed)
    assert dest.read_bytes() == ROWS


def test_the_sandbox_fault_short_is_mended_by_asking_for_the_rest(sandbox, dest):
    path = "Production_Crops_Livestock_E_All_Data_(Normalized).zip"
    whole = sandbox.reply(f"/bulks-faostat.fao.org/production/{path}").body
    sandbox.faults = [Fault.parse("fao=short")]
    heard: list[int] = []
    client = HttpClient(FAO, Endpoints.sandbox(sandbox.url), heard.append)
    assert client.download(client.url("bulk", path), dest, expect="zip") == len(whole)
    assert dest.read_bytes() == whole
    assert sum(heard) == len(whole)  # no byte came twice
    assert len(sandbox.requests) == 2


def test_the_sandbox_gives_the_whole_when_the_validator_is_old(sandbox):
    path = "/bulks-faostat.fao.org/production/Production_Crops_Livestock_E_All_Data_(Normalized).zip"
    whole = sandbox.reply(path)
    asked = {"Range": "bytes=10-", "If-Range": whole.headers["Last-Modified"]}
    rest = sandbox.reply(path, asked)
    assert (rest.status, rest.body) == (206, whole.body[10:])
    assert rest.headers["Content-Range"] == f"bytes 10-{len(whole.body) - 1}/{len(whole.body)}"
    assert sandbox.reply(path, asked | {"Range": f"bytes={len(whole.body)}-"}).status == 416
    sandbox.touch()
    assert sandbox.reply(path, asked) == sandbox.reply(path)


# --- what a failed download leaves -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", [{"body": "no", "status": 404}, {"body": "<html>"}, {"body": gzip.compress(CSV)[:9]}]
)
def test_a_failed_download_leaves_no_file(client, server, dest, answer):
    dest.parent.mkdir(parents=True)
    dest.write_bytes(b"of an earlier try")
    server.says(**answer)
    failure(client, dest)
    assert list(dest.parent.iterdir()) == []


def test_a_good_download_leaves_one_file(client, server, dest):
    server.says(gzip.compress(CSV))
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert list(dest.parent.iterdir()) == [dest]


# --- packed bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Content_Encoding": "gzip"}])
def test_a_zip_bomb_is_refused(client, server, dest, headers):
    server.says(gzip.compress(b"0" * (12 << 20)), **headers)
    error = failure(client, dest)
    assert type(error) is PayloadInvalid
    assert error.found.startswith("a zip bomb")
    assert len(server.paths) == 1


def test_a_small_body_may_be_packed_as_tightly_as_it_likes(client, server, dest):
    server.says(gzip.compress(b"0" * (9 << 20)))
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert dest.stat().st_size == 9 << 20


def test_a_large_body_packed_as_tables_are_is_taken(client, server, dest):
    line = random.Random(7).randbytes(2000) + b"0" * 60_000  # about 30:1
    server.says(gzip.compress(line * 200))
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert dest.stat().st_size == len(line) * 200


def test_a_packed_body_counts_unpacked_against_the_limit(server, dest):
    server.says(gzip.compress(b"0" * ((1 << 20) + 1)))
    small = FAO.model_copy(update={"max_body_mb": 1})
    assert failure(HttpClient(small, Endpoints.sandbox(server.url)), dest).found == "a gzip that does not end"


def test_length_is_that_of_the_packed_bytes(client, server, dest):
    packed = gzip.compress(ROWS)
    server.says(packed, Content_Encoding="gzip")
    assert client.download(client.url("bulk", "file"), dest, expect="csv") == len(packed)
    assert server.headers[0]["Accept-Encoding"] == "gzip"


def test_a_body_that_is_not_the_gzip_its_header_tells_of_is_not_taken(client, server, dest):
    server.says(CSV, Content_Encoding="gzip")
    assert type(failure(client, dest)) is PayloadCut
    assert len(server.paths) == ATTEMPTS


def test_an_encoding_that_was_not_asked_for_is_not_data(client, server, dest):
    server.says(b"\x0b\x02\x80", Content_Encoding="br")
    error = failure(client, dest)
    assert type(error) is PayloadInvalid
    assert "br" in error.found


# --- time ------------------------------------------------------------------------------------------------------------


class Slow:
    """A loopback server that sends each body piece by piece, and notes from when to when."""

    def __init__(self, pieces: int, pause: float, chunked: bool = False) -> None:
        self.pieces, self.pause, self.chunked = pieces, pause, chunked
        self.spans: list[tuple[float, float]] = []
        self.closing = threading.Event()

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        started = time.monotonic()
        self._head(handler)
        for number in range(self.pieces):
            if number == self.pieces - 1:
                self.spans.append((started, time.monotonic()))
            handler.wfile.write(b"1\r\n7\r\n" if self.chunked else b"7")
            if self.closing.wait(self.pause):
                return

    def at_once(self) -> int:
        """How many bodies were under way at the same time, at most."""
        return max(sum(start <= moment < end for start, end in self.spans) for moment, _end in self.spans)

    def _head(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        framing = ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", str(self.pieces))
        handler.send_header(*framing)
        handler.end_headers()


@contextmanager
def serving(slow: Slow) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            with suppress(ConnectionError):  # the client may hang up
                slow.send(self)

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    slow.closing.set()
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_drips_does_not_outstay_the_deadline(dest, chunked):
    hasty = FAO.model_copy(update={"total_timeout_seconds": 0.2})
    with serving(Slow(pieces=400, pause=0.02, chunked=chunked)) as url:
        started = time.monotonic()
        error = failure(HttpClient(hasty, Endpoints.sandbox(url)), dest)
        assert time.monotonic() - started < 5  # the whole body takes eight seconds, and there are four attempts
    assert isinstance(error, PartnerUnavailable)
    assert "still sending" in error.found


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_stalls_is_given_up(dest, monkeypatch, chunked):
    monkeypatch.setattr("ingest.http.STALL_SECONDS", 0.2)
    with serving(Slow(pieces=2, pause=20, chunked=chunked)) as url:
        started = time.monotonic()
        error = failure(HttpClient(FAO, Endpoints.sandbox(url)), dest)
        assert time.monotonic() - started < 5
    assert isinstance(error, PartnerUnavailable)
    assert "no byte for 0.2 s" in error.found


def test_connecting_and_reading_have_their_own_limits(client, server, dest, monkeypatch):
    server.says(CSV)
    seen: list[object] = []
    get = client._session.get
    monkeypatch.setattr(client._session, "get", lambda url, **more: seen.append(more["timeout"]) or get(url, **more))
    client.download(client.url("bulk", "file"), dest, expect="csv")
    assert seen == [(10, 60)]


# --- politeness ------------------------------------------------------------------------------------------------------

_names = itertools.count()


def partner_at(url: str, interval: float = 0.0) -> Partner:
    """A live partner of a name that no other test has, so that it has a pace of its own."""
    changes = {"name": f"partner_{next(_names)}", "bases": {"bulk": f"{url}/"}, "min_interval_seconds": interval}
    return FAO.model_copy(update=changes)


def live(partner: Partner) -> HttpClient:
    return HttpClient(partner, Endpoints(backoff_seconds=0.01))


def together(clients: list[HttpClient], folder: Path) -> None:
    def load(number: int) -> None:
        clients[number].download(clients[number].url("bulk", "file"), folder / str(number), expect="csv")

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(load, range(len(clients))))


def test_all_clients_of_a_partner_keep_one_distance(tmp_path):
    slow = Slow(pieces=1, pause=0)
    with serving(slow) as url:
        partner = partner_at(url, interval=0.3)
        together([live(partner), live(partner), live(partner)], tmp_path)
    gaps = [later - earlier for earlier, later in itertools.pairwise(sorted(start for start, _end in slow.spans))]
    assert len(gaps) == 2
    assert min(gaps) > 0.2


def test_all_clients_of_a_partner_wait_for_each_others_bodies(tmp_path):
    slow = Slow(pieces=3, pause=0.1)
    with serving(slow) as url:
        partner = partner_at(url)
        together([live(partner), live(partner), live(partner)], tmp_path)
    assert slow.at_once() == 1


def test_partners_do_not_wait_for_each_other(tmp_path):
    slow = Slow(pieces=10, pause=0.1)
    with serving(slow) as url:
        together([live(partner_at(url)), live(partner_at(url))], tmp_path)
    assert slow.at_once() == 2


def test_a_partner_that_asks_for_quiet_gets_it_from_every_client(server, dest):
    partner = partner_at(server.url)
    server.says("busy", 409, on="busy", Retry_After="1")
    server.says(CSV, on="file")
    with pytest.raises(RequestRefused):
        live(partner).download(f"{server.url}/busy", dest, expect="csv")
    started = time.monotonic()
    live(partner).download(f"{server.url}/file", dest, expect="csv")
    assert time.monotonic() - started > 0.9


def test_a_pace_lets_as_many_through_as_it_has_slots():
    pace, entered = Pace(in_flight=2), threading.Event()

    def enter() -> None:
        with pace.slot():
            entered.set()

    waiting = threading.Thread(target=enter)
    with pace.slot(), pace.slot():
        waiting.start()
        assert not entered.wait(0.2)
    waiting.join(5)
    assert entered.is_set()


# --- where requests may go -------------------------------------------------------------------------------------------


def test_https_is_never_left_for_http(dest):
    client = HttpClient(FAO, Endpoints())
    with pytest.raises(RequestRefused, match="plain http in place of https"):
        client.download("http://bulks-faostat.fao.org/production/file", dest, expect="csv")


@pytest.mark.parametrize(
    "url",
    [
        "https://bulks-faostat.fao.org.example.org/file",
        "https://someone@bulks-faostat.fao.org/file",
        "ftp://bulks-faostat.fao.org/file",
    ],
)
def test_only_the_very_hosts_of_the_registry_are_asked(dest, url):
    with pytest.raises(RequestRefused, match="a host that is not configured"):
        HttpClient(FAO, Endpoints()).download(url, dest, expect="csv")
