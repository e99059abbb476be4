# Two commands for newcomers: `make demo` and `make test`. Everything goes into .venv,
# .meltano and .demo inside this folder.

# The first Python that is new enough. Any may be named: make PYTHON=python3.13 test
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; \
	done)
BIN := .venv/bin
export MELTANO_SEND_ANONYMOUS_USAGE_STATS := false
# Or each start of a tap compiles the SDK where Python may not keep what it compiled.
export UV_COMPILE_BYTECODE := 1
# Tests start Python thousands of times, and each process of theirs imports all tests.
unexport PYTHONDONTWRITEBYTECODE
export MELTANO_CLI_DISABLE_VERSION_CHECK := true
# Tests mostly wait for each other's answers: a few more of them than there are cores.
TEST_PROCESSES ?= 6

# Of MkDocs, about versions to come.
export NO_MKDOCS_2_WARNING := 1

.PHONY: demo report test coverage other-days other-python soak bench tables screens hub site lint format clean

demo: .venv/ready ## Load a made-up store into PostgreSQL, twice, build the models, show what landed, draw it.
	@$(BIN)/python -m demo

report: .venv/ready ## Write report.html, charts of a real store, out of the models in its database.
	@$(BIN)/python -m report $(ARGS)

test: .venv/ready .meltano/ready ## Run all tests.
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal $(ARGS)

coverage: .venv/ready .meltano/ready ## Run all tests, and measure how much of the tap they run.
	MEASURE_COVERAGE=1 $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal --cov $(ARGS)

other-days: .venv/ready ## Run the tests that need no other service with the clock set forward.
	$(BIN)/python -m tests.other_days -n $(TEST_PROCESSES) --dist worksteal $(ARGS)

# make other-python PYTHON=python3.13 VERSION=3.13
# Without the matrices of wrong answers, which take as long as all the others.
other-python: ## Run the tests that need no other service with another Python.
	$(PYTHON) -m venv .venv/$(VERSION)
	.venv/$(VERSION)/bin/python -m pip install --quiet "uv>=0.9,<1"
	.venv/$(VERSION)/bin/uv pip install --quiet --python .venv/$(VERSION)/bin/python \
		--editable . --group dev
	.venv/$(VERSION)/bin/python -m pytest -m "not services and not matrix" \
		-n $(TEST_PROCESSES) --dist worksteal $(ARGS)

# make soak SOAK_MINUTES=5 SOAK_SEED=7 SOAK=tests/chaos.py
SOAK ?= tests/soak.py tests/chaos.py tests/streams/test_feed_property.py
SOAK_MINUTES ?= 30
soak: .venv/ready ## Load a large store for ten minutes, then half an hour of chaos.
	SOAK_MINUTES=$(SOAK_MINUTES) SOAK_SEED=$(SOAK_SEED) FEED_EXAMPLES=1000 $(BIN)/python -m pytest \
		-s --timeout=36000 --show-capture=no $(SOAK)

bench: .venv/ready .venv/bench/ready ## Measure the tap for twenty minutes; write docs/performance.md.
	@$(BIN)/python -m benchmarks $(ARGS)

tables: .venv/ready ## Bring docs/tables.md and the diagram in README.md up to date.
	@$(BIN)/python -m reference

screens: .venv/ready ## Draw the pictures of the set-up guides, in docs/images/store-setup/.
	@$(BIN)/python -m reference.screens

hub: .venv/ready ## Bring release/tap-vtex.yml and the address of the repository up to date.
	@$(BIN)/python -m release.hub

site: .venv/ready ## Build the documentation as a site, in site/. Wrong links and anchors stop it.
	$(BIN)/mkdocs build --quiet

lint: .venv/ready .venv/models/checked ## Check style, types, models, workflows and the Dockerfile.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/ty check --error-on-warning
	$(BIN)/deptry .
	$(BIN)/zizmor --offline --quiet .github examples/github-actions
	$(BIN)/hadolint Dockerfile

format: .venv/ready ## Bring the code into shape.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove all that the other commands have made.
	rm -rf .venv .demo site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@# Not .meltano/meltano.db: it holds the bookmarks of whatever was loaded from here.
	rm -rf .meltano/run .meltano/extractors .meltano/loaders .meltano/utilities .meltano/ready

.venv/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "uv>=0.9,<1"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev
	@touch $@

.venv/bench/ready: pyproject.toml .venv/ready
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/bench
	$(BIN)/uv pip install --quiet --python .venv/bench/bin/python --group bench
	@touch $@

.venv/models/ready: pyproject.toml .venv/ready
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/models
	$(BIN)/uv pip install --quiet --python .venv/models/bin/python --group models
	@touch $@

# sqlfluff renders each model by dbt, which takes a while: only where one has changed.
MODELS := $(shell find dbt -name '*.sql' -not -path '*/target/*' -not -path '*/dbt_packages/*')
.venv/models/checked: .venv/models/ready dbt/.sqlfluff $(MODELS)
	cd dbt && DBT_TARGET_PATH=../.venv/models/target DBT_LOG_PATH=../.venv/models/logs \
		DBT_DUCKDB_PATH=:memory: ../.venv/models/bin/sqlfluff lint --disable-progress-bar \
		models/intermediate models/marts snapshots tests/*.sql
	@touch $@

.meltano/ready: meltano.yml .venv/ready
	$(BIN)/meltano run --only-install tap-vtex target-postgres dbt-postgres:run
	@touch $@
