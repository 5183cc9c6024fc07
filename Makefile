# make run          set up .venv and run ttinspect on a built-in example (ARGS="..." for any command line)
# make test         set up .venv and run the tests that need nothing but Python
# make test-system  the tests that start services, wait for deadlines or drive simulated devices
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
REWRITTEN := $(VENV)/.rewritten
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
# byte code is kept: hundreds of processes would compile everything anew
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(VENV)/bin/python -m pytest
ARGS ?= capacity --from board:n300

.PHONY: run test test-system test-lowest test-newest lock lint format shape man release release-check bench fire mutate clean help audit fuzz
.DEFAULT_GOAL := help

help:
	@echo 'make run          run ttinspect on a built-in example; ARGS="harvest --from FILE" runs anything else'
	@echo 'make test         the tests that need nothing but Python'
	@echo 'make test-system  the tests that start services, wait for deadlines or drive simulated devices'
	@echo 'make test-lowest  the tests that need nothing but Python, with the lowest versions that pyproject.toml'
	@echo '                  admits, on every Python from 3.10 to 3.14 that is there (PYTHONS="3.10" for one)'
	@echo 'make test-newest  the same with the newest versions'
	@echo 'make lock         write requirements.lock anew: what the tests are run with'
	@echo 'make lint         ruff and mypy'
	@echo 'make man          write docs/man anew, from the texts of --help'
	@echo 'make shape        modules and lines of every room, longest functions, with their limits'
	@echo 'make audit        known advisories on what requirements.lock holds; reports, and never fails'
	@echo 'make release-check  can this be released? version, CHANGELOG, wheel and sdist, metadata, docs'
	@echo 'make release      date the changes in CHANGELOG.md as the version of ttinspect/__init__.py'
	@echo 'make bench        measure speed, as ratios in one run'
	@echo 'make fire         1,000 runs of verify-shm on regions that are written at full speed (RUNS=... for others)'
	@echo 'make fuzz         every reader with broken input, guided by atheris (MINUTES=10 TARGETS="cluster snapshot")'
	@echo 'make mutate       plant small faults in the pure rooms; the tests have to find them (ROOMS=shm SAMPLE=100)'
	@echo 'make clean        remove what the others made'

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

# pytest rewrites the assertions of every test when it is first imported: once here, not once in each worker
$(REWRITTEN): $(STAMP)
	@$(PYTEST) -n0 --collect-only -qq >$@ || { cat $@; rm $@; exit 1; }

run: $(STAMP)
	@$(VENV)/bin/ttinspect $(ARGS)

test: $(REWRITTEN)
	@$(PYTEST) -m 'not system'

test-system: $(REWRITTEN)
	@$(PYTEST) -m system

test-lowest test-newest: $(STAMP)
	@UV=$(VENV)/bin/uv .ci/ends $(@:test-%=%) $(PYTHONS)

lock: $(STAMP)
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.10 --all-extras --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	  --output-file requirements.lock pyproject.toml

lint: $(STAMP)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

format: $(STAMP)
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

shape: $(STAMP)
	@$(VENV)/bin/python -m tests.shape

man: $(STAMP)
	@$(VENV)/bin/python -m tests.man_pages

audit: $(STAMP)
	@UV=$(VENV)/bin/uv $(VENV)/bin/python .ci/audit

# twine looks at what was built, and nothing else needs it: it is in no lock
release-check: $(STAMP)
	@$(PIP) install twine==6.2.0
	@$(VENV)/bin/python -m tests.release

release: $(STAMP)
	@$(VENV)/bin/python -m tests.release --date

bench: $(STAMP)
	@$(VENV)/bin/python tests/bench.py

fire: $(STAMP)
	@$(VENV)/bin/python -m tests.bench_fire $(RUNS)

# atheris has no wheel for every Python, and no test needs it: it is in no lock
fuzz: $(STAMP)
	@$(PIP) install atheris==3.0.0
	@$(VENV)/bin/python -m tests.fuzz $(or $(MINUTES),10) $(TARGETS)

# cosmic-ray measures the tests, and none needs it: it is in no lock
mutate: $(STAMP)
	@$(PIP) install cosmic-ray==8.7.0
	@$(VENV)/bin/python tests/mutate.py $(if $(ROOMS),--rooms $(ROOMS)) $(if $(SAMPLE),--sample $(SAMPLE))

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
