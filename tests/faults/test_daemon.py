"""A run that a daemon launched goes on without its daemon, and starts anew when its own processes are killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from ingest import lake
from ingest.sandbox import Fault
from orchestration.instance import REPOSITORY, open_instance
from orchestration.services import CODE_AT
from tests.e2e.conftest import Demo
from tests.faults.kills import Killer, faults, killer, leftovers, look
from tests.faults.services import Services, deployment, until

DAGSTER = str(Path(sys.executable).with_name("dagster"))
DATASET, ZIP = "fao_oea", "Employment_Indicators_Agriculture"
JOB = "fao"
DUE = ["the warehouse is still due"]  # in dev, where no sensor runs


@dataclass
class Team:
    """Code server and daemon on a data root, and partners that revise."""

    platform: Killer
    services: Services
    instance: dg.DagsterInstance

    def launch(self, stall: int) -> str:
        """The run of all of FAO's datasets that the daemon has to start; it is in the midst of a body that stalls."""
        partners = self.platform.partners
        partners.revise(DATASET)
        partners.sandbox.faults = [Fault.parse(f"{DATASET}=stall:{stall}")]
        partners.sandbox.reset_requests()
        subprocess.run(
            [DAGSTER, "job", "launch", "-w", str(REPOSITORY / "deploy" / "workspace.yaml"), "-j", JOB],
            env={**os.environ, **CODE_AT, **self.services.environment, "A87_CODE_PORT": str(self.services.port)},
            check=True, capture_output=True,
        )  # fmt: skip
        until(lambda: any(ZIP in asked for asked in partners.sandbox.requests), "the data are asked for")
        (run,) = self.instance.get_runs(dg.RunsFilter(job_name=JOB))
        assert run.status == DagsterRunStatus.STARTED
        return run.run_id

    def states(self) -> dict[str, DagsterRunStatus]:
        return {run.run_id: run.status for run in self.instance.get_runs(dg.RunsFilter(job_name=JOB))}


@pytest.fixture
def deployed(demo: Demo, tmp_path: Path) -> Callable[[str], AbstractContextManager[Team]]:
    """Code server and daemon of an environment (A87_ENV), on a copy of the demo's data root."""

    @contextmanager
    def deployed(environment: str) -> Iterator[Team]:
        with killer(demo.home, tmp_path, seed=1, whole_every=1) as platform, open_instance(platform.home) as instance:
            told = {"DAGSTER_HOME": str(platform.home.dagster), "A87_ENV": environment, "A87_EDITION": "sample"}
            with deployment(tmp_path, platform.environment() | told) as services:
                services.start("code")
                services.start("daemon")
                yield Team(platform, services, instance)

    return deployed


def test_a_run_goes_on_while_its_daemon_is_killed_and_started_again(deployed) -> None:
    with deployed("dev") as team:
        before = look(team.platform.home)
        run_id = team.launch(stall=8)
        team.services.kill("daemon")
        team.platform.partners.sandbox.faults = []  # the body that stalls is asked for once more
        team.services.start("daemon")
        until(lambda: team.states()[run_id] != DagsterRunStatus.STARTED, "the run ends")
        assert team.states() == {run_id: DagsterRunStatus.SUCCESS}  # nobody started it again
        accepted = [a["accepted_at"] for a in lake.acceptances(team.platform.home, DATASET)]
        assert len(accepted) == len(before.acceptances[DATASET]) + 1
        assert not list(faults(team.platform.home, before))
        until(lambda: list(leftovers(team.platform.home)) == DUE, "its process is gone and leaves nothing")


@pytest.mark.skipif("A87_KILLS" not in os.environ, reason="takes minutes of waiting for ticks: `make soak` does it")
def test_a_run_whose_processes_are_killed_is_done_again_and_published_without_human_hands(deployed) -> None:
    with deployed("prod") as team:
        before = look(team.platform.home)
        run_id = team.launch(stall=600)
        team.services.kill("code", family=True)
        team.services.kill("daemon")
        team.platform.partners.sandbox.faults = []
        assert not list(faults(team.platform.home, before))
        team.services.start("code")
        team.services.start("daemon")
        done, failed = DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE
        until(lambda: sorted(team.states().values(), key=str) == sorted([done, failed], key=str), "it is started again")
        assert team.states()[run_id] == failed
        until(lambda: look(team.platform.home).edition_id > before.edition_id, "the sensor builds and publishes")
        until(lambda: not list(leftovers(team.platform.home)), "nothing is left")
        assert not list(faults(team.platform.home, before))
