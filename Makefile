# Everything is made inside this checkout, in .venv; the second time is quick.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NEWEST := .venv-newest
# What most depends on other packages: their interfaces, and that perfgate is found where it was installed.
QUICK_TESTS ?= tests/e2e/test_commands.py tests/e2e/test_run.py tests/demo tests/plan tests/client tests/suite tests/baseline

.PHONY: demo test test-long lint types smoke newest benchmarks lock clean

demo: $(READY)  ## set up, and run the main job on the embedded demo services
	$(BIN)/perfgate run

test: $(READY)  ## set up, and pass the tests
	$(BIN)/python -m pytest -n 4 --dist loadgroup -m "not long"

test-long: $(READY)  ## the tests that take tens of seconds each: whole comparisons, and pytest within pytest
	$(BIN)/python -m pytest -n 4 --dist loadgroup -m long

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)
	$(BIN)/mypy

smoke: $(READY)  ## a short end-to-end run of the main job, and its reports again from the recording
	rm -rf .perfgate/smoke
	$(BIN)/perfgate run --budgets tests/smoke/budgets.toml --out .perfgate/smoke --junit .perfgate/smoke-junit.xml
	$(BIN)/perfgate report .perfgate/smoke --prometheus .perfgate/smoke.prom

newest:  ## installed as a user does it (`pip install .`, the newest versions allowed): the short run, and the quick tests
	@test -n "$(PYTHON)" || { echo "perfgate needs Python 3.11 or newer; set PYTHON=/path/to/it" >&2; exit 1; }
	rm -rf $(NEWEST) .perfgate/smoke
	$(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade '.[dev]'
	$(NEWEST)/bin/python -m pip check
	$(NEWEST)/bin/perfgate run --budgets tests/smoke/budgets.toml --out .perfgate/smoke
	$(NEWEST)/bin/python -m pytest -n 4 --dist loadgroup -m "not long" $(QUICK_TESTS)

benchmarks: $(READY)  ## the figures that the README and docs state; takes several minutes
	status=0; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || status=1; done; exit $$status

lock:  ## renew requirements.txt from pyproject.toml
	uv pip compile --universal --python-version 3.11 --all-extras --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" --quiet --output-file requirements.txt pyproject.toml

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "perfgate needs Python 3.11 or newer; set PYTHON=/path/to/it" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	touch $(READY)

clean:
	rm -rf $(VENV) $(NEWEST) .perfgate
