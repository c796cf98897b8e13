PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test sweep check install clean

help:
	@echo "make demo     install tsforecast into $(VENV), then fit and forecast a small data set"
	@echo "make test     run the tests, but for the sweeps"
	@echo "make sweep    run the sweeps: kills, full disks, environments, cron, ...; some minutes"
	@echo "make check    lint, format, types, layers"
	@echo "make install  install tsforecast and the tools of development into $(VENV)"
	@echo "make clean    remove $(VENV), builds and caches"

demo: $(VENV)/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/demo.sh

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not sweep"

# "worksteal" keeps the tests of a file together, which share what they have trained.
# Those that need a tool or a right that is not there are skipped, and the reasons are listed.
sweep: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "sweep or examples" -rs --durations=15

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(VENV)/installed-dev

clean:
	rm -rf $(VENV) $(VENV)-3.* build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say what is installed, so that the second `make` starts at once.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) install -e .
	@touch $@

$(VENV)/installed-dev: pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) install -e '.[dev]'
	@touch $(VENV)/installed $@
