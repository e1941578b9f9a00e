# Everything a fresh machine needs is installed by these targets; they need only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export A87_HOME ?= $(CURDIR)/data
KILLS ?= 100
NIGHTS ?= 200
SEED ?= 8
SOAK ?= $(CURDIR)/data/soak

# No tool of this platform sends usage data.
export DAGSTER_DISABLE_TELEMETRY := yes
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := False
export GX_ANALYTICS_ENABLED := False

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo test lint audit format dev bench soak lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

install: $(VENV)/installed  ## Install what the platform needs into .venv (pinned and hashed)

install-dev: $(VENV)/installed-dev  ## Install also what tests and lint need

demo: install  ## Run the main job on the bundled sample edition (no internet) and show the result
	$(BIN)/a87 demo

test: install-dev  ## Run all tests
	$(BIN)/python -m pytest

# Dagster's commands look for their settings (no telemetry) in DAGSTER_HOME.
$(A87_HOME)/dagster/dagster.yaml: dagster.yaml
	mkdir -p $(@D) && ln -sf $(CURDIR)/dagster.yaml $@

lint: install-dev $(A87_HOME)/dagster/dagster.yaml  ## ruff, mypy, import rules, sqlfluff, Dagster and dbt definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests
	cd dbt_project && ../$(BIN)/dbt parse --quiet --warn-error
	DAGSTER_HOME=$(A87_HOME)/dagster VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/dg check defs
	DAGSTER_HOME=$(A87_HOME)/dagster $(BIN)/dagster definitions validate -w workspace.yaml

audit: install-dev  ## Hashes, origin, licences and known holes of what the locks pin, against dependencies.toml
	$(BIN)/python tools/audit.py

format: install-dev  ## Let ruff and sqlfluff rewrite what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix dbt_project/models dbt_project/tests

dev: install  ## Open the Dagster UI with the daemon on the sample edition: http://127.0.0.1:3000
	A87_EDITION=$${A87_EDITION:-sample} $(BIN)/a87 dev

# Peers get an environment of their own: pandas works differently where pyarrow is installed.
$(BENCH)/installed: requirements-bench.lock pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip --quiet install --require-hashes -r requirements-bench.lock
	$(BENCH)/bin/python -m pip --quiet install --no-deps --no-build-isolation -e .
	@touch $@

bench: $(BENCH)/installed  ## Measure: ratios against peers, the largest files, all marts (25 minutes, 20 GB of disk)
	$(BENCH)/bin/python benchmarks/load.py
	$(BENCH)/bin/python benchmarks/trade_matrix.py
	$(BENCH)/bin/python benchmarks/comext_month.py
	$(BENCH)/bin/python -m benchmarks.marts

soak: install-dev  ## Kill KILLS refreshes, fill disks, rebuild, then NIGHTS nights in compressed time, into SOAK (hours)
	rm -rf $(SOAK) && mkdir -p $(SOAK)
	$(BIN)/python -m tests.faults.kills --kills $(KILLS) --seed $(SEED) > $(SOAK)/kills.log 2>&1 || { cat $(SOAK)/kills.log; exit 1; }
	tail -1 $(SOAK)/kills.log
	$(BIN)/python -m tests.faults.readers --readers 8 --publishes 20
	A87_KILLS=1 $(BIN)/python -m pytest -n 0 tests/faults/test_survival.py tests/faults/test_daemon.py \
	  tests/e2e/test_rebuild.py > $(SOAK)/survival.log 2>&1 || { cat $(SOAK)/survival.log; exit 1; }
	tail -1 $(SOAK)/survival.log
	$(BIN)/python -m tools.soak --nights $(NIGHTS) --seed $(SEED) --home $(SOAK)/data --out $(SOAK)/soak.json

lock: install-dev  ## Resolve pyproject.toml again into the hashed lock files
	$(PIP) install uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra build --generate-hashes \
	  --no-emit-index-url --no-strip-extras --custom-compile-command 'make lock' --quiet -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra build --extra dev --generate-hashes \
	  --no-emit-index-url --no-strip-extras --custom-compile-command 'make lock' --quiet -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra build --extra postgres --generate-hashes \
	  --no-emit-index-url --no-strip-extras --custom-compile-command 'make lock' --quiet -c requirements.lock -o requirements-postgres.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra build --extra bench --generate-hashes \
	  --no-emit-index-url --no-strip-extras --custom-compile-command 'make lock' --quiet -c requirements.lock -o requirements-bench.lock

clean:  ## Remove data, caches and the environment
	rm -rf $(VENV) $(BENCH) data dbt_project/target dbt_project/logs .pytest_cache .ruff_cache .mypy_cache .import_linter_cache
