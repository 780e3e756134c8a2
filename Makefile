# What a developer types. Every target makes what it needs the first time.
#
#   make setup     .venv with everything in it
#   make demo      the whole thing on virtual devices; KEEP=1 leaves it running
#   make test      format, lint, types, all tests but those a person starts (bench, vm, hardware)
#   make check     the fast part of it
#   make lock      renew constraints.txt, the exact set of libraries
#   make tables    the tables of docs/ anew, from the code
#   make kill      KILLS=300: the real agent killed at that many random instants, twice
#   make sim       SEED=n: the story of one simulated shop; SEEDS=n: many, counted; EXHAUSTIVE=1;
#                  FAMILY=tremol:bg: with another printer than the Datecs X
#   make bench     figures, a few minutes: of the cloud link; NAME=archive|detection|many: the others
#   make vm        CUTS=20: power cuts in a virtual machine (slow; see tests/vm/README.md)
#   make hardware  DEVICE=dev_... CONFIG=FILE: look at a real printer (reads only)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo test check format tables bench kill sim vm hardware lock clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/python -m sandbox demo $(if $(KEEP),--keep)

test: check
	$(BIN)/pytest --numprocesses auto

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest tests/tidy tests/protocol

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

tables: $(READY)
	$(BIN)/python docs/make_tables.py
	$(BIN)/python docs/make_commands.py

bench: $(READY)
	$(BIN)/python -m tests.bench $(or $(NAME),cloud)

kill: $(READY)
	AMEF_KILLS=$(or $(KILLS),300) $(BIN)/pytest -s --timeout 3600 tests/process/test_kill.py -k random

sim: $(READY)
	$(BIN)/python -m tests.simulation \
		$(if $(EXHAUSTIVE),--exhaustive,$(if $(SEEDS),--seeds $(SEEDS),--seed $(or $(SEED),0))) \
		$(if $(MUTANT),--mutant $(MUTANT)) $(if $(FAMILY),--family $(FAMILY)) \
		$(if $(SHORT),--short) $(if $(NO_KEYBOARD),--no-keyboard) $(if $(DENSE),--dense)

vm: $(READY)
	$(BIN)/python -m tests.vm $(if $(CUTS),--cuts $(CUTS)) $(if $(MUTANT),--mutant $(MUTANT)) \
		$(if $(SEED),--seed $(SEED))

hardware: $(READY)
	$(if $(and $(DEVICE),$(CONFIG)),,$(error say which: make hardware DEVICE=dev_... CONFIG=FILE))
	$(BIN)/amef printer info --config $(CONFIG) --device $(DEVICE)
	$(BIN)/amef printer status --config $(CONFIG) --device $(DEVICE)

lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	(head -n 1 constraints.txt; build/lock/bin/pip freeze --exclude-editable) > build/constraints.txt
	mv build/constraints.txt constraints.txt

clean:
	rm -rf $(VENV) build *.egg-info
