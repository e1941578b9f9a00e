"""What partners sent on bad days, each once a crash or an endless run: now an outcome with a message."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from ingest import errors, lake, snapshots
from ingest.errors import DatasetRetired, PartnerUnavailable, PayloadCut, PayloadInvalid, RequestRefused
from ingest.formats import json_pages, wide_years
from ingest.http import ATTEMPTS, Endpoints, HttpClient
from ingest.partners import ilab
from ingest.refresh import refresh
from ingest.registry import datasets, partners
from ingest.sandbox import Fault

GOODS = datasets()["ilab_goods"]
A871 = datasets()["ilo_sdg_a871_sex_age_rt"]


@pytest.fixture
def client(server) -> HttpClient:
    return HttpClient(partners()["fao"], Endpoints.sandbox(server.url))


def failure(client: HttpClient, tmp_path, expect: str = "csv") -> errors.IngestError:
    with pytest.raises(errors.IngestError) as caught:
        client.download(client.url("bulk", "file"), tmp_path / "body", expect=expect)
    return caught.value


@pytest.mark.parametrize("kind", [PartnerUnavailable, RequestRefused, DatasetRetired, PayloadInvalid, PayloadCut])
def test_every_kind_of_error_says_what_to_do(kind):
    assert "; what to do: " in str(kind("it went wrong"))


def test_a_gzip_without_its_end_is_asked_for_again_and_given_up(client, server, tmp_path):
    server.says(gzip.compress(b"a,b\n" * 9000)[:-20])
    assert type(failure(client, tmp_path)) is PayloadCut
    assert len(server.paths) == ATTEMPTS


def test_bytes_that_only_begin_like_gzip_are_no_fault_of_our_disk(client, server, tmp_path):
    server.says(b"\x1f\x8b\xff" + b"junk" * 40)
    assert type(failure(client, tmp_path)) is PayloadCut


def test_a_503_whose_body_cannot_be_decoded_is_still_a_503(client, server, tmp_path):
    server.says(b"not gzip at all", status=503, Content_Encoding="gzip")
    error = failure(client, tmp_path)
    assert type(error) is PartnerUnavailable
    assert "HTTP 503" in str(error)
    assert len(server.paths) == ATTEMPTS


def stored(tmp_path, archive: bytes) -> None:
    payload = tmp_path / "payload"
    payload.mkdir()
    (payload / "data.zip").write_bytes(archive)
    snapshots.content_hash(payload, datasets()["fao_qcl"])


def test_a_zip_without_its_middle_is_an_invalid_payload(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n" * 500)
    body = out.getvalue()
    with pytest.raises(PayloadInvalid):
        stored(tmp_path, body[:40] + body[3000:])


def test_an_encrypted_member_is_an_invalid_payload(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    body = bytearray(out.getvalue())
    body[6] |= 1  # the flag in the local header and in the directory
    body[body.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(PayloadInvalid):
        stored(tmp_path, bytes(body))


@pytest.mark.parametrize("message", [["text"], [], "text"])
def test_a_world_bank_message_of_any_shape_is_a_refusal(message):
    with pytest.raises(RequestRefused):
        json_pages.check([{"message": message}], "world_bank")


def wide(file: Path) -> list[str]:
    table = wide_years.long_table(file, file.with_name("long.csv"), "world_bank", wanted={"value"})
    return table.path.read_text().split()


def test_a_short_row_of_a_wide_file_is_named_and_a_blank_line_is_nothing(tmp_path):
    file = tmp_path / "wide.csv"
    header = '"Country Name","Country Code","Indicator Name","Indicator Code","2019","2020",\n'
    file.write_text(header + '\n"Namibia","NAM","x","X","1","2",\n')
    assert sorted(wide(file)) == ["1", "2", "value"]
    file.write_text(header + '"Namibia","NAM","x"\n')
    with pytest.raises(PayloadInvalid, match="line 2: 3 cells under 7 names"):
        wide(file)
    file.write_text(header + '"Namibia","NAM","x","X","1","2","",""\n')
    with pytest.raises(PayloadInvalid, match="line 2: 8 cells under 7 names"):
        wide(file)


def test_a_catalogue_whose_next_page_is_the_first_comes_to_an_end(server, tmp_path):
    page = {"datasets": [{"updated_at": "2026-01-01", "agency": {"abbr": "ILAB"}}], "meta": {"next_page": 1}}
    server.says(json.dumps(page), Content_Type="application/json")
    client = HttpClient(partners()["ilab"], Endpoints.sandbox(server.url))
    assert ilab.signal(client, GOODS, tmp_path)["updated"] == "2026-01-01"
    assert len(server.paths) == 1


def test_a_catalogue_without_the_agency_is_no_success(server, tmp_path):
    server.says('{"datasets": [], "meta": {"next_page": null}}', Content_Type="application/json")
    client = HttpClient(partners()["ilab"], Endpoints.sandbox(server.url))
    with pytest.raises(DatasetRetired, match="no data set of ILAB"):
        ilab.signal(client, GOODS, tmp_path)


def test_a_quarantined_delivery_under_a_newer_stamp_is_fetched_once_more_and_then_held(home, sandbox):
    def bad(_dataset, _candidate):
        return [{"check_name": "unique", "severity": "ERROR", "passed": False, "message": "m"}]

    def payload_requests() -> int:
        sandbox.reset_requests()
        refresh(home, A871, edition="sample", endpoints=Endpoints.sandbox(sandbox.url), check=bad)
        return len([path for path in sandbox.requests if "/data/" in path])

    assert payload_requests() == 1
    sandbox.touch()
    assert [payload_requests() for _ in range(3)] == [1, 0, 0]


def test_an_ilo_file_shorter_than_its_catalogue_says_is_asked_for_twice(home, sandbox):
    sandbox.faults = [Fault.parse("SDG_A871_SEX_AGE_RT=header_only")]
    outcome = refresh(home, A871, edition="sample", endpoints=Endpoints.sandbox(sandbox.url), check=lambda *_: [])
    assert outcome.status == "failed"
    assert "payload incomplete: 0 rows" in outcome.message
    assert len([path for path in sandbox.requests if "/data/" in path]) == 2


def test_line_separators_in_a_message_do_not_tear_the_log_of_attempts(home):
    lake.note_attempt(home, "ilab_goods", "failed", "one\u2028two\x85three", None)
    lake.note_attempt(home, "ilab_goods", "accepted", "fine", "g-1")
    assert [attempt["message"] for attempt in lake.attempts(home, "ilab_goods")] == ["one\u2028two\x85three", "fine"]
