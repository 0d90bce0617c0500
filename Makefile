# `make help` lists the targets. Everything is installed into .venv; nothing outside this folder changes.

BIN := .venv/bin
DATA := .venv/.installed-data
DEV := .venv/.installed-dev
BENCH := .venv/.installed-bench
WORKERS ?= 2

# One BLAS thread a process: tests run two at a time, and sums keep their order on any number of cores.
# A file stays with one worker, which computes what its tests share once.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/pytest --numprocesses=$(WORKERS) --dist=loadfile \
  --no-loadscope-reorder

# Nothing needs a display.
export MPLBACKEND := Agg

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-system pytest style lint layers types format wheel constraints bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "PYTHON=/path/to/python chooses the interpreter of a new .venv; WORKERS=1 runs the tests one by one."

demo: $(DATA)  ## train on the handwritten digits and write a report
	@$(BIN)/deeplinear demo

test: $(DEV)  ## run every check that needs no system package
	@failed=; \
	for check in style lint layers types pytest; do \
	  echo "== $$check"; \
	  $(MAKE) --no-print-directory $$check || failed="$$failed $$check"; \
	done; \
	if [ -n "$$failed" ]; then echo "make test: FAILED:$$failed"; exit 1; fi; \
	echo "make test: every check passed"

test-fast: $(DEV)  ## run the tests that are not marked slow
	@$(PYTEST) -m "not slow"

test-system: $(DEV)  ## test the explorer in a real browser (installs Chromium with apt-get)
	@sh scripts/install_chromium.sh
	@$(PYTEST) tests/system

pytest: $(DEV)  ## run the tests and the examples of the docstrings
	@$(PYTEST)

style: $(DEV)  ## check the format
	@$(BIN)/ruff format --check .

lint: $(DEV)  ## check for likely mistakes
	@$(BIN)/ruff check .

layers: $(DEV)  ## check that layers import downwards only
	@$(BIN)/lint-imports --no-logo

types: $(DEV)  ## check the types
	@$(BIN)/mypy

format: $(DEV)  ## format the code and apply safe fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

wheel: $(DEV)  ## build dist/deeplinear-*.whl
	@rm -rf build
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@rm -rf build
	@ls dist/*.whl

bench: $(BENCH)  ## compare with SciPy, SUNDIALS, diffrax, PyTorch (minutes; PROBLEMS="P1 P2": these)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks $(PROBLEMS)

constraints:  ## pin versions anew where pyproject.toml asks for it (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --all-extras \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	  --output-file constraints.txt pyproject.toml

clean:  ## remove .venv, build outputs and caches (results in out/ stay)
	rm -rf .venv build dist src/*.egg-info
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(DATA) $(DEV) $(BENCH): .venv/.installed-%: pyproject.toml constraints.txt scripts/install.sh $(BIN)/python
	@sh scripts/install.sh $*

# Missing, or a link to an interpreter that is gone: install again.
$(BIN)/python: ;
