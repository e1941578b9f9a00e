"""Deliveries made to do harm: names, values and archives that a partner never sends and an intruder might."""

from __future__ import annotations

import csv
import io
import json
import random
import stat
import zipfile
from pathlib import Path

import duckdb
import pytest

import expectations
from ingest import lake, snapshots
from ingest.errors import PayloadInvalid, RequestRefused, SchemaDrift
from ingest.formats import csv_text, seven_zip, write_rows
from ingest.http import Endpoints, HttpClient
from ingest.partners import connector
from ingest.refresh import refresh
from ingest.registry import Column, Dataset, Tolerances, datasets, partners
from ingest.sandbox import seven_zip as sandbox_seven_zip
from ingest.storage import sql_name, sql_text

QCL = datasets()["fao_qcl"]
HOSTILE = (
    'a"; drop table x; --', "a'; drop table x; --", '"', "'", "{batch}", "{0.__class__}", ":bind", "%s %(x)s", "$1",
    "?", "a\\", "/* a", "-- a", "ａ；", "ro\u202ew", "\x1b[2J", "a\nb", "a\rb", "a\r\nb", "a\tb", ",",
    "=1+1", "NULL", "",
)  # fmt: skip


# --- names and values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_texts_are_never_read_as_sql(text):
    name = text or "nameless"
    with duckdb.connect() as connection:
        connection.execute(f"create table {sql_name(name)} as select {sql_text(text)} as {sql_name(name)}")
        assert connection.execute(f"select {sql_name(name)} from {sql_name(name)}").fetchall() == [(text,)]


@pytest.mark.parametrize("name", [text for text in HOSTILE if text and "\n" not in text and "\r" not in text])
def test_a_column_of_a_hostile_name_is_loaded_compared_and_reported(tmp_path: Path, name: str):
    column = {"name": "label", "source": name.strip(), "meaning": "x"}
    figure = Column(name="obs", source=f"{name} figure".strip(), type="obs", meaning="x")
    dataset = hostile_dataset(Column(**column), figure)
    for number, value in enumerate(("1.5", "2.5")):
        rows = [
            {"key": f"k{n}", "period": "2020", column["source"]: text, figure.source: value, f"{name} more": "x"}
            for n, text in enumerate(HOSTILE)
        ]
        table = write_rows(tmp_path / f"{number}.csv", list(rows[0]), rows)
        assert lake.undeclared(dataset, table) == {f"{name} more"}
        lake.load(dataset, [table], tmp_path / f"{number}.parquet")
    old, new = tmp_path / "0.parquet", tmp_path / "1.parquet"
    found = duckdb.sql(f"select label, obs_value from read_parquet('{new}/*') order by key[2:]::int").fetchall()
    assert found == [(text or None, 2.5) for text in HOSTILE]
    summary = lake.revise(dataset, old, new, tmp_path / "revision.parquet", "old'id", 'new"id')
    assert summary["changed"] == len(HOSTILE)
    results = expectations.run(
        dataset, new, previous=old, previous_meta={"snapshot": {"snapshot_id": name}},
        revision=tmp_path / "revision.parquet", revision_summary=summary, undeclared=[f"{name} more"],
    )  # fmt: skip
    assert [(r.check_name, r.error) for r in results if r.error] == []
    (told,) = (r for r in results if r.check_name == "undeclared_columns")
    assert told.observed == f"{name} more".replace("{batch}", "candidate").strip()


@pytest.mark.parametrize("header", [b'key,"v\r"', b'key,"v\r\nw"', b'key,"v\nw"', b'"k\rey",v'])
def test_a_line_end_in_a_header_is_refused_and_hides_no_rows(tmp_path, header):
    (tmp_path / "x.csv").write_bytes(header + b"\nk,1\n")
    with pytest.raises(PayloadInvalid, match="a line end within a column's name"):
        csv_text.from_file(tmp_path / "x.csv", tmp_path / "y.csv", "fao")
    table = write_rows(tmp_path / "z.csv", ["key", "period", "a\rb"], [{"key": "k"}])
    with pytest.raises(SchemaDrift, match="a line end within a column's name"):
        lake.load(hostile_dataset(), [table], tmp_path / "z.parquet")


