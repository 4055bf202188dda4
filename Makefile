# The one runner. Each target works from a clean checkout: `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.dev-installed
PACKAGES := policies agi ami_listener tollguard
PYTEST_ARGS ?=

.PHONY: help
help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "tollguard needs Python 3.11 or newer; say which with: make PYTHON=python3.11" >&2; exit 69; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "could not make a venv; on Debian: apt install python3-venv" >&2; exit 69; }
	@echo "installing locked dependencies into $(VENV) (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip --disable-pip-version-check check > /dev/null
	@touch $@

.PHONY: venv
venv: $(STAMP) ## make the virtual environment with locked dependencies

.PHONY: check
check: lint types layers docs wheel units ## all static checks, the wheel and the systemd units

.PHONY: lint
lint: $(STAMP) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(STAMP) ## mypy --strict on code and tests
	$(BIN)/mypy

.PHONY: layers
layers: $(STAMP) ## imports run one way and policies stays pure
	$(BIN)/lint-imports

.PHONY: docs
docs: $(STAMP) ## the generated pages say what the code says
	$(BIN)/python -m tollguard.cli.reference --check

.PHONY: test
test: $(STAMP) ## every test, a real Asterisk included
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not kill" $(PYTEST_ARGS)
	@$(MAKE) --no-print-directory kill

.PHONY: kill
kill: $(STAMP) ## kill -9 the daemon 50 times under load (about 80 s; part of test, alone because it promises times)
	$(BIN)/python -m pytest -n 0 -m kill tests/asterisk/test_kill.py

WHEEL_VENV := build/wheel-venv
# The installed copy must find nothing of the checkout: another folder, no PYTHONPATH, isolated.
INSTALLED := cd / && env -u PYTHONPATH -u TOLLGUARD_CONFIG

.PHONY: wheel
wheel: $(STAMP) ## build sdist and wheel, install it in an empty venv, run it from /
	@rm -rf dist $(WHEEL_VENV)
	$(BIN)/python -m build --no-isolation --outdir dist . > /dev/null
	@$(BIN)/python tests/packaging/contents.py dist/*.whl
	@$(PYTHON) -m venv $(WHEEL_VENV)
	@$(WHEEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/runtime.txt
	@$(WHEEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps dist/*.whl
	@$(WHEEL_VENV)/bin/python -m pip --disable-pip-version-check check > /dev/null
	@$(INSTALLED) "$(CURDIR)/$(WHEEL_VENV)/bin/python" -I - < "$(CURDIR)/tests/packaging/installed.py"
	@$(INSTALLED) "$(CURDIR)/$(WHEEL_VENV)/bin/tollguard" --version
	@$(INSTALLED) "$(CURDIR)/$(WHEEL_VENV)/bin/tollguard" config sample > "$(CURDIR)/build/sample.toml"
	@$(INSTALLED) TOLLGUARD_CONFIG="$(CURDIR)/build/sample.toml" \
	  "$(CURDIR)/$(WHEEL_VENV)/bin/tollguard" explain 01037793123456 --endpoint 6001

# Exposure in tenths: 20 is 2.0 of systemd's 10.
EXPOSURE := 20

.PHONY: units
units: ## the systemd unit is valid and exposes no more than 2.0
	@command -v systemd-analyze > /dev/null \
	  || { echo "systemd-analyze is missing; on Debian: apt install systemd" >&2; exit 69; }
	@mkdir -p build/units
	@sed 's|/opt/tollguard/bin/tollguard|/bin/true|' deploy/tollguard.service > build/units/tollguard.service
	systemd-analyze verify build/units/tollguard.service
	@systemd-analyze security --offline=true --no-pager --threshold=$(EXPOSURE) build/units/tollguard.service | tail -n 1
	@systemd-sysusers --dry-run "$(CURDIR)/deploy/tollguard.sysusers.conf" > /dev/null 2>&1

.PHONY: bench
bench: $(STAMP) ## print the figures that the design promises (a table and JSON; about two minutes)
	$(BIN)/python -m tests.bench

.PHONY: lock
lock: $(STAMP) ## pin every dependency with its hashes again
	$(BIN)/pip-compile $(LOCK_ARGS) -o requirements/runtime.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK_ARGS) --allow-unsafe --extra dev -o requirements/dev.txt pyproject.toml
LOCK_ARGS := --quiet --strip-extras --generate-hashes --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: clean
clean: ## remove what was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage htmlcov

.PHONY: demo
demo: $(STAMP) ## a private Asterisk, real phones, a thief and tollguard; KEEP=1 leaves it running
	@$(BIN)/python -m tests.demo $(if $(KEEP),--keep)
