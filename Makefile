# Waymeet: every target sets up what it needs by itself.
# PORT (page, default 8000) and DEVNET_PORT (first chain, default 8545) choose the ports of `make demo`.

PYTHON ?= $(firstword $(shell command -v python3.11 || command -v python3.12 || command -v python3))
VENV := .venv/bin
FAST := not slow and not chain and not browser and not matrix
export PATH := $(CURDIR)/$(VENV):$(PATH)
# Where it is set, each process of a system would compile all our sources anew at every start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo check lint types style rules fast test bench bench-console compare forty load kills matrix conformance chaos diagnose stories screenshots format clean

help:
	@echo "make demo    start the whole system here, with local chains; Ctrl-C stops it"
	@echo "make check   lint, types, import rules, migrations, templates, fast tests"
	@echo "make test    every test"
	@echo "make bench   delivery and quoting times against their limits"
	@echo "make bench-console  the support console over a million orders"
	@echo "make compare the same transfers by hand and here, side by side"
	@echo "make forty   forty chains in one running system: how fast they join, what it costs"
	@echo "make load    200 transfers at once, on SQLite and on PostgreSQL"
	@echo "make kills   every process killed five times during 200 transfers, and all at once; an upgrade"
	@echo "make matrix  every way in, over every route, to every end"
	@echo "make conformance chain check with coins and with tokens"
	@echo "make chaos   300 transfers while processes die, chains go back and nodes lie"
	@echo "make diagnose 100 real faults; the support console must name the cause of 95"
	@echo "make stories long random stories of every contract; the books must balance"
	@echo "make screenshots every page and state, in both languages and themes"
	@echo "make format  rewrite the sources in the project's format"
	@echo "make setup   only install what \`make demo\` needs"

setup:
	@$(PYTHON) scripts/bootstrap.py demo

setup-dev:
	@$(PYTHON) scripts/bootstrap.py dev

demo: setup
	@exec $(VENV)/python manage.py demo

lint: setup-dev
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target types style rules

types:
	$(VENV)/mypy

style:
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/djlint templates --lint --quiet

rules:
	$(VENV)/lint-imports --no-logo
	$(VENV)/python manage.py makemigrations --check --dry-run

fast: setup-dev
	$(VENV)/python -m pytest -q -n 2 --dist loadfile -m "$(FAST)"

check: lint fast

# What waits for chains runs four files at a time, folder by folder, so that quick pages come last; whole systems
# and browsers run three tests at a time, the storms first.
test: setup-dev
	$(VENV)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --ignore tests/e2e --ignore tests/browser
	$(VENV)/python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder tests/e2e tests/browser

bench: setup-dev
	$(VENV)/python manage.py bench

bench-console: setup-dev
	$(VENV)/python manage.py bench_console

compare: setup-dev
	$(VENV)/python manage.py compare

forty: setup-dev
	$(VENV)/python manage.py forty

load: setup-dev
	$(VENV)/python -m pytest -m matrix tests/e2e/test_load.py

kills: setup-dev
	$(VENV)/python -m pytest -m matrix tests/e2e/test_kills.py tests/e2e/test_everything_killed.py tests/e2e/test_upgrade.py

matrix: setup-dev
	$(VENV)/python -m pytest -m "matrix or not matrix" tests/matrix

conformance: setup-dev
	$(VENV)/python -m pytest -m "matrix or not matrix" tests/client/test_conformance.py

chaos: setup-dev
	$(VENV)/python -m pytest -m matrix tests/e2e/test_chaos.py

diagnose: setup-dev
	$(VENV)/python -m pytest -m matrix tests/diagnose/test_diagnose.py

stories: setup-dev
	$(VENV)/python -m pytest -m matrix tests/contracts/test_state_machine.py

screenshots: setup-dev
	$(VENV)/python -m pytest -q -m matrix tests/looks/test_screenshots.py
	@echo "look at screenshots/pages"

format: setup-dev
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

clean:
	rm -rf .venv node_modules .cache .run static/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