def hostile_dataset(*columns: Column) -> Dataset:
    return Dataset(
        id="fao_hostile", partner="fao", code="H", title="h", description="h", licence="h", homepage="h", grain="h",
        key=("key", "period"), period_column="period",
        columns=(
            Column(name="key", source="key", meaning="k", required=True),
            Column(name="period", source="period", meaning="p"),
            *columns,
        ),
        rhythm=QCL.rhythm, tolerances=Tolerances(min_rows=1, max_changed_pct=100.0),
    )  # fmt: skip


# --- archives --------------------------------------------------------------------------------------------------------


def zip_of(folder: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return folder / "a.zip"


@pytest.mark.parametrize(
    "name", ["C:\\evil.csv", "C:evil.csv", "..\\evil.csv", "a\\..\\..\\evil.csv", "\\\\host\\x.csv"]
)
def test_a_zip_member_that_leaves_the_folder_on_another_system_is_refused(tmp_path, name):
    with pytest.raises(PayloadInvalid, match="member path"):
        snapshots.safe_members(zip_of(tmp_path, (name, b"x")), "fao")


def test_a_link_in_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("x.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(PayloadInvalid, match="a symbolic link"):
        snapshots.safe_members(zip_of(tmp_path, (link, b"/etc/passwd")), "fao")


def test_a_link_in_a_7z_is_refused(monkeypatch):
    mode = (stat.S_IFLNK | 0o777) << 16 | 0x8000  # how 7-Zip keeps the mode of Unix
    header = sandbox_seven_zip._header
    attributes = b"\x15" + sandbox_seven_zip._number(6) + b"\x01\x00" + mode.to_bytes(4, "little")
    monkeypatch.setattr(sandbox_seven_zip, "_header", lambda *told: header(*told)[:-2] + attributes + b"\x00\x00")
    body = sandbox_seven_zip.seven_zip_bytes({"full.dat": b"/etc/passwd"})
    with pytest.raises(PayloadInvalid, match="a symbolic link"):
        seven_zip.Archive(io.BytesIO(body), "eurostat")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_zip_members_of_one_name_are_refused(tmp_path):
    with pytest.raises(PayloadInvalid, match="two members of one name"):
        snapshots.safe_members(zip_of(tmp_path, ("x.csv", b"1"), ("x.csv", b"2")), "fao")


def test_a_zip_of_an_absurd_size_is_refused_whatever_its_ratio(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "MAX_UNPACKED", 1000)
    with pytest.raises(PayloadInvalid, match="1001 bytes unpacked"):
        snapshots.safe_members(zip_of(tmp_path, ("x.csv", bytes(1001))), "fao")


def test_a_zip_whose_directory_lies_about_a_size_gives_no_more_and_is_refused(tmp_path):
    file = zip_of(tmp_path / "payload", ("x.csv", b"0" * 5_000_000))
    body = file.read_bytes().replace((5_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    file.write_bytes(body)
    ((archive, member),) = snapshots.safe_members(file, "fao")
    assert member.file_size == 1000
    with pytest.raises(PayloadInvalid, match="CRC"):
        snapshots.content_hash(tmp_path / "payload", QCL)
    with pytest.raises(PayloadInvalid, match="CRC"):
        csv_text.from_zip_member(archive, member, tmp_path / "x.csv", "fao")
    assert (tmp_path / "x.csv").stat().st_size <= 1000


def test_a_zip_within_a_zip_is_not_unpacked(tmp_path):
    inner = zip_of(tmp_path / "inner", ("x.csv", b"0" * 200_000)).read_bytes()
    name = "Production_Crops_Livestock_E_All_Data_(Normalized).csv"
    zip_of(tmp_path / "files", (name, inner))
    tables = connector(partners()["fao"]).read(QCL, tmp_path / "files", tmp_path)
    with pytest.raises(PayloadInvalid):
        lake.load(QCL, tables, tmp_path / "data.parquet")


# --- text ------------------------------------------------------------------------------------------------------------


def test_a_line_that_never_ends_does_not_fill_the_memory(tmp_path):
    served = 0

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            nonlocal served
            served += size
            return b"x" * size

    with pytest.raises(PayloadInvalid, match="a line that does not end"):
        csv_text.transcode(Endless(), tmp_path / "x.csv", "fao")
    assert served <= 2 * csv_text.LONGEST_LINE


def test_json_nested_without_end_is_refused(server, tmp_path):
    server.says("[" * 200_000)
    client = HttpClient(partners()["fao"], Endpoints.sandbox(server.url))
    with pytest.raises(PayloadInvalid, match="JSON that cannot be parsed"):
        client.get_json(client.url("bulk", "x"), into=tmp_path / "x.json")


def test_an_endless_cell_is_the_partners_fault_and_not_ours(server, home, tmp_path):
    name = "Production_Crops_Livestock_E_All_Data_(Normalized)"
    row = {"DatasetCode": "QCL", "DateUpdate": "2026-01-01", "FileRows": 1, "FileSize": "1KB"}
    row["FileLocation"] = f"https://bulks-faostat.fao.org/production/{name}.zip"
    server.says(json.dumps({"Datasets": {"Dataset": [row]}}), on="datasets_E.json")
    name_of_column = random.Random(87).randbytes(csv.field_size_limit() // 2 + 1).hex().encode()
    body = b"Area Code," + name_of_column + b"\n1,2\n"
    server.says(zip_of(tmp_path, (f"{name}.csv", body)).read_bytes(), on=f"{name}.zip")
    outcome = refresh(home, QCL, edition="live", endpoints=Endpoints.sandbox(server.url), check=lambda *_: [])
    assert (outcome.status, outcome.cause) == ("failed", "invalid"), outcome.message
    assert "text that cannot be read" in outcome.message


@pytest.mark.parametrize(
    "location",
    [
        "https://bulks-faostat.fao.org/production/..", "https://bulks-faostat.fao.org/production/", "",
        "javascript:alert(1)//x.zip", "file:///etc/x.zip", "https://host/../x\x00.zip", "https://host/x.csv", None,
    ],
)  # fmt: skip
def test_a_location_of_fao_that_is_no_zip_on_a_host_is_refused(tmp_path, location):
    client = HttpClient(partners()["fao"], Endpoints.sandbox("http://127.0.0.1:9"))
    with pytest.raises(PayloadInvalid, match="a location"):
        connector(partners()["fao"]).fetch(client, QCL, {"location": location}, tmp_path)


def test_what_a_partner_writes_cannot_work_a_terminal(server, tmp_path):
    server.says("no\x1b]0;title\x07\x1b[2J\x9b1m", 403)
    client = HttpClient(partners()["ilo"], Endpoints.sandbox(server.url))
    with pytest.raises(RequestRefused) as caught:
        client.download(client.url("data", "x"), tmp_path / "x", expect="csv")
    assert "no\ufffd]0;title\ufffd\ufffd[2J" in str(caught.value)
    assert "\x1b" not in str(caught.value)


# --- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",  # a cloud's own data, with its keys
        "//169.254.169.254/latest/",
        "http://[::ffff:169.254.169.254]/",
        "http://localhost:{port}/x",
        "http://127.1:{port}/x",
        "http://2130706433:{port}/x",
        "http://[::1]:{port}/x",
        "http://127.0.0.1:22/x",
        "http://127.0.0.1/x",
        "http://127.0.0.1:{port}@evil.example/x",
        "http://evil.example@127.0.0.1:{port}/x",
        "http://127.0.0.1:{port}\\@evil.example/x",
        "http://127.0.0.1:{port}.evil.example/x",
        "http://１27.0.0.1:{port}/x",
        "http://127。0.0.1:{port}/x",
        "https://127.0.0.1:{port}/x",
        "ftp://127.0.0.1:{port}/x",
        "gopher://127.0.0.1:{port}/x",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_anywhere_else_is_refused_and_nothing_is_asked_there(server, tmp_path, target):
    port = server.url.rpartition(":")[2]
    server.says("", 302, Location=target.format(port=port).encode().decode("latin-1"))
    client = HttpClient(partners()["fao"], Endpoints.sandbox(server.url))
    with pytest.raises(RequestRefused, match="a host that is not configured"):
        client.download(client.url("bulk", "file"), tmp_path / "x", expect="csv")
    assert len(server.paths) == 1


@pytest.mark.parametrize(
    "target",
    [
        "https://bulks-faostаt.fao.org/x",  # a Cyrillic letter
        "https://bulks-faostat.fao.org:8443/x",
        "https://bulks-faostat.fao.org@evil.example/x",
        "https://user:word@bulks-faostat.fao.org/x",
        "https://bulks-faostat.fao.org./x",
        "https://BULKS-FAOSTAT.fao.org/x",
        "https://rplumber.ilo.org/x",  # another partner's
    ],
)
def test_a_live_partner_is_asked_at_its_own_host_only(tmp_path, target):
    with pytest.raises(RequestRefused, match="a host that is not configured"):
        HttpClient(partners()["fao"], Endpoints()).download(target, tmp_path / "x", expect="csv")
