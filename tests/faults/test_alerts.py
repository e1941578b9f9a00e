"""From a partner in trouble to a message in a real mailbox and a real web hook, and what those messages hold."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dagster as dg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from ingest import lake
from ingest.registry import datasets
from ingest.sandbox import Fault, Sandbox
from ingest.storage import Home
from orchestration import alerts
from tests.faults.conftest import Prepared, Served

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")
PASSWORD = "canary-5be1"
RATE, COUNT = "ilo_sdg_a871_sex_age_rt", "ilo_sdg_b871_sex_age_rt"


class Hook:
    """A web hook on this machine that keeps what is posted, or answers 500."""

    def __init__(self) -> None:
        self.is_down, self.posted = False, list[dict[str, Any]]()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not hook.is_down:
                    hook.posted.append(json.loads(body))
                self.send_response(500 if hook.is_down else 200)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://operator:{PASSWORD}@127.0.0.1:{self.server.server_port}/token-{PASSWORD}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Mailbox:
    """What an SMTP server on this machine took."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Mailbox()
    server = Controller(
        box, hostname="127.0.0.1", port=port, auth_require_tls=False, auth_required=True,
        authenticator=lambda *_arguments: AuthResult(success=True),
    )  # fmt: skip
    server.start()
    yield box, f"mailto://operator:{PASSWORD}@127.0.0.1:{port}/?from=a87@example.org&to=duty@example.org&mode=insecure"
    server.stop()


@pytest.fixture
def tick(prepared: Prepared, tmp_path, monkeypatch, mailbox, hook, playing):
    """One look of the sensor, with both channels."""
    monkeypatch.setenv("A87_ALERT_URLS", f"{mailbox[1]}, {hook.url}")
    monkeypatch.setenv("A87_UI_URL", "https://a87.example.org/")
    monkeypatch.setenv("A87_FREE_GB", "0")
    monkeypatch.setattr(
        "orchestration.freshness.all_of", lambda _home: []
    )  # the sample's stamps are of one day for ever
    playing.faults = []
    with dg.DagsterInstance.ephemeral() as instance:
        yield lambda: alerts.tell(Home(tmp_path), instance)
    playing.faults = []


def with_fault(served: Served, sandbox: Sandbox, fault: str) -> None:
    """The partner says that all moved, and answers with a fault; or is well again."""
    sandbox.faults = [Fault.parse(fault)] if fault else []
    sandbox.touch()
    served.refresh(sandbox, with_gx=True)


def test_an_outage_of_a_partner_is_one_message_by_mail_and_web_hook_and_one_when_it_is_over(
    prepared, playing, tmp_path, tick, mailbox, hook, caplog
):
    served = [prepared.copy(dataset, tmp_path) for dataset in (datasets()[RATE], datasets()[COUNT])]
    for one in served:
        with_fault(one, playing, "ilo=status:503")
    for _tick in range(3):
        tick()
    box = mailbox[0]
    assert len(box.letters) == len(hook.posted) == 1
    letter, post = box.letters[0], hook.posted[0]
    assert letter["To"] == "duty@example.org"
    assert letter["Subject"] == post["title"] == "[alliance87 dev] partner-unavailable ilo"
    held = lake.current(Home(tmp_path), RATE)
    for text in (letter.get_body(("plain", "html")).get_content(), post["message"]):
        assert "partner unavailable: HTTP 503" in text and RATE in text and COUNT in text
        assert held.snapshot_id in text and held.meta["snapshot"]["retrieved_at"] in text
        assert "docs/runbook.md#partner-unavailable" in text

    for one in served:
        with_fault(one, playing, "")
    for _tick in range(3):
        tick()
    assert len(box.letters) == len(hook.posted) == 2
    assert hook.posted[1]["title"] == box.letters[1]["Subject"] == "[alliance87 dev] over: partner-unavailable ilo"
    assert (hook.posted[0]["type"], hook.posted[1]["type"]) == ("failure", "success")
    assert PASSWORD not in caplog.text


def test_a_quarantine_is_told_with_failing_rows_and_what_still_serves(prepared, playing, tmp_path, tick, hook):
    served = prepared.copy(datasets()[RATE], tmp_path)
    with_fault(served, playing, "SDG_A871_SEX_AGE_RT=scale:10")
    tick()
    assert [post["title"] for post in hook.posted] == [f"[alliance87 dev] quarantined {RATE}"]
    text = hook.posted[0]["message"]
    assert "is quarantined" in text and "value_range" in text
    assert text.count("\n- value_range: ") + text.count("\n- mass_revision: ") >= 1 and "ref_area=" in text
    assert f"{served.serving()[0]}, retrieved " in text


def test_a_receiver_that_is_down_is_told_once_it_is_back_and_its_secrets_stay_secret(
    prepared, playing, tmp_path, tick, mailbox, hook, caplog
):
    caplog.set_level("DEBUG")
    served = prepared.copy(datasets()[RATE], tmp_path)
    with_fault(served, playing, "ilo=status:503")
    hook.is_down = True
    told = tick()
    assert told.failed == ["2 json://127.0.0.1"]
    assert len(mailbox[0].letters) == 1  # the other channel does not wait for it
    hook.is_down = False
    tick()
    tick()
    assert len(mailbox[0].letters) == len(hook.posted) == 1
    noted = (tmp_path / "alerts" / "incidents.json").read_text()
    for text in (caplog.text, str(told), noted):
        assert PASSWORD not in text


@pytest.mark.parametrize("url", ["json://127.0.0.1:1/x", f"{PASSWORD}@nowhere", f"nothing://{PASSWORD}@host"])
def test_a_channel_that_cannot_be_reached_or_understood_is_named_without_its_secrets(
    prepared, playing, tmp_path, tick, monkeypatch, url
):
    monkeypatch.setenv("A87_ALERT_URLS", url)
    with_fault(prepared.copy(datasets()[RATE], tmp_path), playing, "ilo=status:503")
    told = tick()
    assert len(told.failed) == 1
    assert PASSWORD not in str(told)


def test_two_processes_that_look_at_once_tell_once(prepared, playing, tmp_path, tick, hook, monkeypatch):
    """As a daemon and a refresh by hand."""
    monkeypatch.setenv("A87_ALERT_URLS", hook.url)
    with_fault(prepared.copy(datasets()[RATE], tmp_path), playing, "ilo=status:503")
    script = (  # without Dagster, which takes seconds to import: its runs are not what is tried here
        "import sys, pathlib; from ingest.storage import Home; from orchestration import alerts, incidents\n"
        "incidents._of_time = incidents._of_runs = incidents._of_ticks = lambda *_arguments: []\n"
        "print(alerts.tell(Home(pathlib.Path(sys.argv[1])), object()))"
    )
    both = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0].decode().strip() for process in both)
    assert said == ["0 messages sent", "1 messages sent"]
    assert len(hook.posted) == 1
