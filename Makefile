# Every target does all of its own set-up: `make demo` and `make test` work on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FACEMESH := .venv-facemesh
FACEMESH_STAMP := $(FACEMESH)/.installed
OUT ?= demo

.PHONY: install facemesh demo test test-facemesh check format build clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(0 if ok else "AMBER-ID needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[all,dev]'
	@touch $@

# The tracker of the thesis, which needs an older NumPy: .venv-facemesh/bin/amber track ... --tracker facemesh
facemesh: $(FACEMESH_STAMP)

$(FACEMESH_STAMP): pyproject.toml constraints-facemesh.txt
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 12); sys.exit(0 if ok else "FaceMesh needs Python 3.11 or 3.12; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(FACEMESH)
	$(FACEMESH)/bin/pip install --quiet --constraint constraints-facemesh.txt --editable '.[facemesh]'
	@touch $@

# With synthetic people, or with your own videos: make demo VIDEOS=folder
demo: $(STAMP)
	@BIN=$(BIN) FACEMESH=$(FACEMESH) MAKE="$(MAKE)" OUT="$(OUT)" VIDEOS="$(VIDEOS)" bash scripts/demo.sh

# Two processes with one thread each: most tests gain nothing from a second thread. The longest files come first
# (tests/conftest.py).
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Tests of tracking with FaceMesh, in its own environment; the other tests do not need it.
test-facemesh: $(FACEMESH_STAMP)
	$(FACEMESH)/bin/pip install --quiet --constraint constraints-facemesh.txt beartype hypothesis pytest pytest-xdist
	OMP_NUM_THREADS=1 $(FACEMESH)/bin/pytest -n 2 --dist loadfile tests/facemesh

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
	rm -rf $(VENV) $(FACEMESH) build dist demo
