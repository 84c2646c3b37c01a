# One door for every task. Everything lives in .venv and .anxin; remove them at will.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCKED := $(BIN)/python -m pip install --disable-pip-version-check --require-hashes --no-deps

.PHONY: help setup setup-dev console console-check console-test pictures demo test test-slow check bench bench-access bench-quiet bench-care bench-video faults browser acceptance soak lock clean

help:            ## Show this.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.runtime      ## Install what running needs into .venv.
setup-dev: $(VENV)/.dev      ## Install what testing needs into .venv.

$(VENV)/.runtime: requirements.lock pyproject.toml
	@test -x $(BIN)/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing (once; a few minutes on a slow line)"
	$(LOCKED) -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "installing what the tests need"
	$(LOCKED) -r requirements-dev.lock
	@touch $@

$(VENV)/.node: requirements-node.lock $(VENV)/.runtime
	@$(BIN)/python api/console/build.py --node >/dev/null || { echo "installing Node (once)"; $(LOCKED) -r requirements-node.lock; }
	@touch $@

console: setup $(VENV)/.node ## Build the pages people look at; does nothing when they are up to date.
	@$(BIN)/python api/console/build.py

console-check: setup $(VENV)/.node
	@$(BIN)/python api/console/build.py --types
	@$(BIN)/python api/console/build.py --npm run check --silent

console-test: setup $(VENV)/.node
	@$(BIN)/python api/console/build.py --npm test --silent

demo: console    ## Start everything on this machine; Ctrl-C stops it.
	@$(BIN)/anxin demo

test: setup-dev console-test ## The tests: a quarter of an hour on two cores.
	$(BIN)/python -m pytest -n $(or $(JOBS),3) --dist loadfile -m "not slow and not faults and not browser and not acceptance"

test-slow: setup-dev ## Cameras that run, networks that time out, other people's brokers and platforms. Ten minutes.
	$(BIN)/python -m pytest -n $(or $(JOBS),3) --dist loadfile -m slow

acceptance: setup-dev console ## As people use it: the demo, every scenario in two towns, compose, backup under load. 20 minutes.
	$(BIN)/python -m pytest -m acceptance --timeout 900

soak: setup-dev console ## The demo at ten times real time for an hour: memory, alerts, errors. HOURS=n SPEED=n.
	$(BIN)/python -m tests.soak --hours $(or $(HOURS),1) --speed $(or $(SPEED),10)

check: setup-dev console-check ## Lint, types, rules, import arrows.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/anxin rules check
	$(BIN)/python -m pytest tests/architecture -q

browser: setup-dev console ## The live page in headless Chromium (needs chromium installed).
	$(BIN)/python -m pytest -m browser

pictures: setup-dev console ## Take the documentation's pictures anew.
	ANXIN_PICTURES=1 $(BIN)/python -m pytest -m browser

faults: setup-dev ## The long kill -9 run, judged by ledger. SEED=n replays one.
	$(BIN)/python -m pytest -m faults --timeout 3600

bench: setup-dev ## Figures, side by side in one run; appended to docs/benchmarks.md with --record.
	$(BIN)/python -m tests.bench $(ARGS)

bench-quiet: setup-dev ## A month of ordinary life through every rule: what fires, and why. ARGS="--seed 7 --days 30".
	$(BIN)/python -m tests.bench.quiet $(ARGS)

bench-access: setup-dev ## The entry rules on the card log of VAST 2016: DATA=dir.
	$(BIN)/python -m tests.bench.access --data $(or $(DATA),$(error say where the card log is: make bench-access DATA=dir))

bench-care: setup-dev ## How well an elder's silence is judged: DATA=dir of recordings; ARGS=--record writes docs/care.md.
	$(BIN)/python -m tests.bench.care --data $(or $(DATA),$(error say where the recordings are: make bench-care DATA=dir)) $(ARGS)

bench-video: setup-dev ## How well cameras' analytics see, and what they cost: DATA=dir of clips; ARGS="--clips 60 --jobs 2 --record" writes docs/video.md.
	$(BIN)/python -m tests.bench.video --data $(or $(DATA),$(error say where the clips are: make bench-video DATA=dir)) $(ARGS)

lock:            ## Write the lock files anew (needs uv).
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --output-file requirements.lock pyproject.toml requirements.build
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --output-file requirements-node.lock requirements.node
	$(BIN)/python api/console/build.py --lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra dev \
	  --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:           ## Remove what tools left behind (not your data).
	rm -rf .ruff_cache .mypy_cache .hypothesis build *.egg-info
