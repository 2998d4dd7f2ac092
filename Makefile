# `make verify` and `make test` do everything on a machine that has Python 3.11 or newer, git and make.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := devnet_runner infra_adapters tests benchmarks

.PHONY: help verify test check format lint types bench lock clean

help:
	@echo "make verify   run the main job: devnet-run phase-3 --step 1 on an embedded PostgreSQL"
	@echo "make test     run every test"
	@echo "make check    format, lint, types, tests"
	@echo "make bench    measure the goals of benchmarks/"

verify: $(READY)
	$(BIN)/devnet-run phase-3 --step 1

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadgroup

check: format lint types test

format: $(READY)
	$(BIN)/ruff format $(SOURCES)

lint: $(READY)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

types: $(READY)
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m benchmarks

lock: $(READY)
	@command -v uv >/dev/null || { echo "make lock needs uv on PATH: pipx install uv"; exit 3; }
	uv pip compile -q pyproject.toml --extra dev --universal --generate-hashes --python-version 3.11 --no-annotate \
		--custom-compile-command "make lock" -o requirements.lock

$(READY): requirements.lock pyproject.toml
	@set -e; found=; \
	for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "no Python 3.11 or newer on PATH; name one: make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; exit 3; fi; \
	if [ ! -x $(BIN)/python ]; then $$found -m venv $(VENV) \
		|| { echo "Python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv"; exit 3; }; fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
