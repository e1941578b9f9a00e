"""The raw store: what a partner sent, as received, immutable, named by the hash of its uncompressed content."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ingest import storage
from ingest.errors import PayloadInvalid
from ingest.formats import is_plain_path, seven_zip
from ingest.redaction import redacted
from ingest.registry import Dataset
from ingest.storage import Home

Edition = Literal["live", "recorded", "sample"]
# A lower edition never replaces a higher one: generated figures must not push real ones out of a warehouse.
RANK: dict[str, int] = {"sample": 0, "recorded": 1, "live": 2}
MAX_RATIO = 100  # unpacked : packed; FAO's real files have 16 to 18
MAX_UNPACKED = 32 << 30  # FAO's trade matrix has 9 GB
CHUNK = 1 << 20
REJECTED = "rejected.json"  # beside snapshot.json, where the bytes could not be read


@dataclass(frozen=True)
class Snapshot:
    """`snapshot.json`: one delivery of one dataset."""

    snapshot_id: str
    dataset_id: str
    partner: str
    edition: Edition
    url: str
    retrieved_at: str
    partner_updated: str
    signal: dict[str, Any]
    sha256: str
    bytes: int
    licence: str

    def folder(self, home: Home) -> Path:
        return home.raw(self.dataset_id) / self.snapshot_id

    def payload(self, home: Home) -> Path:
        """The files as received, next to snapshot.json."""
        return self.folder(home) / "payload"


def store(
    home: Home, dataset: Dataset, folder: Path, *, sha256: str, edition: Edition, url: str, signal: dict[str, Any]
) -> Snapshot:
    """Move `folder` (its `payload/` holds the downloads) into the raw store; equal content is one snapshot.

    `sha256` is the payload's `content_hash`.
    """
    snapshot_id = f"{dataset.id}-{edition}-{sha256[:12]}"
    known = read(home, dataset.id, snapshot_id)
    if known is not None and not _rejected(known.folder(home)):
        # The same content under a newer catalogue: remember that, or it is fetched again every time.
        known = replace(known, signal=signal)
        storage.write_json(known.folder(home) / "snapshot.json", asdict(known))
        return known
    snapshot = Snapshot(
        snapshot_id=snapshot_id,
        dataset_id=dataset.id,
        partner=dataset.partner,
        edition=edition,
        url=redacted(url),
        retrieved_at=storage.now(),
        partner_updated=str(signal.get("updated", "")),
        signal=signal,
        sha256=sha256,
        bytes=sum(f.stat().st_size for f in (folder / "payload").rglob("*") if f.is_file()),
        licence=dataset.licence,
    )
    storage.write_json(folder / "snapshot.json", asdict(snapshot))
    storage.replace_folder(folder, snapshot.folder(home))
    return snapshot


def _rejected(folder: Path) -> bool:
    return (folder / REJECTED).exists()


def read(home: Home, dataset_id: str, snapshot_id: str) -> Snapshot | None:
    body = storage.read_json(home.raw(dataset_id) / snapshot_id / "snapshot.json")
    return Snapshot(**body) if body else None


def held(home: Home, dataset_id: str) -> list[Snapshot]:
    """All deliveries that we hold, those that could not be read too."""
    return [Snapshot(**storage.read_json(file)) for file in sorted(home.raw(dataset_id).glob("*/snapshot.json"))]


def find_by_signal(home: Home, dataset_id: str, edition: Edition, signal: dict[str, Any]) -> list[Snapshot]:
    """The readable deliveries that we hold for what the partner's catalogue says now."""
    told = [s for s in held(home, dataset_id) if s.edition == edition and s.signal == signal]
    return [snapshot for snapshot in told if not _rejected(snapshot.folder(home))]


def moment(stamp: str) -> datetime | None:
    """A partner's stamp, in UTC where it names no zone; None for what is no moment."""
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def reject(home: Home, snapshot: Snapshot, why: str) -> None:
    """Keep unreadable bytes as evidence; the next run asks the partner again."""
    storage.write_json(snapshot.folder(home) / REJECTED, {"why": why, "at": storage.now()})


def content_hash(files: Path, dataset: Dataset, fingerprint: str = "") -> str:
    """SHA-256 over names and uncompressed contents, so that repacking a zip is no new version.

    `fingerprint` is the dataset's declaration when the files came, if not today's. Raises PayloadInvalid for an archive
    that cannot be read.
    """
    digest = hashlib.sha256((fingerprint or dataset.fingerprint).encode())
    for file in sorted(f for f in files.rglob("*") if f.is_file()):
        if zipfile.is_zipfile(file):
            _hash_zip(file, dataset, digest)
        elif _is_7z(file):
            _hash_7z(file, dataset, digest)
        else:
            digest.update(file.name.encode())
            with file.open("rb") as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
    return digest.hexdigest()


def _hash_zip(file: Path, dataset: Dataset, digest: Any) -> None:
    for archive, member in safe_members(file, dataset.partner):
        digest.update(member.filename.encode())
        try:
            with archive.open(member) as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            # broken, of an unknown method, encrypted, or with offsets that lead nowhere
            raise PayloadInvalid(
                f"{member.filename}: {error}", partner=dataset.partner, expected="right CRCs"
            ) from error


def _is_7z(file: Path) -> bool:
    with file.open("rb") as stream:
        return seven_zip.is_archive(stream)


def _hash_7z(file: Path, dataset: Dataset, digest: Any) -> None:
    with file.open("rb") as stream:
        archive = seven_zip.Archive(stream, dataset.partner)
        for member in sorted(archive.members, key=lambda m: m.name):
            digest.update(member.name.encode())
            content = archive.open(member)
            while chunk := content.read(CHUNK):
                digest.update(chunk)


def safe_members(file: Path, partner: str) -> list[tuple[zipfile.ZipFile, zipfile.ZipInfo]]:
    """Members of a zip by name, after refusing path tricks, links and bombs. Reading one checks its CRC, and gives no
    more bytes than the directory says.

    Raises PayloadInvalid for a cut or broken archive, a member path that leaves it or stands twice, a link, or an
    absurd size.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError) as error:
        raise PayloadInvalid(
            f"a zip that cannot be opened ({error})", partner=partner, expected="a whole zip archive",
            remedy="the next run downloads it again; if it persists, open the URL by hand and tell the partner",
        ) from error  # fmt: skip
    members = sorted((m for m in archive.infolist() if not m.is_dir()), key=lambda m: m.filename)
    for member in members:
        if not is_plain_path(member.filename):
            raise PayloadInvalid(f"member path {member.filename!r}", partner=partner, expected="a plain name")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise PayloadInvalid(f"{member.filename!r} is a symbolic link", partner=partner, expected="files only")
    if len({member.filename for member in members}) != len(members):
        raise PayloadInvalid("two members of one name", partner=partner, expected="every name once")
    unpacked, most = sum(m.file_size for m in members), min(MAX_UNPACKED, MAX_RATIO * max(1, file.stat().st_size))
    if unpacked > most:
        expected = f"at most {MAX_RATIO} : 1, and {MAX_UNPACKED >> 30} GB"
        raise PayloadInvalid(f"{unpacked} bytes unpacked", partner=partner, expected=expected)
    return [(archive, member) for member in members]
