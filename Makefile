# Everything a person does here, by name. `make` alone prints this list.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# More than processors, and what starts and kills whole platforms meets its time limits.
JOBS ?= 2
READY := $(VENV)/.ready
# uv may not reach for interpreters of its own: the one that runs make is the one that is used.
export UV_PYTHON := $(BIN)/python
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help setup demo up down test check bench chaos sabotage proof fuzz soak browser contracts docs client requirements clean

help: ## print this list
	@grep -hE '^[a-z]+:.*?## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*?## "} {printf "  make %-13s %s\n", $$1, $$2}'

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(READY) ## install everything into .venv (hashed versions)

demo: $(READY) ## replay a real shop's history and compare every figure (ONCE=1: end by itself)
	$(BIN)/mandegar demo $(if $(ONCE),--once)

up: $(READY) ## start Kafka, PostgreSQL and the services on this machine
	$(BIN)/mandegar up $(if $(DETACH),--detach)

down: $(READY) ## stop what `make up` started
	$(BIN)/mandegar down

test: $(READY) ## all tests and checks that finish within twenty minutes (JOBS=2 side by side)
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(READY) ## lint, types, walls between the rooms, generated documents up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m shared.contracts.publish --check
	$(BIN)/python -m mandegar.documents --check
	$(BIN)/python -m mandegar.clients --check
	$(BIN)/python -m pytest tests/tidiness

bench: $(READY) ## the same job by us and by other libraries: rates, exactness after kill -9, latency, points (ARGS="--parts rates")
	$(BIN)/python -m bench $(ARGS)

chaos: $(READY) ## every fault at every named step, from a printed seed; 1,000 withdrawals; erasures until the topic is compacted (the long form)
	CHAOS=long MANDEGAR_STACK_DURABLE=yes $(BIN)/python -m pytest tests/chaos tests/privacy/test_canary.py \
		tests/campaigns_messages/test_unsubscribing.py $(ARGS)

sabotage: $(READY) ## take each safeguard out, one at a time: the suite must go red each time
	$(BIN)/python -m tests.sabotage $(ARGS)

proof: $(READY) ## 100,000 generated lives and twenty times the dirty streams against the recount (CASES=, STREAMS=, PROOF_SEED=)
	CASES=$(or $(CASES),100000) STREAMS=$(or $(STREAMS),20) PROOF_SEED=$(or $(PROOF_SEED),$(shell date +%G%V)) \
		timeout $(or $(SECONDS_MAX),14400) $(BIN)/python -m pytest -s --show-capture=no tests/proof $(ARGS)

fuzz: $(READY) ## 10,000 generated requests on all routes of all services: no answer of 500 or above (CASES=)
	CASES=$(or $(CASES),10000) timeout $(or $(SECONDS_MAX),7200) $(BIN)/python -m pytest tests/security/test_fuzz.py $(ARGS)

soak: $(READY) ## everything happens to a ledger of points at once, for MINUTES=60, with the checker every minute (SOAK_SEED=)
	SOAK_MINUTES=$(or $(MINUTES),60) SOAK_SEED=$(SOAK_SEED) MANDEGAR_STACK_DURABLE=yes \
		$(BIN)/python -m pytest -s --show-capture=no tests/soak/soaking.py $(ARGS)

browser: $(READY) ## pages of customers and of the APIs in a real browser without network, with screenshots (PICTURES=) (needs Debian's: apt-get install chromium)
	@command -v chromium >/dev/null || { echo "There is no chromium here; as root: apt-get install chromium"; exit 1; }
	$(BIN)/uv pip install --quiet --require-hashes -r requirements/browser.txt
	BROWSER=$$(command -v chromium) timeout 900 $(BIN)/python -m pytest tests/browser $(ARGS)

contracts: $(READY) ## write the JSON Schemas and the AsyncAPI document under docs/events/
	$(BIN)/python -m shared.contracts.publish

docs: contracts ## write the generated parts of the documents (events, settings, OpenAPI)
	$(BIN)/python -m mandegar.documents

client: docs ## write the documents and, from them, the Python client in clients/python
	$(BIN)/python -m mandegar.clients

requirements: $(READY) ## compile requirements/*.in into hashed *.txt
	@for name in uv app embedded dev browser bench-faststream bench-quix bench-bytewax; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-header --no-annotate requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

clean: ## remove the virtual environment, caches and the embedded stack's data
	@if [ -x $(BIN)/mandegar ]; then $(BIN)/mandegar down >/dev/null 2>&1 || true; fi
	rm -rf $(VENV) .mandegar build *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache
