# Every target does all of its own set-up: `make demo` and `make test` work on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OUT ?= demo

.PHONY: install demo test check format build clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(0 if ok else "AMBER-ID needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[all,dev]'
	@touch $@

# On people who never lived, or on your own: make demo VIDEOS=folder
demo: $(STAMP)
	@BIN=$(BIN) OUT="$(OUT)" VIDEOS="$(VIDEOS)" bash scripts/demo.sh

# Two at a time, each with one thread: most tests have no use for a second.
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile

check: $(STAMP)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_house.py

format: $(STAMP)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

build: $(STAMP)
	$(BIN)/python -m hatchling build

clean:
	rm -rf $(VENV) build dist demo
