# make run   set up .venv and run ttinspect on a built-in example (ARGS="..." for any command line)
# make test  set up .venv and run all tests
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
ARGS ?= capacity --from board:n300

.PHONY: run test lint format bench fire clean help
.DEFAULT_GOAL := help

help:
	@echo 'make run    run ttinspect on a built-in example; ARGS="harvest --from FILE" runs anything else'
	@echo 'make test   run all tests'
	@echo 'make lint   ruff and mypy'
	@echo 'make bench  measure speed, as ratios in one run'
	@echo 'make fire   1,000 runs of verify-shm on regions that are written at full speed (RUNS=... for others)'
	@echo 'make clean  remove what the others made'

$(STAMP): pyproject.toml
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip --disable-pip-version-check --quiet install --editable '.[dev]'
	@touch $(STAMP)

run: $(STAMP)
	@$(VENV)/bin/ttinspect $(ARGS)

# byte code is kept: hundreds of processes would compile everything anew
test: $(STAMP)
	@env -u PYTHONDONTWRITEBYTECODE $(VENV)/bin/python -m pytest

lint: $(STAMP)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

format: $(STAMP)
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

bench: $(STAMP)
	@$(VENV)/bin/python tests/bench.py

fire: $(STAMP)
	@$(VENV)/bin/python -m tests.bench_fire $(RUNS)

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
