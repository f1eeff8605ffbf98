# `make` alone lists the commands. Everything is installed into .venv; nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The course's address on GitHub, where a publishing run knows it: make book REPO_URL=https://…
REPO_URL ?=
WHEEL_URL ?=
# An index of PyTorch builds for this machine, such as the CPU-only one, whose address stands on
# pytorch.org under "Get started": make book TORCH_INDEX=https://…
TORCH_INDEX ?=

# networks this small are fastest on one thread, and then two runs agree to the last bit
export OMP_NUM_THREADS ?= 1
export PYTHONHASHSEED := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help book zip pdf test lint mutants lighthouse test-colab lab notebooks exercises figures lock matrix wheel clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

book: $(VENV)/ready  ## run the notebooks that changed, render the site to _build/html
	$(BIN)/python -m tools.site --repo-url "$(REPO_URL)" --wheel-url "$(WHEEL_URL)"

zip: book  ## the site as one file to pass on, _build/gans-from-scratch.zip
	$(BIN)/python -m tools.archive

pdf: book  ## print the book with Chromium, to _build/gans-from-scratch.pdf
	$(BIN)/python -m tools.pdf

test: book lint  ## all tests: code style, types, unit tests, notebooks, the site in a browser
	$(BIN)/pytest

lint: $(VENV)/ready  ## code style and types alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

mutants: $(VENV)/ready  ## would a test notice if a measure, a loss or a check were wrong?
	$(BIN)/python -m tools.mutants

lighthouse: $(VENV)/ready  ## scores of the built site by Lighthouse; needs Node.js and Chromium
	$(BIN)/python -m tools.lighthouse

test-colab: $(VENV)/ready  ## run a published notebook on a fresh machine like Colab's
	$(BIN)/python -m tools.colab

# Makes environments of its own. ONLY names one: make matrix ONLY=oldest
ONLY ?=
matrix: $(VENV)/ready  ## unit tests and notebooks with the oldest and the newest packages
	$(BIN)/python -m tools.matrix $(ONLY)

lab: $(VENV)/ready  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

notebooks: $(VENV)/ready  ## run the notebooks and write their outputs into notebooks/
	$(BIN)/python -m tools.notebooks --commit

exercises: $(VENV)/ready  ## make the exercises from their solutions
	$(BIN)/python -m tools.exercises

figures: $(VENV)/ready  ## draw the logo, the film of a training and all other figures anew
	$(BIN)/python book/logo.py
	$(BIN)/python book/film.py
	$(BIN)/python book/figures.py

wheel: $(VENV)/ready  ## build the package into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist
	rm -rf *.egg-info  # a stale one would tell of old dependencies

lock: $(VENV)/ready  ## compile requirements.txt anew from pyproject.toml
	$(BIN)/python -m tools.lock

clean:  ## remove everything that the commands made
	rm -rf $(VENV) .venv-colab _build mutants dist build *.egg-info

# What torch needs comes from the lock first, with hashes; torch then finds it installed. pip would
# compile every module of every package, for half a minute; Python compiles those that it imports.
$(VENV)/ready: requirements.txt requirements-torch.txt pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 10) else "The course needs Python 3.10 or newer, this is %d.%d: make book PYTHON=…" % v[:2])'
	$(PYTHON) -m venv $(VENV)
	@echo "Installing PyTorch and the other packages into $(VENV): some minutes the first time."
	$(BIN)/pip install --quiet --no-compile --require-hashes --requirement requirements.txt
	$(BIN)/pip install --quiet --no-compile --requirement requirements-torch.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@
