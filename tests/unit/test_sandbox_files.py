"""The sandbox's folder of Comext files: what is listed is what is sent, broken or not, bundled or recorded."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from ingest.formats.seven_zip import Archive
from ingest.sandbox import Fault, Recordings, Sandbox
from ingest.sandbox.seven_zip import seven_zip_bytes

FILES = "/ec.europa.eu/eurostat/api/dissemination/files"
FOLDER = "comext/COMEXT_DATA/PRODUCTS"


def listed(sandbox: Sandbox) -> dict[str, int]:
    body = sandbox.reply(f"{FILES}?dir={FOLDER}&format=csv").body.decode()
    return {row["NAME"]: int(row["SIZE"]) for row in csv.DictReader(io.StringIO(body, newline=""))}


def sent(sandbox: Sandbox, name: str) -> bytes:
    return sandbox.reply(f"{FILES}?file={FOLDER}/{name}").body


@pytest.mark.parametrize("faults", [[], ["full_v2=rename:VALUE_EUR>EUR"], ["full_v2=drop:DE"], ["full_v2=scale:10"]])
def test_the_listing_tells_the_sizes_that_are_sent(sandbox, faults):
    sandbox.faults = [Fault.parse(text) for text in faults]
    sizes = listed(sandbox)
    for month in ("202401", "202402", "202403"):
        name = f"full_v2_{month}.7z"
        assert sizes[name] == len(sent(sandbox, name))


def test_a_fault_edits_the_text_inside_the_archive(sandbox):
    sandbox.faults = [Fault.parse("full_v2=rename:VALUE_EUR>EUR")]
    archive = Archive(io.BytesIO(sent(sandbox, "full_v2_202402.7z")), "sandbox")
    header = archive.open(archive.members[0]).readline()
    assert b",PERIOD,EUR,VALUE_NAC," in header


def test_other_files_lie_beside_the_months_and_an_unknown_one_is_refused(sandbox):
    assert {"full_v2_202352.7z", "full_partxixu_v2_202402.7z"} <= listed(sandbox).keys()
    assert sandbox.reply(f"{FILES}?file={FOLDER}/full_v2_199901.7z").status == 404


def test_recorded_months_are_served_as_they_were_packed(tmp_path: Path):
    body = seven_zip_bytes({"full_202402.dat": b"REPORTER\nAT\n"})
    (tmp_path / "full_v2_202402.7z").write_bytes(body)
    with Sandbox(Recordings(tmp_path)) as sandbox:
        assert listed(sandbox)["full_v2_202402.7z"] == len(body)
        assert sent(sandbox, "full_v2_202402.7z") == body
