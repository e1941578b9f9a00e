"""What deploy/ starts, as far as it can be held to account without starting it, and the settings of both instances."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster import DagsterRun, DagsterRunStatus
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import filter_runs_to_should_retry

from orchestration import services
from orchestration.build import build_definitions
from orchestration.instance import CONFIG, REPOSITORY, TEAM_CONFIG, open_instance

DEPLOY = REPOSITORY / "deploy"
UNITS = DEPLOY / "systemd"
NAME = re.compile(r"A87_[A-Z]+(?:_[A-Z]+)*")
NO_VARIABLES = {"A87_SYNTHETIC", "A87_EXTRA"}  # columns of the sandbox


# --- the two instances -----------------------------------------------------------------------------------------------


def test_a_teams_instance_differs_from_one_machines_in_its_storage_only():
    one, team = (yaml.safe_load(file.read_text()) for file in (CONFIG, TEAM_CONFIG))
    assert team.pop("storage") == {"postgres": {"postgres_url": {"env": "A87_POSTGRES_URL"}}}
    assert team == one


@pytest.fixture
def instance(home, monkeypatch):
    """An instance under the repository's dagster.yaml."""
    monkeypatch.setenv("DAGSTER_HOME", "elsewhere")
    monkeypatch.delenv("A87_POSTGRES_URL", raising=False)
    with open_instance(home) as instance:
        yield instance


@dg.op
def fails():
    raise ValueError("as it would every time")


@dg.job
def failing():
    fails()


def test_a_failed_step_is_not_started_again(instance):
    run_id = failing.execute_in_process(instance=instance, raise_on_error=False).run_id
    run = instance.get_run_by_id(run_id)
    assert run.status == DagsterRunStatus.FAILURE
    assert list(filter_runs_to_should_retry([run], instance)) == []


def test_a_crashed_run_is_started_again_twice_at_most(instance):
    tags: dict[str, str] = {}
    again = []
    for number in range(4):
        run = DagsterRun(job_name="fao", run_id=f"r{number}", status=DagsterRunStatus.STARTED, tags=tags)
        if number:
            run = run._replace(root_run_id="r0", parent_run_id=f"r{number - 1}")
        instance.add_run(run)
        instance.report_run_failed(run, "the process that executed it is gone")
        again.append(len(list(filter_runs_to_should_retry([instance.get_run_by_id(f"r{number}")], instance))))
        tags = {"dagster/root_run_id": "r0", "dagster/parent_run_id": f"r{number}"}
    assert again == [1, 1, 0, 0]


def test_no_step_has_retries_that_would_multiply_those_of_the_network():
    repository = build_definitions().get_repository_def()
    for job in repository.get_all_jobs():
        for node in job.all_node_defs:
            assert getattr(node, "retry_policy", None) is None, node.name


# --- processes -------------------------------------------------------------------------------------------------------


def test_every_process_is_one_command_that_listens_on_this_machine_only():
    for role in services.ROLES:
        line = services.command(role, "127.0.0.1")
        assert Path(line[0]).exists(), role
        assert ("-h" in line) == (role != "daemon")
    assert "--read-only" in services.command("ui", "127.0.0.1")
    assert "--read-only" not in services.command("admin", "127.0.0.1")
    with pytest.raises(ValueError, match="no service 'web'; choose one of code, ui, admin, daemon"):
        services.command("web", "127.0.0.1")


