"""One Dagster asset a dataset: its refresh, its checks, its metadata."""

# No `from __future__ import annotations` here: Dagster reads the annotations of decorated functions at run time.
import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import dagster as dg

import expectations
from ingest import months, storage
from ingest.http import Endpoints
from ingest.lake import Vintage
from ingest.months import refresh_months
from ingest.refresh import Candidate, CheckRow, Outcome, refresh
from ingest.registry import Dataset, datasets, partners
from ingest.storage import Home
from orchestration import freshness
from orchestration.resources import Partners, Reporter

OWNER = "team:data-engineering"
DATA_VERSION_TAG = "dagster/data_version"  # what `MaterializeResult(data_version=...)` writes
REFRESHED = "refreshed"  # the check that is red while a partner or its delivery is in trouble
# A beta parameter of the Dagster that is pinned; its warning would stand in front of every command's output.
warnings.filterwarnings("ignore", message=".*backfill_policy", category=dg.BetaWarning)
ON_TIME = "partner_on_time"  # the check that warns of a partner that is behind its own rhythm
SEVERITY = {"ERROR": dg.AssetCheckSeverity.ERROR, "WARN": dg.AssetCheckSeverity.WARN}


def run_expectations(dataset: Dataset, candidate: Candidate) -> list[CheckRow]:
    """The suite's results as rows for vintage.json."""
    previous = candidate.previous
    results = expectations.run(
        dataset,
        candidate.vintage.data,
        previous=previous.data if previous else None,
        previous_meta=previous.meta if previous else None,
        revision=candidate.revision,
        revision_summary=candidate.vintage.meta["revision"],
        undeclared=candidate.vintage.meta["undeclared_columns"],
    )
    return [asdict(result) for result in results]


def asset_key(dataset_id: str) -> dg.AssetKey:
    return dg.AssetKey([datasets()[dataset_id].partner, dataset_id])


def dataset_asset(dataset: Dataset) -> dg.AssetsDefinition:
    """The asset `<partner>/<dataset>`: the vintage that serves, refreshed from the partner."""
    partner, partitions = partners()[dataset.partner], _partitions(dataset)
    key = asset_key(dataset.id)
    names = {REFRESHED: "The partner answered and its delivery passed every check that blocks."}
    names[ON_TIME] = f"The partner has published within its own rhythm: {dataset.rhythm.reason}."
    names |= expectations.check_names(dataset)

    @dg.asset(
        key=key,
        group_name=dataset.partner,
        description=f"{dataset.title}. {dataset.description} Grain: {dataset.grain}.",
        owners=[OWNER],
        kinds={"duckdb", "parquet", "greatexpectations"},
        tags={"partner": dataset.partner},
        metadata={
            "source": dg.MetadataValue.url(dataset.homepage),
            "licence": dataset.licence,
            "cadence": partner.cadence,
            "rhythm": dataset.rhythm.in_words,
            "registry": f"ingest/registry/{dataset.id}.yaml",
            "dagster/column_schema": _column_schema(dataset),
        },
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
        check_specs=[dg.AssetCheckSpec(name, asset=key, description=text) for name, text in names.items()],
        code_version=dataset.fingerprint,
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=partner.freshness_hours)),
        pool=f"partner_{dataset.partner}",
    )
    def _refresh(
        context: dg.AssetExecutionContext,
        home: dg.ResourceParam[Home],
        door: Partners,
        endpoints: dg.ResourceParam[Endpoints],
        reporter: dg.ResourceParam[Reporter],
    ) -> Iterator[Any]:
        on_bytes, edition = reporter.started(dataset), door.checked_edition()
        if dataset.months is None:
            outcome = refresh(
                home,
                dataset,
                edition=edition,
                endpoints=endpoints,
                check=run_expectations,
                on_bytes=on_bytes,
                run_id=context.run_id,
            )
        else:
            # a backfill names its months; every other run takes the newest
            is_backfill = context.has_partition_key or context.has_partition_key_range
            asked = list(context.partition_keys) if is_backfill else None
            outcome, by_month = refresh_months(
                home, dataset, asked,
                edition=edition, endpoints=endpoints, check=run_expectations, on_bytes=on_bytes,
                run_id=context.run_id,
            )  # fmt: skip
            if not (is_backfill and outcome.is_good):  # then Dagster tells of each month by itself
                for event in _month_events(key, by_month):
                    context.log_event(event)
        reporter.finished(outcome)
        context.log.info(f"{dataset.id}: {outcome.status}: {outcome.message}")
        yield from _events(home, dataset, key, names, outcome)

    return _refresh


def _partitions(dataset: Dataset) -> dg.TimeWindowPartitionsDefinition | None:
    if dataset.months is None:
        return None
    return dg.MonthlyPartitionsDefinition(start_date=dataset.months.first, fmt="%Y%m", timezone="Europe/Brussels")


