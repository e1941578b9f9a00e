"""Jobs, their schedules, the sensor that rebuilds the warehouse when its inputs changed, and the one that alerts."""

# No `from __future__ import annotations` here: Dagster reads the annotations of decorated functions at run time.
import functools
from typing import Any

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from ingest import storage
from ingest.registry import datasets, partners
from ingest.storage import Home
from orchestration import alerts, editions, publish, retention, warehouse
from orchestration.environment import Environment
from orchestration.instance import close_abandoned
from orchestration.warehouse_assets import outdated_assets

TIMEZONE = "Europe/Brussels"
LAKE = dg.AssetSelection.groups(*partners())


@functools.cache  # a schedule must name the very object that the definitions hold
def partner_jobs() -> list[Any]:  # the type is private to Dagster
    return [
        dg.define_asset_job(
            name, selection=dg.AssetSelection.groups(name), description=f"Refresh every dataset of {partner.title}."
        )
        for name, partner in partners().items()
        if any(d.partner == name for d in datasets().values())
    ]


REFRESH = dg.define_asset_job("refresh", selection=LAKE, description="Refresh the datasets of all partners.")
WAREHOUSE = dg.define_asset_job(
    "warehouse", selection=dg.AssetSelection.all() - LAKE, description="Build the models, test them, publish."
)
EVERYTHING = dg.define_asset_job(
    "everything",
    selection=dg.AssetSelection.all(),
    description="Refresh all datasets, then build and publish. If a dataset fails, its descendants wait for the "
    "warehouse sensor, which builds from the last good vintages.",
)

IN_PROGRESS = (
    DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
)  # fmt: skip


@dg.op(description="Deletes what is older than its limit; closes runs whose process is gone.")
def tidy_up(context: dg.OpExecutionContext, home: dg.ResourceParam[Home]) -> None:
    close_abandoned(context.instance)
    tidied = retention.tidy(home, context.instance, storage.utcnow())
    context.log.info(str(tidied))
    context.add_output_metadata(tidied.metadata)


@dg.job(
    name="housekeeping", description="Delete runs, logs, quarantined deliveries and old vintages past their limits."
)
def housekeeping() -> None:
    tidy_up()


def schedules(environment: Environment) -> list[dg.ScheduleDefinition]:
    own = [(job, partners()[job.name].schedule, partners()[job.name].cadence) for job in partner_jobs()]
    own.append((housekeeping, retention.SCHEDULE, "once a day, while nobody refreshes"))
    return [
        dg.ScheduleDefinition(
            name=f"{job.name}_schedule",
            job=job,
            cron_schedule=cron,
            execution_timezone=TIMEZONE,
            default_status=dg.DefaultScheduleStatus[_status(environment)],
            description=cadence,
        )
        for job, cron, cadence in own
    ]


def warehouse_sensor(environment: Environment) -> dg.SensorDefinition:
    @dg.sensor(
        name="warehouse_is_due",
        job=WAREHOUSE,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus[_status(environment)],
        description="Starts what of the warehouse job is older than its inputs, once for every change of them.",
    )
    def warehouse_is_due(
        context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
    ) -> dg.RunRequest | dg.SkipReason:
        close_abandoned(context.instance)
        if not publish.is_due(home):
            return dg.SkipReason("the published warehouse was built from what the lake serves now")
        # A refresh may bring further vintages: a build beside it would be older than its inputs when it publishes.
        runs = context.instance.get_runs(RunsFilter(statuses=list(IN_PROGRESS)))
        if storage.is_held(home.build / ".lock") or any(run.job_name != housekeeping.name for run in runs):
            return dg.SkipReason("a refresh or a build is under way")
        return dg.RunRequest(run_key=_build_key(home), asset_selection=outdated_assets(home))

    return warehouse_is_due


def incident_sensor(environment: Environment) -> dg.SensorDefinition:
    @dg.sensor(
        name="incidents",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus[_status(environment)],
        description="Tells the channels of A87_ALERT_URLS when something goes wrong and when it is over.",
    )
    def incidents(context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]) -> dg.SkipReason:
        close_abandoned(context.instance)
        return dg.SkipReason(str(alerts.tell(home, context.instance)))

    return incidents


def _build_key(home: Home) -> str:
    """Dagster starts a run once for a key. This one stands for what there is to do, so a build that fails is not
    started again until its inputs change, or until the next day: a full disk passes. What is published is part of it,
    since a partner may take a revision back and so bring inputs that were built once before."""
    published = editions.published_edition(home)
    edition = published["edition_id"] if published else "nothing"
    return f"{warehouse.inputs_fingerprint(home)} after {edition} on {storage.utcnow():%Y-%m-%d}"


def _status(environment: Environment) -> str:
    return "RUNNING" if environment.unattended else "STOPPED"
