"""What surrounds a run: environments, the door to the partners, the Dagster instance, the terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dagster import DagsterRun, DagsterRunStatus
from rich.console import Console

from ingest.refresh import Outcome
from ingest.registry import datasets
from orchestration import environment
from orchestration.environment import ENVIRONMENTS
from orchestration.instance import COMMAND_LINE, CONFIG, LOCK, command_line, dagster_home, open_instance
from orchestration.resources import Partners
from orchestration.terminal import TerminalReporter, size


def test_dev_is_the_default_and_runs_nothing_by_itself(monkeypatch):
    monkeypatch.delenv("A87_ENV", raising=False)
    assert environment.current() == ENVIRONMENTS["dev"]
    assert not environment.current().unattended


def test_prod_runs_unattended(monkeypatch):
    monkeypatch.setenv("A87_ENV", "prod")
    assert environment.current().unattended


@pytest.mark.parametrize("name", ["qa", "PROD", "", "production"])
def test_an_environment_that_is_not_declared_raises_and_names_those_that_are(monkeypatch, name):
    monkeypatch.setenv("A87_ENV", name)
    with pytest.raises(ValueError, match=r"is not declared; choose one of \['dev', 'prod'\]") as caught:
        environment.current()
    assert repr(name) in str(caught.value)


# --- where the partners are ------------------------------------------------------------------------------------------


@pytest.fixture
def no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("A87_")]:
        monkeypatch.delenv(name)
    return monkeypatch


def test_the_live_partners_are_the_default(no_settings):
    door = Partners.from_env()
    assert (door.edition, door.faults) == ("live", [])
    with door.endpoints() as endpoints:
        assert endpoints.sandbox_url is None


def test_settings_come_from_the_environment(no_settings):
    no_settings.setenv("A87_EDITION", "sample")
    no_settings.setenv("A87_FAULTS", "ilo=status:503,fao=cut")
    door = Partners.from_env()
    assert (door.edition, door.faults) == ("sample", ["ilo=status:503", "fao=cut"])


def test_the_sample_edition_is_served_on_loopback():
    with Partners(edition="sample").endpoints() as endpoints:
        assert endpoints.sandbox_url.startswith("http://127.0.0.1:")


def test_an_edition_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="edition 'real' is unknown"), Partners(edition="real").endpoints():
        pass


# --- the Dagster instance --------------------------------------------------------------------------------------------


def test_the_instance_lies_in_the_data_root_with_the_repositorys_settings(home, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "elsewhere")
    assert dagster_home(home) == home.root / "dagster"
    assert (home.dagster / "dagster.yaml").resolve() == CONFIG.resolve()
    assert os.environ["DAGSTER_HOME"] == str(home.dagster)


def test_a_link_to_another_place_is_mended(home, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "elsewhere")
    home.dagster.mkdir(parents=True)
    (home.dagster / "dagster.yaml").symlink_to("/nowhere/dagster.yaml")
    dagster_home(home)
    assert (home.dagster / "dagster.yaml").resolve() == CONFIG.resolve()


def test_the_instance_frees_slots_limits_writers_and_sends_nothing_home():
    settings = yaml.safe_load(CONFIG.read_text())
    assert settings["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}
    assert settings["run_monitoring"]["free_slots_after_run_end_seconds"] > 0
    assert settings["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert settings["telemetry"]["enabled"] is False


@pytest.fixture
def started(home, monkeypatch):
    """Leave a run open that holds the one slot of a pool of its own."""
    monkeypatch.setenv("DAGSTER_HOME", "elsewhere")
    instance = open_instance(home)

    def started(name: str, tags: dict[str, str], status: DagsterRunStatus = DagsterRunStatus.STARTED) -> None:
        instance.add_run(DagsterRun(job_name="fao", run_id=name, status=status, tags=tags))
        instance.event_log_storage.set_concurrency_slots(name, 1)
        assert instance.event_log_storage.claim_concurrency_slot(name, name, "step").is_claimed

    return started


def after_opening(home, name: str) -> tuple[str, int]:
    """The run's status and the slots it holds once the next command line has opened the instance."""
    instance = open_instance(home)
    info = instance.event_log_storage.get_concurrency_info(name)
    return instance.get_run_by_id(name).status.value, len(info.claimed_slots)


HOLDER = """
import sys, time
from pathlib import Path
from ingest import storage
with storage.exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def command_line_at_work(home):
    """Another process that holds what a command line holds while it executes runs."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(home.dagster / LOCK)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTED"])
