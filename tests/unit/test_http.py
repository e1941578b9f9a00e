"""The HTTP client against a real loopback server: what is retried, what is refused, what the operator is told."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from ingest.errors import DatasetRetired, PartnerUnavailable, PayloadCut, PayloadInvalid, RequestRefused
from ingest.http import ATTEMPTS, Endpoints, HttpClient
from ingest.registry import partners

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
    assert isinstance(failure(client, dest), PartnerUnavailable)
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


def test_retry_after_as_a_date_falls_back_on_the_backoff(client, server, dest):
    server.says("busy", 429, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT")
    assert failure(client, dest).retry_after is None


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
