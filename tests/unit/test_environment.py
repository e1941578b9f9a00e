"""Which environments exist and what may run by itself in each."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from orchestration import environment
from orchestration.environment import ENVIRONMENTS
from orchestration.instance import CONFIG, dagster_home
from orchestration.resources import Partners


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


def test_imports_run_one_way():
    root = Path(__file__).parents[2]
    lint = root / ".venv" / "bin" / "lint-imports"
    if not lint.exists():
        pytest.skip("import-linter is not installed in .venv")
    done = subprocess.run([lint, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
