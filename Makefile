# Everything a developer or a first visitor needs; `make` alone lists it. Needs python3 (3.11 or newer), make and pip.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
WORKERS ?= 2
ARGS    ?=

# One thread a process: two that fight for the cores are slower than one.
test proof bench: export OMP_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test proof lint format types docs pictures bench bare clean

help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## set up, then go the whole way on a real grocer's data, to the path of report.html
	@$(BIN)/shijin demo $(ARGS)

test: $(VENV)/.dev  ## set up, then run every test, doctest and code block of the docs
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

proof: $(VENV)/.dev  ## the long proofs: many kills, many seeds
	@$(BIN)/pytest -m proof $(ARGS)

lint: $(VENV)/.dev  ## style, format and the floors of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

format: $(VENV)/.dev  ## put the format right
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.dev  ## strict types
	@$(BIN)/mypy

docs: $(VENV)/.dev  ## write docs/reference and the READMEs' results again
	@$(BIN)/python docs/generate.py

pictures: $(VENV)/.dev  ## take the READMEs' pictures again (needs chromium and a Chinese font)
	@docs/pictures.sh $(BIN)/shijin

bench: $(VENV)/.dev  ## measure on real shops; ARGS="--data DIR" adds Online Retail
	@$(BIN)/python benchmarks/value.py $(ARGS)

bare: $(VENV)/.dev  ## does the wheel alone, in an empty environment, go from a CSV to the report?
	@rm -rf build/bare && mkdir -p build/bare
	@$(BIN)/python -m build --wheel --outdir build/bare . > build/bare/build.log || { cat build/bare/build.log; exit 1; }
	@$(PYTHON) -m venv build/bare/env
	@build/bare/env/bin/pip install --quiet build/bare/*.whl
	@build/bare/env/bin/shijin --help > /dev/null
	@build/bare/env/bin/python examples/write_orders.py build/bare/orders.csv
	@cd build/bare && env/bin/shijin run orders.csv

clean:  ## remove what make made, but for the environment
	@rm -rf build dist demo simulated-shop .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Shijin needs Python 3.11 or newer; say make PYTHON=python3.12, for example" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# A stamp for each set of extras: pip runs again only when pyproject.toml has changed.
$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV) for the demo ..."
	@$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV) for development ..."
	@$(BIN)/python -m pip install --quiet --editable '.[dev,demo,bench,train]'
	@touch $@ $(VENV)/.demo
