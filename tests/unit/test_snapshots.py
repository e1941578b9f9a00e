"""The raw store: one content is one snapshot, and what must never get in."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from ingest import registry, snapshots
from ingest.errors import PayloadInvalid
from ingest.snapshots import Snapshot
from ingest.storage import Home

QCL = registry.datasets()["fao_qcl"]
SIGNAL = {"updated": "2025-12-31T00:00:00", "rows": 3}
MEMBERS = {"Main_E_All_Data_(Normalized).csv": b"Area Code,Year\n'012,2020\n" * 50, "Flags.csv": b"Flag, Description\n"}


def make_zip(members: dict[str, bytes], *, level: int = 6, year: int = 2026) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), body, zipfile.ZIP_DEFLATED, level)
    return out.getvalue()


def put(folder: Path, **files: bytes) -> Path:
    """A delivery: `a_zip` is the file a.zip."""
    (folder / "payload").mkdir(parents=True)
    for name, body in files.items():
        (folder / "payload" / name.replace("_", ".")).write_bytes(body)
    return folder


def store(home: Home, folder: Path, body: bytes, dataset=QCL, edition="live", signal=SIGNAL) -> Snapshot:
    put(folder, a_zip=body)
    sha256 = snapshots.content_hash(folder / "payload", dataset)
    return snapshots.store(home, dataset, folder, sha256=sha256, edition=edition, url="https://x/a.zip", signal=signal)


def kept(home: Home) -> list[str]:
    return sorted(folder.name for folder in home.raw("fao_qcl").iterdir())


# --- identity --------------------------------------------------------------------------------------------------------


def test_a_snapshot_tells_where_it_comes_from(home, tmp_path):
    body = make_zip(MEMBERS)
    snapshot = store(home, tmp_path / "d", body)
    assert snapshot.snapshot_id == f"fao_qcl-live-{snapshot.sha256[:12]}"
    assert (snapshot.partner, snapshot.dataset_id, snapshot.edition) == ("fao", "fao_qcl", "live")
    assert (snapshot.url, snapshot.partner_updated) == ("https://x/a.zip", "2025-12-31T00:00:00")
    assert (snapshot.bytes, snapshot.licence) == (len(body), "CC BY-NC-SA 3.0 IGO")


def test_the_bytes_are_kept_as_received(home, tmp_path):
    body = make_zip(MEMBERS)
    snapshot = store(home, tmp_path / "d", body)
    assert (snapshot.payload(home) / "a.zip").read_bytes() == body


def test_a_snapshot_reads_back_as_it_was_written(home, tmp_path):
    snapshot = store(home, tmp_path / "d", make_zip(MEMBERS))
    assert snapshots.read(home, "fao_qcl", snapshot.snapshot_id) == snapshot
    assert snapshots.read(home, "fao_qcl", "fao_qcl-live-000000000000") is None


def test_the_same_content_twice_is_one_snapshot(home, tmp_path):
    first = store(home, tmp_path / "1", make_zip(MEMBERS))
    assert store(home, tmp_path / "2", make_zip(MEMBERS)) == first
    assert kept(home) == [first.snapshot_id]


def test_a_repacked_archive_is_the_same_content(home, tmp_path):
    first = store(home, tmp_path / "1", make_zip(MEMBERS, level=1))
    repacked = make_zip(dict(reversed(MEMBERS.items())), level=9, year=2020)
    assert repacked != make_zip(MEMBERS, level=1)
    assert store(home, tmp_path / "2", repacked) == first


@pytest.mark.parametrize(
    "members",
    [
        MEMBERS | {"Flags.csv": b"Flag, Descriptions\n"},
        MEMBERS | {"Areas.csv": b"Area Code\n"},
        {name.lower(): body for name, body in MEMBERS.items()},
        {"Flags.csv": MEMBERS["Flags.csv"]},
    ],
)
def test_another_content_or_member_is_another_snapshot(home, tmp_path, members):
    first = store(home, tmp_path / "1", make_zip(MEMBERS))
    assert store(home, tmp_path / "2", make_zip(members)).sha256 != first.sha256


def test_what_we_ask_for_is_part_of_the_identity(home, tmp_path):
    first = store(home, tmp_path / "1", make_zip(MEMBERS))
    other = QCL.model_copy(update={"code": "QCL2"})
    assert other.fingerprint != QCL.fingerprint
    assert store(home, tmp_path / "2", make_zip(MEMBERS), other).snapshot_id != first.snapshot_id


def test_tolerances_are_no_part_of_the_identity(home, tmp_path):
    first = store(home, tmp_path / "1", make_zip(MEMBERS))
    lenient = QCL.model_copy(update={"tolerances": registry.Tolerances(min_rows=1, reason="a small year")})
    assert store(home, tmp_path / "2", make_zip(MEMBERS), lenient) == first


def test_editions_never_share_a_snapshot(home, tmp_path):
    live = store(home, tmp_path / "1", make_zip(MEMBERS), edition="live")
    sample = store(home, tmp_path / "2", make_zip(MEMBERS), edition="sample")
    assert live.sha256 == sample.sha256
    assert kept(home) == [live.snapshot_id, sample.snapshot_id]


def test_plain_files_are_told_apart_by_name_and_content(tmp_path):
    def digest(name: str, **files: bytes) -> str:
        return snapshots.content_hash(put(tmp_path / name, **files), QCL)

    hashes = {digest("1", a_csv=b"x"), digest("2", b_csv=b"x"), digest("3", a_csv=b"y"), digest("4", a_csv=b"x")}
    assert len(hashes) == 3


# --- deliveries that were rejected -----------------------------------------------------------------------------------


def test_a_held_delivery_is_found_by_what_the_catalogue_said(home, tmp_path):
    snapshot = store(home, tmp_path / "d", make_zip(MEMBERS))
    assert snapshots.find_by_signal(home, "fao_qcl", "live", SIGNAL) == [snapshot]


@pytest.mark.parametrize(("edition", "signal"), [("sample", SIGNAL), ("live", {"updated": "2026-01-01", "rows": 3})])
def test_a_delivery_of_another_edition_or_signal_is_not_taken_for_it(home, tmp_path, edition, signal):
    store(home, tmp_path / "d", make_zip(MEMBERS))
    assert snapshots.find_by_signal(home, "fao_qcl", edition, signal) == []


def test_a_rejected_snapshot_is_fetched_again_and_its_bytes_stay_until_then(home, tmp_path):
    snapshot = store(home, tmp_path / "1", make_zip(MEMBERS))
    snapshots.reject(home, snapshot, "cut in the middle")
    assert snapshots.find_by_signal(home, "fao_qcl", "live", SIGNAL) == []
    assert (snapshot.payload(home) / "a.zip").exists()
    assert "cut in the middle" in (snapshot.folder(home) / "rejected.json").read_text()


def test_a_rejected_snapshot_that_comes_again_is_as_good_as_new(home, tmp_path):
    snapshot = store(home, tmp_path / "1", make_zip(MEMBERS))
    snapshots.reject(home, snapshot, "cut in the middle")
    again = store(home, tmp_path / "2", make_zip(MEMBERS))
    assert again.snapshot_id == snapshot.snapshot_id
    assert snapshots.find_by_signal(home, "fao_qcl", "live", SIGNAL) == [again]
    assert kept(home) == [snapshot.snapshot_id]


# --- what must not get in --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../evil.csv", "a/../../evil.csv", "/etc/passwd", "data/.."])
def test_a_member_that_leaves_the_archive_is_refused(home, tmp_path, name):
    with pytest.raises(PayloadInvalid, match="member path"):
        store(home, tmp_path / "d", make_zip({name: b"x"}))
    assert not home.raw("fao_qcl").exists()


def test_two_dots_inside_a_name_are_no_trick(home, tmp_path):
    store(home, tmp_path / "d", make_zip({"notes..final.csv": b"x"}))
    assert len(kept(home)) == 1


def test_a_bomb_is_refused_before_it_is_unpacked(home, tmp_path):
    with pytest.raises(PayloadInvalid, match="50000000 bytes unpacked") as caught:
        store(home, tmp_path / "d", make_zip({"zeros.csv": b"0" * 50_000_000}))
    assert caught.value.expected == "at most 100 : 1, and 32 GB"


def test_the_real_ratio_of_the_partners_passes(home, tmp_path):
    rows = "".join(f"'{n % 200:03},{n},t,{n * 7919 % 100003}\r\n" for n in range(20000))
    store(home, tmp_path / "d", make_zip({"data.csv": rows.encode()}))
    assert len(kept(home)) == 1


def test_a_flipped_bit_is_found_by_the_checksum(home, tmp_path):
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("data.csv", "Area Code,Year\n4,2020\n")
    with pytest.raises(PayloadInvalid, match=r"data\.csv: Bad CRC-32"):
        store(home, tmp_path / "d", stored.getvalue().replace(b"4,2020", b"4,2021", 1))


def test_an_archive_that_cannot_be_opened_says_what_to_do(tmp_path):
    file = tmp_path / "a.zip"
    file.write_bytes(make_zip(MEMBERS)[:-30])
    with pytest.raises(PayloadInvalid, match="a zip that cannot be opened") as caught:
        snapshots.safe_members(file, "fao")
    assert caught.value.partner == "fao"
    assert "downloads it again" in caught.value.remedy


def test_members_come_by_name_and_without_folders(tmp_path):
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder/b.csv", "b")
        archive.writestr("a.csv", "a")
    assert [member.filename for _archive, member in snapshots.safe_members(file, "fao")] == ["a.csv", "folder/b.csv"]
