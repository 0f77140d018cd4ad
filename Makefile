# Everything that these targets make stays in this folder, but for system packages.

PYTHON ?= python3
PEERS := micrograd minigrad xad casadi heyoka jax torch==2.13.0 hypothesis mpmath python-flint

PIP_INSTALL := -m pip install --quiet --quiet
# Work is stolen, so that a file stays with one process: what it sets up once is set up once.
PYTEST := .venv/bin/python -m pytest --quiet --dist=worksteal --numprocesses=$(or $(shell nproc 2>/dev/null),auto)

# HOME stays what it is, so that pip finds its user's configuration; what would write there is sent here.
export AUTOGRAD_CACHE := $(CURDIR)/.cache/autograd
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.cache/hypothesis
export IPYTHONDIR := $(CURDIR)/.cache/ipython
export JUPYTER_CONFIG_DIR := $(CURDIR)/.cache/jupyter/config
export JUPYTER_DATA_DIR := $(CURDIR)/.cache/jupyter/data
export JUPYTER_RUNTIME_DIR := $(CURDIR)/.cache/jupyter/runtime
export JUPYTER_PLATFORM_DIRS := 1
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTEST_DEBUG_TEMPROOT := $(CURDIR)/.cache
export XDG_CACHE_HOME := $(CURDIR)/.cache

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types examples unit test-arrays format bench idioms docs accuracy thorough fuzz mutants clean
.NOTPARALLEL:

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: setup  ## train two networks on real data; pictures go to out/
	.venv/bin/python -m nn

test: lint types examples unit  ## all that CI checks: the next four

lint: setup  ## format and lint
	@echo "== format and lint"
	.venv/bin/python -m ruff format --check
	.venv/bin/python -m ruff check

types: setup  ## mypy --strict on autograd and nn
	@echo "== types"
	.venv/bin/python -m mypy

examples: setup  ## doctests of the code and of the README, and the notebooks
	@echo "== doctests and notebooks"
	$(PYTEST) --doctest-modules --doctest-glob=README.md --doctest-glob=coming-from.md --nbmake \
	    autograd nn README.md docs/coming-from.md notebooks

unit: setup  ## unit and property tests, some of them in a browser
	@$(call check_browser)
	@echo "== unit and property tests"
	$(PYTEST)

format: setup  ## rewrite the code as `make lint` wants it
	.venv/bin/python -m ruff check --fix
	.venv/bin/python -m ruff format

bench: .bench/ready  ## time the workloads beside the peers, in an environment of their own
	PYTHONPATH='$(CURDIR)' .bench/bin/python -m tests.benchmarks.run

test-arrays: setup  ## programs on arrays of PyTorch and JAX, samples in Parquet: installs them, 1 GB
	.venv/bin/python $(PIP_INSTALL) torch==2.13.0 jax 'dask[dataframe]'
	$(PYTEST) tests/test_lanes.py tests/test_cluster_data.py

idioms: .bench/ready  ## run what micrograd, PyTorch and JAX say in docs/coming-from.md, in them
	PYTHONPATH='$(CURDIR)' .bench/bin/python -m tests.idioms

docs: setup  ## the documentation, as pages that need no network, in out/docs
	.venv/bin/python $(PIP_INSTALL) --editable '.[docs]'
	.venv/bin/python -m docs

accuracy: .bench/ready  ## measure each operation in ulps beside PyTorch and JAX; writes ACCURACY.md
	PYTHONPATH='$(CURDIR)' .bench/bin/python -m tests.accuracy

thorough: setup  ## 100,000 whole graphs, graphs of 10,000,000 nodes, 20 hash seeds: an hour or two
	.venv/bin/python -m tests.thorough

fuzz: setup  ## a million guided runs each of the expression parser and the model loader
	.venv/bin/python $(PIP_INSTALL) atheris
	.venv/bin/python -m tests.fuzz expression
	.venv/bin/python -m tests.fuzz model

mutants: setup  ## break the code in many places and see that the tests notice; goes on where it stopped
	.venv/bin/python -m tests.mutation --rules
	.venv/bin/python -m tests.mutation --sample 400

clean:  ## remove all that these targets made
	rm -rf .venv .bench .cache out
	find . -name __pycache__ -prune -exec rm -rf {} +

setup: .venv/ready  ## make .venv, the environment that the targets above use
	@mkdir -p .cache

.venv/ready: pyproject.toml
	@$(call check_python)
	@$(call check_system)
	"$(PYTHON)" -m venv .venv
	.venv/bin/python $(PIP_INSTALL) --editable '.[dev]'
	@printf '%s' '$(CURDIR)' > $@

# The editable install holds this folder's path: a moved or copied folder is set up again.
ifneq "$(file <.venv/ready)" "$(CURDIR)"
.PHONY: .venv/ready
endif

# A peer that does not install is a row of the table that says so, never an error; the two packages
# that compiling needs are treated alike.
.bench/ready: Makefile
	@$(call check_python)
	@$(call check_system)
	"$(PYTHON)" -m venv .bench
	@for peer in numpy llvmlite $(PEERS); do \
	    echo "installing $$peer"; \
	    .bench/bin/python $(PIP_INSTALL) "$$peer" || echo "$$peer does not install here: left out"; \
	done
	@touch $@

define check_python
command -v "$(PYTHON)" > /dev/null || { echo "$(PYTHON) is not on the PATH; name a Python >= 3.11: make PYTHON=/path/to/python"; exit 1; }; \
"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
{ echo "Python >= 3.11 is needed and $(PYTHON) is $$("$(PYTHON)" -V 2>&1); name another: make PYTHON=/path/to/python"; exit 1; }
endef

# Debian keeps ensurepip, which makes virtual environments, in a package of its own.
define check_system
missing=$$(command -v dot > /dev/null || echo graphviz; "$(PYTHON)" -c 'import ensurepip' 2> /dev/null || echo python3-venv); \
$(install_missing); \
"$(PYTHON)" -c 'import ctypes, ensurepip, ssl, zlib' || \
{ echo "$(PYTHON) lacks the module named above; name another Python: make PYTHON=/usr/bin/python3"; exit 1; }
endef

# Only the tests open a browser, and it is the system's: nothing downloads another.
define check_browser
missing=$$(command -v chromium > /dev/null || echo chromium fonts-dejavu-core fonts-liberation2); \
$(install_missing)
endef

define install_missing
missing=$$(echo $$missing); \
if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
    export DEBIAN_FRONTEND=noninteractive PATH="$$PATH:/usr/sbin:/sbin"; \
    apt-get update -qq && apt-get install -qq -y --no-install-recommends $$missing || exit 1; \
elif [ -n "$$missing" ]; then \
    echo "missing on this system; run: sudo apt-get install --no-install-recommends $$missing"; exit 1; \
fi
endef
