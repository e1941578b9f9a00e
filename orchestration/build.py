"""Assembles the Dagster definitions: assets, jobs, schedules, sensors, resources."""

from __future__ import annotations

import dagster as dg
from dagster_dbt import DbtCliResource

from ingest.http import Endpoints
from orchestration import environment, schedules
from orchestration.lake_assets import all_dataset_assets
from orchestration.resources import HomeResource, Partners, Reporter, SilentReporter, endpoints_of_run
from orchestration.warehouse_assets import DBT, PROJECT, dbt_definitions, publish_asset


def build_definitions(
    door: Partners | None = None, reporter: Reporter | None = None, endpoints: Endpoints | None = None
) -> dg.Definitions:
    """Everything, with the partners' door, the reporter and what was asked already of the caller's choice."""
    here = environment.current()
    return dg.Definitions(
        assets=[*all_dataset_assets(), dbt_definitions(), publish_asset()],
        jobs=[
            *schedules.partner_jobs(),
            schedules.REFRESH,
            schedules.WAREHOUSE,
            schedules.EVERYTHING,
            schedules.housekeeping,
        ],
        schedules=schedules.schedules(here),
        sensors=[schedules.warehouse_sensor(here), schedules.incident_sensor(here)],
        resources={
            "home": HomeResource(),
            "door": door or Partners.from_env(),
            "endpoints": endpoints or endpoints_of_run,
            "reporter": reporter or SilentReporter(),
            "dbt": DbtCliResource(project_dir=PROJECT, dbt_executable=DBT),
        },
        executor=dg.in_process_executor,  # a process a step would cost seconds each; steps are few and coarse
    )
