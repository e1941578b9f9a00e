"""Jobs, the partners' schedules, and the sensor that rebuilds the warehouse when its inputs changed."""

# No `from __future__ import annotations` here: Dagster reads the annotations of decorated functions at run time.
import functools
from typing import Any

import dagster as dg

from ingest.registry import datasets, partners
from ingest.storage import Home
from orchestration import publish, warehouse
from orchestration.environment import Environment

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


def schedules(environment: Environment) -> list[dg.ScheduleDefinition]:
    status = dg.DefaultScheduleStatus.RUNNING if environment.unattended else dg.DefaultScheduleStatus.STOPPED
    return [
        dg.ScheduleDefinition(
            name=f"{job.name}_schedule",
            job=job,
            cron_schedule=partners()[job.name].schedule,
            execution_timezone=TIMEZONE,
            default_status=status,
            description=partners()[job.name].cadence,
        )
        for job in partner_jobs()
    ]


def warehouse_sensor(environment: Environment) -> dg.SensorDefinition:
    status = dg.DefaultSensorStatus.RUNNING if environment.unattended else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name="warehouse_is_due",
        job=WAREHOUSE,
        minimum_interval_seconds=60,
        default_status=status,
        description="Starts the warehouse job once for every change of its inputs.",
    )
    def warehouse_is_due(home: dg.ResourceParam[Home]) -> dg.RunRequest | dg.SkipReason:
        if not publish.is_due(home):
            return dg.SkipReason("the published warehouse was built from what the lake serves now")
        # The run key stands for the inputs, so a build that fails is not started again until they change.
        return dg.RunRequest(run_key=warehouse.inputs_fingerprint(home))

    return warehouse_is_due