def test_a_run_of_a_killed_command_line_is_closed_and_its_slot_freed(home, started, command_line_at_work, status):
    started("abandoned", COMMAND_LINE, DagsterRunStatus(status))
    command_line_at_work.kill()
    command_line_at_work.wait()
    assert after_opening(home, "abandoned") == ("FAILURE", 0)


def test_a_run_of_a_command_line_at_work_is_left_alone(home, started, command_line_at_work):
    started("running", COMMAND_LINE)
    assert after_opening(home, "running") == ("STARTED", 1)


def test_a_run_of_the_daemon_is_left_to_the_daemon(home, started):
    started("daemons", {})
    assert after_opening(home, "daemons") == ("STARTED", 1)


WORKER = """
import sys, time
from dagster import DagsterInstance
from orchestration.instance import at_work
instance = DagsterInstance.get()
at_work(instance, instance.get_run_by_id(sys.argv[1]))
print("at work", flush=True)
time.sleep(60)
"""


@pytest.fixture
def worker(home):
    """Another process that executes a run which the daemon launched."""
    processes = []

    def worker(name: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", WORKER, name], stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout.readline() == b"at work\n"
        return process

    yield worker
    for process in processes:
        process.kill()
        process.wait()


def test_a_daemons_run_is_closed_when_its_process_was_killed_and_not_before(home, started, worker):
    started("daemons", {})
    process = worker("daemons")
    assert after_opening(home, "daemons") == ("STARTED", 1)
    process.kill()
    process.wait()
    assert after_opening(home, "daemons") == ("FAILURE", 0)
    assert list(home.dagster.glob("workers/*")) == []


def test_a_command_line_that_takes_over_closes_what_the_one_before_left(home, started):
    started("abandoned", COMMAND_LINE)
    with command_line(home) as instance:
        assert instance.get_run_by_id("abandoned").status is DagsterRunStatus.FAILURE


# --- the terminal ----------------------------------------------------------------------------------------------------


@pytest.fixture
def written():
    """A reporter that writes to something that is not a terminal, and what it wrote."""
    stream = io.StringIO()
    return TerminalReporter(Console(file=stream, width=200)), stream


def check(passed: bool) -> dict[str, bool]:
    return {"passed": passed}


def test_without_a_terminal_every_outcome_is_one_plain_line(written):
    reporter, stream = written
    dataset = datasets()["fao_qcl"]
    with reporter.showing(1):
        reporter.started(dataset)(1500)
        reporter.finished(Outcome("fao_qcl", "accepted", "12 rows", "s", 12, 1500, [check(True), check(False)]))
        reporter.building()
    assert [" ".join(line.split()) for line in stream.getvalue().splitlines()] == [
        "accepted fao_qcl 1.5 kB 12 rows 1/2 checks",
        "building the warehouse",
    ]
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("status", ["failed", "quarantined", "unchanged"])
def test_an_outcome_that_is_no_new_vintage_is_told_with_its_reason(written, status):
    reporter, stream = written
    reporter.finished(Outcome("fao_qcl", status, "the reason"))
    assert [outcome.status for outcome in reporter.outcomes] == [status]
    assert stream.getvalue().startswith(f"{status:<11} fao_qcl")
    assert stream.getvalue().endswith("the reason\n")


def test_on_a_terminal_the_outcome_stays_and_the_bars_go():
    stream = io.StringIO()
    reporter = TerminalReporter(Console(file=stream, width=200, force_terminal=True))
    with reporter.showing(1):
        reporter.started(datasets()["fao_qcl"])(1500)
        reporter.finished(Outcome("fao_qcl", "accepted", "12 rows", "s", 12, 1500))
    last = stream.getvalue().rsplit("accepted", 1)[1]
    assert "fao_qcl" in last
    assert "\x1b[" in stream.getvalue()


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_500_000, "1.5 MB"), (2.5e9, "2.5 GB"), (4e12, "4000.0 GB")],
)
def test_sizes_are_in_decimal_units(count, text):
    assert size(count) == text


# --- the layers ------------------------------------------------------------------------------------------------------


def test_imports_run_one_way():
    root = Path(__file__).parents[2]
    lint = root / ".venv" / "bin" / "lint-imports"
    if not lint.exists():
        pytest.skip("import-linter is not installed in .venv")
    done = subprocess.run([lint, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
