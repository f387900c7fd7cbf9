# The executable documentation of the work: `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --constraint constraints.txt
# Sources whose change asks for a new install.
INSTALL_INPUTS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install install-test demo test lint format types contracts unit clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(VENV)/installed ## Install the base into .venv (no torch)

install-test: $(VENV)/installed-test ## Install what the tests need (torch included)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "moodwatch needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(INSTALL_INPUTS) | $(BIN)/python
	$(PIP) --editable .
	@touch $@

# torch first and alone: asked for by another package it would bring gigabytes of CUDA along.
$(VENV)/installed-test: $(VENV)/installed
	$(PIP) torch
	$(PIP) --editable '.[train,dev]'
	@touch $@

demo: install ## Score the sample, print its trends and shifts, write a report
	@rm -rf demo && mkdir demo
	@$(BIN)/moodwatch run examples/posts.csv --db demo/moodwatch.db --report demo/report

test: install-test lint types contracts unit ## Everything: lint, types, import contracts, tests

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: ## Mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports

unit: ## Tests alone
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile

clean: ## Remove what was built, the environment included
	rm -rf $(VENV) demo build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