def unit(name: str) -> dict[str, list[str]]:
    """Directive -> values of a unit file; comments and sections left out."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_a_unit_always_starts_again_within_limits_and_can_write_only_the_data():
    service = unit("alliance87@.service")
    wanted = {
        "Restart": "always", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateTmp": "yes",
        "ProtectHome": "yes", "ReadWritePaths": "/srv/alliance87", "User": "alliance87",
        "StartLimitIntervalSec": "0", "ExecStart": "/opt/alliance87/.venv/bin/a87 serve %i",
    }  # fmt: skip
    assert {name: service[name] for name in wanted} == {name: [value] for name, value in wanted.items()}
    assert int(service["RestartSec"][0]) >= 10
    limits = {name: unit(f"alliance87@{name}.service.d/limits.conf")["MemoryMax"] for name in ("code", "daemon")}
    assert limits == {"code": ["8G"], "daemon": ["1500M"]}
    assert service["MemoryMax"] == ["2G"]


@pytest.mark.parametrize(
    "name", [*(f"alliance87@{role}.service" for role in services.ROLES), "alliance87-health.timer"]
)
def test_systemd_accepts_the_units(tmp_path, name):
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for file in folder.glob("*.service"):  # the program is not in /opt here
        file.write_text(file.read_text().replace("/opt/alliance87/.venv/bin/a87", sys.executable))
    environment = {"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [tool, "verify", "--man=no", folder / name],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "alliance87" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


# --- compose ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_every_service_starts_again_says_how_it_is_and_has_limits(compose):
    for name, service in compose["services"].items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"], name
        assert service["mem_limit"], name
        tag = service["image"].partition(":")[2]
        assert re.fullmatch(r"\d+\.\d+(\.\d+)?(-\w+)?", tag), f"{name}: {service['image']} is not pinned"


def test_each_process_of_the_platform_is_a_service_without_rights_on_its_own_files(compose):
    ours = {name: service for name, service in compose["services"].items() if name != "postgres"}
    assert set(ours) == set(services.ROLES)
    for name, service in ours.items():
        assert service["command"][:2] == ["serve", name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {volume.split(":")[0] for volume in service["volumes"]} <= {*compose["volumes"], "/tmp"}
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_no_secret_is_in_the_files_that_are_committed(compose):
    for service in compose["services"].values():
        assert not re.search(r"password|_URL", str(service.get("environment", "")), re.I)
        assert (DEPLOY / f"{service['env_file']}.example").exists()
    for file in DEPLOY.glob("*.example"):
        assert all(
            "CHANGE_ME" in line
            for line in file.read_text().splitlines()
            if re.match(r"\w*(PASSWORD|POSTGRES_URL)=", line)
        )
    ignored = (REPOSITORY / ".gitignore").read_text().splitlines()
    assert "deploy/*.env" in ignored


def test_the_image_is_pinned_hashed_unprivileged_and_ready_without_a_network():
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^FROM python:3\.11\.\d+-slim-bookworm$", text, re.M)
    assert "--require-hashes -r requirements-postgres.lock" in text
    assert text.index("ensure_manifest()") < text.index("\nUSER alliance87")
    copied = re.findall(r"^COPY (.+) \S+$", text, re.M)
    wanted = {name for line in copied for name in line.split()}
    assert all((REPOSITORY / name).exists() for name in wanted)
    sent = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert sent == wanted


# --- proxy -----------------------------------------------------------------------------------------------------------


def test_nginx_accepts_the_proxys_configuration(tmp_path):
    nginx, openssl = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("nginx or openssl is not installed")
    check_nginx(nginx, openssl, tmp_path)


def check_nginx(nginx: str, openssl: str, folder: Path) -> None:
    certificate = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x"]
    files = ["-keyout", "alliance87.key", "-out", "alliance87.crt"]
    subprocess.run([*certificate, *files], cwd=folder, check=True, capture_output=True)
    text = (DEPLOY / "nginx.conf").read_text().replace("/etc/nginx/tls", str(folder))
    (folder / "alliance87.conf").write_text(text)
    whole = (
        f"pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; include {folder}/alliance87.conf; }}"
    )
    (folder / "nginx.conf").write_text(whole)
    done = subprocess.run([nginx, "-t", "-c", folder / "nginx.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_full_ui_is_behind_a_login_and_everybody_elses_is_read_only():
    everybody, admin = (part for part in (DEPLOY / "nginx.conf").read_text().split("\nserver {")[2:])
    assert ("127.0.0.1:3000" in everybody, "127.0.0.1:3001" in everybody) == (True, False)
    assert ("127.0.0.1:3001" in admin, "auth_basic_user_file" in admin) == (True, True)
    assert services.UI_PORTS == {"ui": 3000, "admin": 3001}


# --- environment variables -------------------------------------------------------------------------------------------


def named(*roots: str) -> set[str]:
    """Variables that the files of these folders name; what dbt and Python generate is left aside."""
    paths = [path for root in roots for path in (REPOSITORY / root, *(REPOSITORY / root).rglob("*"))]
    files = [path for path in paths if path.is_file() and not {"target", "logs", "__pycache__"} & {*path.parts}]
    texts = (path.read_text(errors="ignore") for path in files if path.suffix != ".csv")
    return {name for text in texts for name in NAME.findall(text)} - NO_VARIABLES


def test_every_variable_stands_in_the_one_table_and_the_table_knows_no_other():
    rows = [line for line in (REPOSITORY / "docs" / "deploy.md").read_text().splitlines() if line.startswith("| `A87_")]
    table = [NAME.findall(row)[0] for row in rows]
    assert len(table) == len(set(table))
    used = named("ingest", "expectations", "orchestration", "dbt_project", "deploy", "tools", "Makefile")
    assert used - set(table) == set()
    assert set(table) - used - named("tests") == set()
