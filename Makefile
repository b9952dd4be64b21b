# `make install` builds .venv with everything; the other targets call it. No target needs anything beside python3,
# its venv module and network access to a Python package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test check bench bench-quality soak clean

install: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check --editable . --group dev
	$(BIN)/python -m compileall -q mailbot benchmarks  # else whoever may not write here compiles at every start
	touch $(STAMP)

demo: install  ## a sample municipality lives through a working week
	$(BIN)/mailbot demo --out demo-out

# In the order of the tree: by default the files with the fewest tests come last, and those are the ones that take
# minutes, so that one processor would work through them alone.
test: install  ## every test, on as many processors as there are
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: install  ## style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install  ## measurements, as ratios in one run
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks imap

bench-quality: install  ## judgments and text parts on labelled mail
	$(BIN)/python -m benchmarks.quality.judgments
	$(BIN)/python -m benchmarks.quality.parts

soak: install  ## what takes longer than `make test` allows
	$(BIN)/python -m pytest -m soak --override-ini addopts="-q --strict-markers --strict-config"

clean:
	rm -rf $(VENV) demo-out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
