# make setup | tour | test | test-all | check | fuzz | bench | docs | notebooks | dist
# PYTHON=python3.12 chooses the interpreter of .venv
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup tour test test-all check fuzz bench docs notebooks dist
setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -c constraints.txt -e ".[all]" --group dev
	touch $@

tour: setup
	$(BIN)/minent tour

test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

test-all: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m "slow or not slow"

fuzz: setup
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/campaign.py --inputs 1000000 --seconds 600
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/commands.py --lines 10000 --seconds 600
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/kills.py --times 1000 --seconds 600
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/load.py --lines 10000

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python benchmarks/community.py
	$(BIN)/python benchmarks/community_states.py
	$(BIN)/python benchmarks/community_threads.py
	$(BIN)/python benchmarks/attention.py
	$(BIN)/python benchmarks/attention_quality.py
	$(BIN)/python benchmarks/text.py
	$(BIN)/python benchmarks/text_quality.py
	$(BIN)/python benchmarks/both_ends.py
	$(BIN)/python benchmarks/exposure.py
	$(BIN)/python benchmarks/cut_ends.py
	$(BIN)/python benchmarks/gibbs.py
	$(BIN)/python benchmarks/gan.py cost
	$(BIN)/python benchmarks/attribution.py
	$(BIN)/python benchmarks/points.py

docs: setup
	$(BIN)/pip install --quiet -c constraints.txt --group docs
	$(BIN)/python packaging/site/gallery.py
	$(BIN)/zensical build --strict

notebooks: setup
	$(BIN)/pip install --quiet -c constraints.txt --group notebooks
	OMP_NUM_THREADS=1 $(BIN)/python packaging/site/notebooks.py

dist: setup
	$(BIN)/pip install --quiet -c constraints.txt --group dist
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
