"""The lake made anew from the raw store: every acceptance in the journal again, in its order, without the partner.

What was quarantined or rejected is not judged anew. A vintage that cannot be made anew stays, if the lake has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest import lake, snapshots, storage
from ingest.errors import IngestError, PayloadInvalid
from ingest.lake import Vintage
from ingest.refresh import Check, comparable, judge, load
from ingest.registry import MONTH_MARK, Dataset
from ingest.snapshots import Snapshot
from ingest.storage import Home


@dataclass
class Replayed:
    """What became of one dataset or month. `gone` are deliveries whose bytes retention let go."""

    dataset_id: str
    made: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def parts(home: Home, dataset: Dataset) -> list[Dataset]:
    """The dataset itself, or those of its months of which there are deliveries, oldest first."""
    if dataset.months is None:
        return [dataset]
    folders = home.raw(dataset.id).parent.glob(f"{dataset.id}{MONTH_MARK}*")
    return [dataset.for_period(folder.name.partition(MONTH_MARK)[2]) for folder in sorted(folders)]


def replay(home: Home, dataset: Dataset, check: Check) -> Replayed:
    """Make the vintages of a dataset or month anew; `current` names the last that was accepted.

    Each vintage is exchanged in one step, so who reads the lake meanwhile finds all of them.
    """
    done, place = Replayed(dataset.id), home.lake(dataset.id)
    with storage.exclusive(place / ".lock"), storage.work_folder(place) as work:
        accepted = lake.acceptances(home, dataset.id)
        if not accepted:
            return done
        lake.keep_journal(home, dataset.id)
        made: dict[str, Vintage] = {}
        before: Vintage | None = None
        for number, entry in enumerate(accepted):
            name = entry["snapshot_id"]
            vintage = _again(home, dataset, entry, before, work / str(number), check, done)
            if vintage is not None:
                made[name] = vintage
            before = vintage or made.get(name) or lake.accepted_vintage(home, dataset.id, name)
        for name, vintage in made.items():
            storage.replace_folder(vintage.folder, place / "vintages" / name)
        done.made = list(made)
        _point(home, dataset, accepted, done)
    return done


def _again(
    home: Home, dataset: Dataset, entry: dict[str, Any], before: Vintage | None, work: Path, check: Check,
    done: Replayed,
) -> Vintage | None:  # fmt: skip
    """The vintage of one acceptance in `work`/vintage, or None if it has to stay what it is; `done` says why."""
    name = entry["snapshot_id"]
    snapshot = snapshots.read(home, dataset.id, name)
    if snapshot is None:
        done.gone.append(name)
        return None
    if entry["revision"] and before is None and lake.was_accepted(home, dataset.id, name):
        return None  # what it was compared with is gone: its revision can only be kept
    snapshot = replace(snapshot, signal=entry.get("signal", snapshot.signal))
    try:
        with storage.clock_at(datetime.fromisoformat(entry["accepted_at"])):
            return _judged_again(home, dataset, entry, snapshot, before, work, check)
    except IngestError as error:
        error.dataset = name
        done.troubles.append(str(error))
    except (LookupError, TypeError, ValueError, AttributeError, FileNotFoundError) as error:  # laid out for older code
        done.troubles.append(f"{name}: {type(error).__name__}: {error}")
    return None


def _judged_again(
    home: Home, dataset: Dataset, entry: dict[str, Any], snapshot: Snapshot, before: Vintage | None, work: Path,
    check: Check,
) -> Vintage:  # fmt: skip
    payload = snapshot.payload(home)
    if snapshots.content_hash(payload, dataset, snapshot.signal.get("fingerprint", "")) != snapshot.sha256:
        raise PayloadInvalid(
            "the bytes in the raw store are not those that came", partner=dataset.partner,
            expected=f"sha256 {snapshot.sha256}", remedy=f"restore {payload} from a backup",
        )  # fmt: skip
    work.mkdir()
    loaded, folder = load(dataset, payload, work), work / "vintage"
    vintage, failed = judge(dataset, snapshot, loaded, folder, comparable(before, snapshot, folder), check)
    if failed:
        reasons = "; ".join(f"{c['check_name']}: {c['message']}" for c in failed)
        raise PayloadInvalid(
            f"accepted once, and does not pass any more: {reasons}", partner=dataset.partner,
            expected="a delivery that passes today's checks",
            remedy=f"look what changed in ingest/registry/{dataset.base_id}.yaml since {entry['accepted_at']}",
        )  # fmt: skip
    vintage.meta["settled_at"] = entry["accepted_at"]
    storage.write_json(folder / "vintage.json", vintage.meta)
    return vintage


def _point(home: Home, dataset: Dataset, accepted: list[dict[str, Any]], done: Replayed) -> None:
    """`current` names the last accepted vintage that is there; that it is not the last of all is trouble."""
    last = accepted[-1]["snapshot_id"]
    there = [a for a in accepted if lake.was_accepted(home, dataset.id, a["snapshot_id"])]
    name = there[-1]["snapshot_id"] if there else None
    if name != last:
        done.troubles.append(f"{last} served and cannot be made anew; {name or 'nothing'} serves in its place")
    if name and lake.current_id(home, dataset.id) != name:
        snapshot = snapshots.read(home, dataset.id, name)
        lake.confirm(home, dataset.id, name, snapshot.signal if snapshot else there[-1].get("signal", {}))
