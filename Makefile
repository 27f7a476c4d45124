# Two commands do all the set-up: `make demo` and `make test`. Nothing but Python 3.11 and make is needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MODEL := examples/01_digits/digits.tflite
BOARD := nucleo-l4r5zi
OUT := out

.PHONY: demo test test-long fuzz check lint format docs examples benchmarks clean

demo: $(VENV)/installed
	$(BIN)/milliwatt verify $(MODEL) --board $(BOARD) --samples 20
	$(BIN)/milliwatt profile $(MODEL) --board $(BOARD)
	$(BIN)/milliwatt build $(MODEL) --board $(BOARD) -o $(OUT)

test: $(VENV)/installed-train
	$(BIN)/python -m pytest -n auto --dist worksteal

test-long: $(VENV)/installed-train
	$(BIN)/python -m pytest -n auto --dist worksteal -m long

fuzz: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m long tests/fuzz

check: lint
	$(BIN)/python -m pytest -n auto tests/contract tests/ir tests/ops/test_fixed_point.py tests/plan

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/installed-dev
	$(BIN)/python docs/generate.py

benchmarks: $(VENV)/installed-dev
	$(BIN)/python benchmarks/engines/run.py

examples: $(VENV)/installed-train
	$(BIN)/python examples/01_digits/train.py
	$(BIN)/python examples/02_vibration/train.py
	$(BIN)/python examples/03_anomaly/train.py
	$(BIN)/python examples/04_keyword/train.py

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "milliwatt needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@ $(VENV)/installed

$(VENV)/installed-train: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev,train]"
	touch $@ $(VENV)/installed $(VENV)/installed-dev

clean:
	rm -rf $(OUT) build dist .mypy_cache .ruff_cache .pytest_cache