def _month_events(key: dg.AssetKey, outcomes: dict[str, Outcome]) -> Iterator[dg.AssetMaterialization]:
    """The months that are well, each by itself, so that a broken one does not make all look missing."""
    for period, outcome in outcomes.items():
        if outcome.is_good:
            yield dg.AssetMaterialization(
                key, partition=period,
                metadata={
                    "dagster/partition_row_count": outcome.rows, "status": outcome.status, "message": outcome.message,
                    "snapshot_id": outcome.snapshot_id or "",
                },
            )  # fmt: skip


def _events(home: Home, dataset: Dataset, key: dg.AssetKey, names: dict[str, str], outcome: Outcome) -> Iterator[Any]:
    """Check results first, so that they are kept when the step fails; a failure is permanent for this run."""
    vintages = list(months.serving(home, dataset).values())
    yield dg.AssetCheckResult(
        passed=outcome.is_good, asset_key=key, check_name=REFRESHED, description=outcome.message,
        metadata={"status": outcome.status, "serving": ", ".join(v.snapshot_id for v in vintages) or "nothing yet"},
    )  # fmt: skip
    yield _on_time(home, dataset)
    judged = outcome.checks or [check for vintage in vintages[-1:] for check in vintage.meta["checks"]]
    for row in judged:
        if row["check_name"] in names:
            yield _check_result(key, row)
    if not outcome.is_good or not vintages:
        raise dg.Failure(description=outcome.message, allow_retries=False)
    yield dg.MaterializeResult(
        asset_key=key, data_version=dg.DataVersion(_data_version(vintages)), metadata=_metadata(outcome, vintages)
    )


def _metadata(outcome: Outcome, vintages: list[Vintage]) -> dict[str, Any]:
    newest = max(vintages, key=lambda vintage: str(vintage.meta["snapshot"]["retrieved_at"]))
    snapshot = newest.meta["snapshot"]
    return {
        "dagster/row_count": sum(vintage.meta["rows"] for vintage in vintages),
        "status": outcome.status,
        "message": outcome.message,
        "snapshot_id": newest.snapshot_id,
        "edition": newest.edition,
        "partner_updated": snapshot["partner_updated"],
        "retrieved_at": snapshot["retrieved_at"],
        "sha256": snapshot["sha256"],
        "downloaded_bytes": outcome.bytes,
        "url": dg.MetadataValue.url(snapshot["url"]),
    }


def _data_version(vintages: list[Vintage]) -> str:
    """The snapshot that serves; of a dataset in months a hash over all of theirs."""
    names = [vintage.snapshot_id for vintage in vintages]
    return names[0] if len(names) == 1 else hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def unmoved_events(home: Home, outcome: Outcome) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    """What Dagster keeps of a dataset that needed no run: it is fresh, still what it was, and perhaps overdue."""
    dataset = datasets()[outcome.dataset_id]
    vintages = list(months.serving(home, dataset).values())
    yield dg.AssetMaterialization(
        asset_key(dataset.id), metadata=_metadata(outcome, vintages), tags={DATA_VERSION_TAG: _data_version(vintages)}
    )
    judged = _on_time(home, dataset)
    yield dg.AssetCheckEvaluation(
        asset_key=asset_key(dataset.id), check_name=ON_TIME, passed=judged.passed, metadata=judged.metadata or {},
        severity=judged.severity, description=judged.description,
    )  # fmt: skip


def _on_time(home: Home, dataset: Dataset) -> dg.AssetCheckResult:
    """Asked at every refresh: a partner that is late brings no load in which a check could find it out."""
    now, fresh = storage.utcnow(), freshness.of(home, dataset)
    moments = {"partner_changed_at": fresh.partner_changed_at, "partner_due_at": fresh.partner_due_at}
    return dg.AssetCheckResult(
        passed=not fresh.partner_is_late(now), asset_key=asset_key(dataset.id), check_name=ON_TIME,
        severity=dg.AssetCheckSeverity.WARN, description=fresh.of_the_partner(now),
        metadata={name: dg.MetadataValue.timestamp(moment) for name, moment in moments.items() if moment},
    )  # fmt: skip


def _check_result(key: dg.AssetKey, row: CheckRow) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"observed": row["observed"], "failing_rows": row["failing_rows"]}
    if row["examples"]:
        metadata["examples"] = dg.MetadataValue.table(
            records=[dg.TableRecord(dict(example)) for example in row["examples"]],
            schema=dg.TableSchema([dg.TableColumn(name) for name in row["examples"][0]]),
        )
    return dg.AssetCheckResult(
        passed=row["passed"], asset_key=key, check_name=row["check_name"], severity=SEVERITY[row["severity"]],
        description=row["error"] or row["message"], metadata=metadata,
    )  # fmt: skip


def _column_schema(dataset: Dataset) -> dg.TableSchema:
    meaning = {column.name: column.meaning for column in dataset.columns}
    return dg.TableSchema(
        [dg.TableColumn(name, kind, meaning.get(name)) for name, kind in dataset.lake_columns.items()]
    )


def all_dataset_assets() -> list[dg.AssetsDefinition]:
    return [dataset_asset(dataset) for dataset in datasets().values()]
