# Everything that a newcomer needs: `make run` to use the product, `make test` to change it.
PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
DEV := @$(PYTHON) tools/setup.py dev
.DEFAULT_GOAL := help
.PHONY: help run page test test-slow check fmt schema bench bench-year bench-faults lock

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1: /p' Makefile

run: ## Set up and serve the product (PORT=8000, PORTAL_HOME=.portal)
	@$(PYTHON) tools/setup.py run
	@exec $(BIN)/portal run --end-with-parent

page: ## Build the page
	@$(PYTHON) tools/setup.py run

test: ## Run the tests (ARGS="-k name" for some of them)
	$(DEV)
	@PATH="$(BIN):$$PATH" pytest -m "not slow" -n auto $(ARGS)

test-slow: ## Run the slow tests: browsers, faults, foreign peers
	$(DEV)
	@PATH="$(BIN):$$PATH" pytest -m slow $(ARGS)

check: ## Check style, types, the direction of imports, the schema's snapshot and the page
	$(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PATH="$(BIN):$$PATH" lint-imports
	$(BIN)/portal schema --check
	cd frontend-stub && PATH="$(BIN):$$PATH" npm run --silent check

fmt: ## Format the code
	$(DEV)
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

schema: ## Write portal_schema/schema.graphql
	$(DEV)
	$(BIN)/portal schema --write

bench: ## Run the benchmark
	$(DEV)
	$(BIN)/python -m benchmarks

bench-year: ## Play a simulated year of two hundred tenants (SEED=7)
	$(DEV)
	$(BIN)/python -m benchmarks.year $(if $(SEED),--seed $(SEED))

bench-faults: ## Send 20,000 messages while everything fails and is killed (SEED=7)
	$(DEV)
	$(BIN)/python -m benchmarks.faults $(if $(SEED),--seed $(SEED))

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra build
lock: ## Renew the pinned dependencies (needs uv)
	$(COMPILE) pyproject.toml --output-file requirements/portal.txt
	$(COMPILE) --extra page pyproject.toml --output-file requirements/page.txt
	$(COMPILE) --extra page --extra redis --extra dev pyproject.toml --output-file requirements/dev.txt
