"""Holds the lock files and what is installed against `dependencies.toml`: hashes, origin, licences, known holes.

`make audit` runs it; exit code 1 for a finding. Vulnerabilities come from pip-audit, which asks PyPI: where that does
not answer, or does not know the packages, this says so and does not fail, for it has then proved nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-postgres.lock", "requirements-dev.lock", "requirements-bench.lock")
INSTALLED = LOCKS[:3]  # what .venv holds; the peers of `make bench` have an environment of their own
WIDEST = LOCKS[2:]  # these two hold all that the others hold
_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==([^\s;]+)(?: ;.*)?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    name: str
    version: str
    lock: str


def main() -> int:
    rules = tomllib.loads((ROOT / "dependencies.toml").read_text(encoding="utf-8"))
    findings: list[str] = []
    pins: list[Pin] = []
    for lock in LOCKS:
        found, wrong = read_lock(lock, (ROOT / lock).read_text(encoding="utf-8"))
        pins, findings = pins + found, findings + wrong
    installed = {canonicalize_name(d.metadata["Name"]): d for d in distributions()}
    ours = [pin for pin in pins if pin.lock in INSTALLED]
    findings += [*other_versions(ours, installed), *strangers(ours, installed)]
    findings += licence_findings({pin.name for pin in ours}, installed, rules["licences"])
    print(f"{len({(p.name, p.version) for p in pins})} pins in {len(LOCKS)} locks, each with its hashes")
    absent = sorted({pin.name for pin in ours} - installed.keys())
    print(f"licences of {len({pin.name for pin in ours}) - len(absent)} packages read")
    print(f"not installed here, so not read (other systems): {', '.join(absent) or 'none'}")
    findings += vulnerabilities(rules["vulnerabilities"])
    for finding in findings:
        print(f"FOUND: {finding}")
    return bool(findings)


def read_lock(name: str, text: str) -> tuple[list[Pin], list[str]]:
    """The pins of a lock file, and its entries that are no exact version with a hash."""
    pins, wrong = [], []
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    for entry in filter(None, map(str.strip, joined.splitlines())):
        requirement, *hashes = re.split(r"\s+(?=--hash=)", entry)
        pin = _PIN.fullmatch(requirement.strip())
        if pin is None or not hashes or not all(_HASH.fullmatch(found.strip()) for found in hashes):
            wrong.append(f"{name}: {entry[:80]!r} is no exact version with SHA-256 hashes")
        else:
            pins.append(Pin(canonicalize_name(pin[1]), pin[2], name))
    return pins, wrong


def other_versions(pins: list[Pin], installed: dict[Any, Distribution]) -> Iterator[str]:
    """What is installed in another version than all that the locks pin, by the markers of Python and system."""
    pinned: dict[str, set[str]] = {}
    for pin in pins:
        pinned.setdefault(pin.name, set()).add(pin.version)
    for name, versions in sorted(pinned.items()):
        if name in installed and installed[name].version not in versions:
            yield f"{name} {installed[name].version} is installed, {sorted(versions)} is pinned: run make install-dev"


def strangers(pins: list[Pin], installed: dict[Any, Distribution]) -> Iterator[str]:
    """Pins that neither we nor a package that is installed ask for: a name that slipped into a lock."""
    asked = {canonicalize_name(Requirement(text).name) for d in installed.values() for text in d.requires or []}
    for name in sorted({pin.name for pin in pins} - asked):
        yield f"{name} is pinned, and nothing asks for it"


def licence_findings(names: set[Any], installed: dict[Any, Distribution], rules: dict[str, Any]) -> Iterator[str]:
    exceptions = rules["exceptions"]
    for name in sorted(names & installed.keys()):
        licence = licence_of(installed[name], rules["spelling"])
        if name in exceptions:
            if licence != exceptions[name][0]:
                yield f"{name}: licence {licence!r}, dependencies.toml says {exceptions[name][0]!r}"
        elif not is_allowed(licence, set(rules["allowed"])):
            yield f"{name}: licence {licence!r} is not allowed: read it, then list or replace the package"
    for name in sorted(exceptions.keys() - names):
        yield f"{name} is an exception of dependencies.toml, and no lock holds it"


def licence_of(package: Distribution, spelling: dict[str, str]) -> str:
    """The expression in its metadata, else its classifiers joined by AND, else the first line of the old field."""
    told = package.metadata
    classified = [c.rpartition(" :: ")[2] for c in told.get_all("Classifier") or [] if c.startswith("License :: ")]
    named = [c for c in classified if c != "OSI Approved"]
    text = told.get("License-Expression") or " AND ".join(spelling.get(n, n) for n in named)
    text = text or ((told.get("License") or "").strip().splitlines() or ["none told"])[0]
    return " OR ".join(spelling.get(part, part) for part in text.split(" OR "))


def is_allowed(expression: str, allowed: set[str]) -> bool:
    """One alternative of which all parts are allowed. An expression with brackets is for a human to read."""
    return "(" not in expression and any(set(one.split(" AND ")) <= allowed for one in expression.split(" OR "))


# --- known holes -----------------------------------------------------------------------------------------------------


def vulnerabilities(accepted: dict[str, str]) -> Iterator[str]:
    """Findings of pip-audit that nobody has accepted; what could not be looked up is printed."""
    for lock in WIDEST:
        try:
            report = ask(lock)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            print(f"NOT AUDITED for known vulnerabilities: {lock}: the service did not answer ({error})")
            continue
        yield from judged(lock, report, accepted)


def ask(lock: str) -> dict[str, Any]:
    """pip-audit's report on a lock. Raises ValueError where it gave none."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--timeout", "5"]
    command += ["--progress-spinner", "off", "--format", "json", "-r", str(ROOT / lock)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise ValueError((done.stderr.strip().splitlines() or ["no report"])[-1][:200]) from None
    return report


def judged(lock: str, report: dict[str, Any], accepted: dict[str, str]) -> Iterator[str]:
    """A package that the service does not know was not audited: pip-audit itself calls that no finding."""
    packages = report["dependencies"]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        print(f"NOT AUDITED for known vulnerabilities: {lock}: {len(unknown)} of {len(packages)} packages are unknown "
              "to the service")  # fmt: skip
    for package in packages:
        for hole in package.get("vulns", ()):
            ids = [hole["id"], *hole.get("aliases", ())]
            reason = next((accepted[i] for i in ids if i in accepted), None)
            said = f"{lock}: {package['name']} {package['version']}: {hole['id']}"
            if reason is None:
                yield f"{said}, mended in {', '.join(hole.get('fix_versions') or ['no version'])}"
            else:
                print(f"accepted: {said}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
