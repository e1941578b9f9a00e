"""The audit of what the platform is built on: each rule finds what it is there for."""

from __future__ import annotations

import subprocess
from importlib.metadata import Distribution
from types import SimpleNamespace

import pytest

from tools import audit
from tools.audit import Pin

HASH = "--hash=sha256:" + "0" * 64
RULES = {"allowed": ["MIT", "BSD"], "spelling": {"MIT License": "MIT"}, "exceptions": {"odd": ["LGPL", "a library"]}}


class Package(Distribution):
    def __init__(self, name: str, licence: str = "Summary: none", version: str = "1.0", requires: str = "") -> None:
        lines = [f"Name: {name}", f"Version: {version}", licence, *([f"Requires-Dist: {requires}"] if requires else [])]
        self._text = "\n".join(["Metadata-Version: 2.1", *lines, "", ""])

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path):
        raise NotImplementedError


def test_a_lock_of_exact_versions_with_hashes_is_read():
    text = (
        f"# made by\nagate==1.9 \\\n    {HASH} \\\n    {HASH}\n    # via\n    #   dbt\n"
        f"gql[requests]==4.0 ; x < '3' \\\n    {HASH}\n"
    )
    assert audit.read_lock("a.lock", text) == ([Pin("agate", "1.9", "a.lock"), Pin("gql", "4.0", "a.lock")], [])


@pytest.mark.parametrize(
    "entry",
    [
        "agate==1.9", f"agate>=1.9 {HASH}", f"agate {HASH}", "agate==1.9 --hash=sha256:12", "agate==1.9 --hash=md5:12",
        f"agate @ https://example.org/a.whl {HASH}", "--index-url https://example.org", "-e .", "git+https://x/y",
    ],
)  # fmt: skip
def test_anything_else_in_a_lock_is_found(entry):
    pins, wrong = audit.read_lock("a.lock", f"{entry}\n")
    assert pins == []
    assert len(wrong) == 1


def test_a_name_that_nothing_asks_for_is_found():
    installed = {"ours": Package("ours", requires="agate>=1"), "agate": Package("agate")}
    pins = [Pin("agate", "1.9", "a.lock"), Pin("agatte", "1.9", "a.lock")]
    assert list(audit.strangers(pins, installed)) == ["agatte is pinned, and nothing asks for it"]


def test_another_version_than_pinned_is_found():
    pins = [Pin("numpy", "1.0", "a.lock"), Pin("numpy", "2.0", "a.lock"), Pin("gone", "1.0", "a.lock")]
    assert list(audit.other_versions(pins, {"numpy": Package("numpy", version="2.0")})) == []
    assert len(list(audit.other_versions(pins, {"numpy": Package("numpy", version="3.0")}))) == 1


@pytest.mark.parametrize(
    ("told", "licence", "is_fine"),
    [
        ("License-Expression: MIT", "MIT", True),
        ("License-Expression: GPL-3.0-only OR MIT", "GPL-3.0-only OR MIT", True),
        ("License-Expression: GPL-3.0-only AND MIT", "GPL-3.0-only AND MIT", False),
        ("License-Expression: GPL-3.0-only AND (MIT OR BSD)", "GPL-3.0-only AND (MIT OR BSD)", False),
        ("Classifier: License :: OSI Approved :: MIT License", "MIT", True),
        ("Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: X :: GPL", "MIT AND GPL", False),
        ("License: MIT License", "MIT", True),
        ("Summary: says nothing", "none told", False),
    ],
)
def test_a_licence_is_read_and_judged(told, licence, is_fine):
    package = Package("p", told)
    assert audit.licence_of(package, RULES["spelling"]) == licence
    found = list(audit.licence_findings({"p", "odd"}, {"p": package}, RULES))
    assert (found == []) is is_fine


def test_an_exception_holds_for_its_licence_and_while_it_is_needed():
    changed = {"odd": Package("odd", "License-Expression: GPL-3.0-only")}
    assert "dependencies.toml says 'LGPL'" in next(audit.licence_findings({"odd"}, changed, RULES))
    assert list(audit.licence_findings({"odd"}, {"odd": Package("odd", "License: LGPL")}, RULES)) == []
    assert "no lock holds it" in next(audit.licence_findings(set(), {}, RULES))


def report(*packages):
    return {"dependencies": list(packages)}


def test_a_hole_is_found_unless_it_was_accepted(capsys):
    holed = {"name": "p", "version": "1", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2"]}]}
    assert list(audit.judged("a.lock", report(holed), {})) == ["a.lock: p 1: PYSEC-1, mended in 2"]
    assert list(audit.judged("a.lock", report(holed), {"CVE-1": "not reached"})) == []
    assert "accepted: a.lock: p 1: PYSEC-1: not reached" in capsys.readouterr().out


def test_a_service_that_knows_no_package_or_is_down_has_proved_nothing(monkeypatch, capsys):
    assert list(audit.judged("a.lock", report({"name": "p", "skip_reason": "not found on PyPI"}), {})) == []
    assert "NOT AUDITED for known vulnerabilities: a.lock: 1 of 1 packages" in capsys.readouterr().out
    down = SimpleNamespace(stdout="", stderr="ERROR: connection refused\n")
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: down)
    assert list(audit.vulnerabilities({})) == []
    assert "NOT AUDITED for known vulnerabilities: requirements-dev.lock" in capsys.readouterr().out
