"""No secret in what the platform writes or says: every secret of the environment held a canary."""

from __future__ import annotations

import base64
import mmap
import shutil
import traceback
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from ingest import lake, snapshots
from ingest.errors import IngestError, PartnerUnavailable
from ingest.http import Endpoints, HttpClient
from ingest.redaction import redacted
from ingest.refresh import refresh
from ingest.registry import datasets, partners
from orchestration.alerts import channels_of_env
from orchestration.cli import app
from tests.e2e.conftest import CANARY, SECRETS, Demo, a87

FORMS = (CANARY.encode(), base64.b64encode(f"robot:{CANARY}".encode()), CANARY.encode("utf-16-le"))


def holding(root: Path) -> list[str]:
    """Files below the folder, links left aside, that hold the canary in one of its forms, or are named by it."""
    found = []
    for file in root.rglob("*"):
        if file.is_file() and not file.is_symlink() and file.stat().st_size:
            with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as body:
                if any(body.find(form) >= 0 for form in FORMS) or CANARY in file.name:
                    found.append(str(file.relative_to(root)))
    return found


def told_of(warehouse: Path) -> Iterator[str]:
    """Tables of a DuckDB file with a row that holds the canary: it packs its texts."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        for (table,) in tables:
            if connection.execute(
                f"select 1 from {table} as t where contains(t::varchar, ?) limit 1", [CANARY]
            ).fetchall():
                yield table


def test_a_good_run_keeps_its_secrets(demo: Demo):
    assert CANARY not in demo.stdout
    assert holding(demo.home) == []
    assert list(told_of(demo.home / "published" / "alliance87.duckdb")) == []


def test_a_failing_run_keeps_its_secrets(demo: Demo, tmp_path: Path):
    shutil.copytree(demo.home, tmp_path / "data", symlinks=True)
    asked = ("refresh", "--edition", "sample", "--dataset", "ilo_sdg_a871_sex_age_rt", "--dataset", "fao_qcl")
    run = a87(tmp_path / "data", *asked, "--fault", "ilo=status:503", "--fault", "fao=rename:Value>V")
    assert run.returncode == 1, run.stdout + run.stderr
    query = a87(tmp_path / "data", "query", "from nowhere")
    assert query.returncode == 1
    assert CANARY not in run.stdout + run.stderr + query.stdout + query.stderr
    assert holding(tmp_path / "data") == []


def test_the_search_finds_a_canary(tmp_path: Path):
    (tmp_path / "log").write_bytes(b"x" * 5000 + CANARY.encode())
    (tmp_path / "packed").write_bytes(base64.b64encode(f"robot:{CANARY}".encode()))
    (tmp_path / "clean").write_bytes(b"x" * 5000)
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        connection.execute(f"create table t as select 'a {CANARY} b' as text")
    assert {"log", "packed"} <= set(holding(tmp_path))
    assert "clean" not in holding(tmp_path)
    assert list(told_of(tmp_path / "w.duckdb")) == ["main.t"]


# --- partners behind a proxy, and with a key -------------------------------------------------------------------------


@pytest.fixture
def proxied(server, monkeypatch) -> HttpClient:
    """A client of a live partner that is reached through a proxy with a password, which is the scripted server."""
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("://", f"://robot:{CANARY}@"))
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setattr("ingest.http.ATTEMPTS", 1)
    changes = {"name": "behind_proxy", "bases": {"bulk": "http://partner.example/"}, "min_interval_seconds": 0.0}
    return HttpClient(partners()["fao"].model_copy(update=changes), Endpoints(backoff_seconds=0.001))


@pytest.mark.parametrize(
    ("body", "status", "headers"),
    [
        (f"denied: http://robot:{CANARY}@proxy.example/", 407, {}),
        ("busy", 503, {}),
        ("", 302, {"Location": f"https://robot:{CANARY}@elsewhere.example/x?token={CANARY}"}),
        ("<html>", 200, {}),
        ("{", 200, {}),
        ("short", 200, {"Content_Length": "100"}),
    ],
)
def test_neither_proxy_nor_key_stands_in_an_error(proxied, server, tmp_path, body, status, headers):
    server.says(body, status, **headers)
    with pytest.raises(IngestError) as caught:
        proxied.get_json(proxied.url("bulk", "file"), {"api_key": CANARY, "id": "QCL"}, into=tmp_path / "x")
    assert server.headers[0]["Proxy-Authorization"]  # the password was really in use
    assert CANARY in server.paths[0]
    assert CANARY not in str(caught.value)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_neither_proxy_nor_key_stands_in_the_error_of_a_proxy_that_is_down(proxied, server, tmp_path):
    server.close()
    with pytest.raises(PartnerUnavailable) as caught:
        proxied.get_json(proxied.url("bulk", "file"), {"api_key": CANARY}, into=tmp_path / "x")
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_what_is_our_own_fault_is_noted_without_secrets(home, monkeypatch):
    def broken(*_told: object) -> None:
        raise RuntimeError(f"cannot parse {SECRETS['HTTPS_PROXY']}")

    monkeypatch.setattr("ingest.refresh.ask", broken)
    dataset = datasets()["fao_qcl"]
    with pytest.raises(RuntimeError):
        refresh(home, dataset, edition="live", endpoints=Endpoints(), check=lambda *_: [])
    assert "cannot parse http://***@127.0.0.1:9" in lake.attempts(home, dataset.id)[-1]["message"]


def test_a_snapshot_keeps_its_url_without_the_key(home, tmp_path):
    (tmp_path / "new" / "payload").mkdir(parents=True)
    snapshot = snapshots.store(
        home, datasets()["fao_qcl"], tmp_path / "new", sha256="0" * 64, edition="live", signal={},
        url=f"https://robot:{CANARY}@partner.example/file?id=QCL&subscription-key={CANARY}",
    )  # fmt: skip
    assert snapshot.url == "https://***@partner.example/file?id=QCL&subscription-key=***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("URL https://u:p@host/x?a=1&api_key=k&b=2; what", "URL https://***@host/x?a=1&api_key=***&b=2; what"),
        ("postgresql://alliance:a@b@db:5432/x", "postgresql://***@db:5432/x"),
        ("https://host/mail@example.org?id=key", "https://host/mail@example.org?id=key"),
    ],
)
def test_urls_lose_what_opens_doors_and_nothing_else(text, shown):
    assert redacted(text) == shown


# --- channels of alerts ----------------------------------------------------------------------------------------------

KEY = "canarycanarycanarycanarycanary"


@pytest.mark.parametrize(
    "url",
    [
        f"json://robot:{KEY}@127.0.0.1:9/{KEY}?token={KEY}",
        f"mailto://robot:{KEY}@127.0.0.1:9?to=a@example.org",
        f"pover://userkeyuserkeyuserkeyuserkey12@{KEY}",
        f"opsgenie://{KEY}/",
        f"slack://T1JJ3T3L2/A1BRTD4JD/{KEY}/#general",
        f"tgram://123456789:{KEY}/12315544/",
        f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{KEY}",
        f"nonsense://{KEY}",
    ],
)
def test_a_channel_is_shown_without_its_keys(monkeypatch, url):
    monkeypatch.setenv("A87_ALERT_URLS", url)
    (channel,) = channels_of_env()
    assert KEY not in channel.label


def test_an_alert_that_does_not_get_through_says_so_without_secrets(home, capfd, caplog, monkeypatch):
    caplog.set_level("DEBUG")
    monkeypatch.setenv("A87_ALERT_URLS", f"json://robot:{CANARY}@127.0.0.1:9/hook?token={CANARY}")
    lake.note_attempt(home, "fao_qcl", "failed", "fao: partner unavailable: HTTP 503", None, cause="unavailable")
    told = CliRunner().invoke(app, ["alert"])
    assert "did not get through to 1 json://127.0.0.1" in told.output
    captured = capfd.readouterr()
    assert CANARY not in told.output + captured.out + captured.err + caplog.text
    assert holding(home.root) == []
