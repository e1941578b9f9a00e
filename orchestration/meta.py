"""Schema `meta` of the warehouse: where every number comes from, what was checked, what changed, who did not answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import astuple, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from ingest import lake, months, storage
from ingest.lake import Vintage
from ingest.registry import MONTH_MARK, Dataset, datasets, partners
from ingest.storage import Home, sql_text
from orchestration import corrections, freshness
from orchestration.warehouse import CORRECTION, Table, inputs_fingerprint, open_build, serving, write_table

EDITION = Table(
    "meta.edition",
    "What this file is. Grain: one row.",
    {
        "edition_id": ("varchar", "UTC time of publication, compact"),
        "edition": ("varchar", "live, recorded or sample; sample holds generated figures"),
        "published_at": ("varchar", "UTC, ISO 8601"),
        "inputs_fingerprint": ("varchar", "hash of the vintages, registry and models it was built from"),
        "code_version": ("varchar", "version of the platform"),
    },
)
DATASET = Table(
    "meta.dataset",
    "Datasets of the registry. Grain: one row per dataset.",
    {
        "dataset_id": ("varchar", "our id: partner and code"),
        "partner": ("varchar", "fao, ilo, world_bank, eurostat or ilab"),
        "code": ("varchar", "the partner's code"),
        "title": ("varchar", "title"),
        "description": ("varchar", "what it holds"),
        "grain": ("varchar", "what one row is"),
        "licence": ("varchar", "licence of the figures"),
        "homepage": ("varchar", "where the partner describes it"),
        "cadence": ("varchar", "how often the partner publishes and we ask"),
        "schedule": ("varchar", "cron, Europe/Brussels"),
    },
)
SNAPSHOT = Table(
    "meta.snapshot",
    "Accepted deliveries. Every snapshot_id of a fact is here. Grain: one row per snapshot.",
    {
        "snapshot_id": ("varchar", "dataset, edition and the start of the content's hash"),
        "partner": ("varchar", "who sent it"),
        "dataset_id": ("varchar", "dataset"),
        "period": ("varchar", "yyyymm where a snapshot is one month of the dataset"),
        "url": ("varchar", "where it was asked for"),
        "retrieved_at": ("varchar", "UTC, ISO 8601"),
        "partner_updated": ("varchar", "the partner's own stamp of the update, as printed"),
        "sha256": ("varchar", "hash over the uncompressed content and our reading of it"),
        "bytes": ("bigint", "size of the files as received"),
        "rows": ("bigint", "rows of the vintage"),
        "synthetic_rows": ("bigint", "rows with generated figures; 0 outside the sample edition"),
        "licence": ("varchar", "licence of the figures"),
        "edition": ("varchar", "live, recorded or sample"),
        "is_serving": ("boolean", "whether this warehouse was built from it"),
    },
)
CHECK_RESULT = Table(
    "meta.check_result",
    "Every expectation of the serving vintages and every dbt test of the build. Grain: one row per dataset "
    "(or month of one) and check.",
    {
        "dataset_id": ("varchar", "dataset of an expectation; schema and table of a dbt test"),
        "check_name": ("varchar", "name of the check"),
        "kind": ("varchar", "expectation or dbt_test"),
        "severity": ("varchar", "ERROR holds a load or a build back, WARN is shown"),
        "passed": ("boolean", "verdict"),
        "failing_rows": ("bigint", "how many rows are behind a failure"),
        "observed": ("varchar", "what was found"),
        "message": ("varchar", "what happened and what to do"),
        "examples": ("varchar", "JSON list of up to five failing rows"),
        "error": ("varchar", "not empty when the check could not run"),
        "snapshot_id": ("varchar", "snapshot of an expectation"),
    },
)
ATTEMPT = Table(
    "meta.attempt",
    "Each time a partner was asked for a dataset, the last 500. Grain: one row per dataset or month, and attempt.",
    {
        "dataset_id": ("varchar", "dataset"),
        "period": ("varchar", "yyyymm of one month's attempt; empty for the dataset as a whole"),
        "asked_at": ("varchar", "UTC, ISO 8601"),
        "outcome": ("varchar", "accepted, unchanged, quarantined or failed"),
        "message": ("varchar", "what happened"),
        "snapshot_id": ("varchar", "the snapshot that served afterwards"),
        "cause": (
            "varchar",
            "empty if all was well, else unavailable, refused, retired, invalid, incomplete, drift, checks, broken",
        ),
    },
)
FRESHNESS = Table(
    "meta.freshness",
    "How fresh each dataset was when this edition was published; an edition stays as it is while nothing moves, and "
    "`a87 status --json` tells the present. Whether a partner is late by now: partner_due_at < now(). "
    "Grain: one row per dataset.",
    {
        "dataset_id": ("varchar", "dataset"),
        "partner_changed_at": ("timestamptz", "the partner's own stamp of its last change, else our last acceptance"),
        "asked_at": ("timestamptz", "when we last asked the partner, whatever came of it"),
        "accepted_at": ("timestamptz", "when we last accepted a delivery"),
        "partner_due_at": (
            "timestamptz",
            "by when the partner should publish again: last change, or end of the newest month, and rhythm and grace; "
            "empty for a source that has ended",
        ),
        "ask_due_at": ("timestamptz", "by when we should have asked again"),
        "every_days": ("integer", "days from one publication to the next; empty if the source has ended"),
        "grace_days": ("integer", "days after which the partner is late"),
        "rhythm_reason": ("varchar", "where the rhythm is known from"),
    },
)
LOAD = Table(
    "meta.load",
    "What each accepted vintage changed against the one before it. What we believed on a day is the vintage accepted "
    "last before it. A vintage stands here again if the partner took a revision back. Grain: one row per snapshot and "
    "acceptance.",
    {
        "dataset_id": ("varchar", "dataset"),
        "snapshot_id": ("varchar", "the vintage"),
        "accepted_at": ("varchar", "UTC, ISO 8601: from then on this vintage served"),
        "rows": ("bigint", "rows of the vintage"),
        "old_snapshot_id": ("varchar", "the vintage before; empty on a first load"),
        "old_rows": ("bigint", "rows of the vintage before"),
        "added": ("bigint", "keys that are new"),
        "removed": ("bigint", "keys that are gone"),
        "changed": ("bigint", "keys whose value or flags changed"),
        "median_relative_change": ("double", "median of |new - old| / |old| over changed values; 0.1 is ten per cent"),
        "max_relative_change": ("double", "the largest of them"),
        "areas_touched": ("bigint", "areas with a change"),
        "first_period_touched": ("varchar", "first period with a change"),
        "last_period_touched": ("varchar", "last period with a change"),
    },
)
REVISION = Table(
    "meta.revision",
    "What changed between two successive vintages of a dataset. Grain: one row per dataset, vintage and key.",
    {
        "dataset_id": ("varchar", "dataset"),
        "old_snapshot_id": ("varchar", "vintage before"),
        "new_snapshot_id": ("varchar", "vintage after"),
        "key": ("varchar", "the dataset's key columns joined by |"),
        "ref_area": ("varchar", "the partner's area code"),
        "time_period": ("varchar", "period"),
        "change": ("varchar", "added, removed or changed"),
        "old_value": ("double", "figure before; the unit is the series' own"),
        "new_value": ("double", "figure after"),
    },
)


def dbt_checks_file(home: Home) -> Path:
    """Results of dbt tests of the current build file, by unique id."""
    return home.build / "dbt_checks.json"


def write_meta(home: Home, edition_id: str) -> None:
    """Write all tables of schema `meta` into the build file."""
    vintages = serving(home)
    with open_build(home) as connection:
        connection.execute("create schema if not exists meta")
        edition = next((v.edition for v in vintages.values()), "none")
        row = (edition_id, edition, storage.now(), inputs_fingerprint(home), version("alliance87"))
        write_table(connection, EDITION, [row])
        write_table(connection, DATASET, _datasets())
        write_table(connection, SNAPSHOT, _snapshots(home, vintages, connection))
        write_table(connection, CHECK_RESULT, [*_expectation_rows(vintages), *_dbt_rows(home)])
        write_table(connection, replace(CORRECTION, name="meta.correction"), corrections.rows(vintages))
        write_table(connection, ATTEMPT, _attempts(home))
        write_table(connection, FRESHNESS, _freshness(home))
        write_table(connection, LOAD, _loads(home))
        write_table(connection, REVISION, [])
        _copy_revisions(connection, home)


def _datasets() -> list[tuple[Any, ...]]:
    rows = []
    for d in datasets().values():
        partner = partners()[d.partner]
        texts = (d.id, d.partner, d.code, d.title, d.description, d.grain, d.licence, d.homepage)
        rows.append((*texts, partner.cadence, partner.schedule))
    return rows


def _parts(home: Home) -> Iterator[Dataset]:
    """Datasets as the lake holds them: a dataset in months is one for each."""
    for dataset in datasets().values():
        yield from months.parts(home, dataset)


def _snapshots(
    home: Home, vintages: dict[str, Vintage], connection: duckdb.DuckDBPyConnection
) -> Iterator[tuple[Any, ...]]:
    for part in _parts(home):
        for vintage in lake.vintages(home, part.id):
            s = vintage.meta["snapshot"]
            query = f"select count(*) from read_parquet({sql_text(vintage.data)}) where is_synthetic"
            synthetic = connection.execute(query).fetchall()[0][0]
            serves = part.id in vintages and vintages[part.id].snapshot_id == vintage.snapshot_id
            yield (
                s["snapshot_id"], s["partner"], part.base_id, part.period, s["url"], s["retrieved_at"],
                s["partner_updated"], s["sha256"], s["bytes"], vintage.meta["rows"], synthetic, s["licence"],
                s["edition"], serves,
            )  # fmt: skip


def _loads(home: Home) -> Iterator[tuple[Any, ...]]:
    changes = list(LOAD.columns)[4:]
    for part in _parts(home):
        for accepted in lake.acceptances(home, part.id):
            revision = accepted["revision"] or {}
            lead = (part.base_id, accepted["snapshot_id"], accepted["accepted_at"], accepted["rows"])
            yield (*lead, *(revision.get(column) for column in changes))


def _expectation_rows(vintages: dict[str, Vintage]) -> Iterator[tuple[Any, ...]]:
    for part_id, vintage in vintages.items():
        name = part_id.partition(MONTH_MARK)[0]
        for c in vintage.meta["checks"]:
            examples = json.dumps(c["examples"], ensure_ascii=False)
            yield (
                name, c["check_name"], "expectation", c["severity"], c["passed"], c["failing_rows"], c["observed"],
                c["message"], examples, c["error"], vintage.snapshot_id,
            )  # fmt: skip


def _dbt_rows(home: Home) -> Iterator[tuple[Any, ...]]:
    for c in (storage.read_json(dbt_checks_file(home)) or {}).values():
        yield (
            c["model"], c["check_name"], "dbt_test", c["severity"], c["passed"], c["failing_rows"], "", c["message"],
            json.dumps(c["examples"], ensure_ascii=False), c["error"], None,
        )  # fmt: skip


def _attempts(home: Home) -> Iterator[tuple[Any, ...]]:
    asked = {part.id: part for dataset in datasets().values() for part in (dataset, *months.parts(home, dataset))}
    for part in asked.values():
        for a in lake.attempts(home, part.id):
            lead = (part.base_id, part.period, a["asked_at"], a["outcome"])
            yield (*lead, a["message"], a["snapshot_id"], a.get("cause", ""))


def _freshness(home: Home) -> Iterator[tuple[Any, ...]]:
    for fresh in freshness.all_of(home):
        rhythm = datasets()[fresh.dataset_id].rhythm
        yield (*astuple(fresh), rhythm.every_days, rhythm.grace_days, rhythm.reason)


def _copy_revisions(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    files = [v.folder / "revision.parquet" for part in _parts(home) for v in lake.vintages(home, part.id)]
    listed = ", ".join(sql_text(file) for file in files if file.exists())
    if listed:
        connection.execute(f"insert into meta.revision select * from read_parquet([{listed}])")
