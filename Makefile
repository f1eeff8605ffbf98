# `make` alone lists the commands. Everything is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The course's address on GitHub, where a publishing run knows it: make book REPO_URL=https://…
REPO_URL ?=
WHEEL_URL ?=
# An index of PyTorch builds for this machine, such as the CPU-only one, whose address stands on
# pytorch.org under "Get started": make book TORCH_INDEX=https://…
TORCH_INDEX ?=
# Less than all: make notebooks ONLY=03, or make matrix ONLY=oldest
ONLY ?=

# networks this small are fastest on one thread, and then two runs agree to the last bit
export OMP_NUM_THREADS ?= 1
export PYTHONHASHSEED := 0
# compiled once, modules load in a moment in each of the many processes that tests start
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PRE_COMMIT_HOME := $(CURDIR)/$(VENV)/pre-commit

# Four workers on two cores: tests in a browser wait as much as they compute. The others don't, and
# each worker loads PyTorch. What takes longest begins first, see tests/conftest.py.
PYTEST := $(BIN)/pytest --numprocesses=4 --dist=loadfile --no-loadscope-reorder \
	--cov=gan_course --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=95
# torch's builds, and the CUDA libraries that a build brings along, differ from machine to machine
OF_TORCH := cuda-bindings cuda-toolkit nvidia-cudnn-cu13 nvidia-cusparselt-cu13 nvidia-nccl-cu13 \
	nvidia-nvshmem-cu13 triton

.DEFAULT_GOAL := help
.PHONY: help book zip pdf test check lint lighthouse test-colab matrix lab notebooks exercises \
	figures wheel lock clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

book: $(VENV)/ready  ## render the site to _build/html, with the outputs of the committed notebooks
	$(BIN)/python -m tools.site --repo-url "$(REPO_URL)" --wheel-url "$(WHEEL_URL)"

zip: book  ## the site as one file to pass on, _build/gans-from-scratch.zip
	$(BIN)/python -c "from tools.site import pack; print(pack())"

pdf: book  ## print the book with Chromium, to _build/gans-from-scratch.pdf
	$(BIN)/python -m tools.pdf

test: book lint  ## all tests: code style, types, unit tests, notebooks, the site in a browser
	$(PYTEST)

check: $(VENV)/ready  ## the quick ones: code style, types, unit tests without browser and notebooks
	SKIP=check-jsonschema,zizmor,detect-secrets $(BIN)/pre-commit run --all-files
	$(PYTEST) --numprocesses=2 -m "not browser and not slow" tests

lint: $(VENV)/ready  ## code style, types, safe workflows, no secrets: .pre-commit-config.yaml
	$(BIN)/pre-commit run --all-files

lighthouse:  ## is the built site worth 95 of 100 in Lighthouse? Needs Node.js and Chromium
	npx --yes @lhci/cli@0.15.1 autorun

test-colab: $(VENV)/ready  ## run a published notebook on a fresh machine like Colab's
	$(BIN)/python -m tools.colab

matrix: $(VENV)/ready  ## unit tests and notebooks with the oldest and the newest packages
	$(BIN)/nox $(if $(ONLY),--session $(ONLY))

lab: $(VENV)/ready  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

notebooks: $(VENV)/ready  ## train everything: run the notebooks, write their outputs. ONLY=03 runs one
	$(BIN)/python -m tools.notebooks $(ONLY)

exercises: $(VENV)/ready  ## make the exercises from their solutions
	$(BIN)/python -m tools.exercises

figures: $(VENV)/ready  ## draw the logo, the film of a training and all other figures anew
	$(BIN)/python book/logo.py
	$(BIN)/python book/film.py
	$(BIN)/python book/figures.py

wheel: $(VENV)/ready  ## build the package into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist
	rm -rf *.egg-info  # a stale one would tell of old dependencies

# pip finds a pinned package that is wanted with an extra only where its pin names the extra
lock: $(VENV)/ready  ## compile requirements.txt anew from pyproject.toml, with today's packages
	printf '%s\n' $(OF_TORCH) | $(BIN)/uv pip compile pyproject.toml --all-extras --upgrade --quiet \
		--universal --python-version 3.10 --generate-hashes --no-strip-extras --no-annotate \
		--constraint requirements-torch.txt --no-emit-package torch --excludes - \
		--no-emit-index-url --custom-compile-command "make lock" --output-file requirements.txt

clean:  ## remove everything that the commands made
	rm -rf $(VENV) .venv-colab _build .lighthouseci mutants dist build *.egg-info

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
