# make run    sets up, builds the decks, runs the bot (without a token: a trial on this machine)
# make test   sets up, checks the house, runs every test
# The other targets are for people who work on the project.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN_READY := $(VENV)/.run-ready
TEST_READY := $(VENV)/.test-ready
LIBRARY ?= cards
OUT ?= build

.PHONY: run test check bench bench-compile bench-bot decks diagrams format clean

run: decks
	@if [ -n "$$DISCORD_TOKEN" ] || grep -Eqs '^(export )?DISCORD_TOKEN=.' .env; then \
	  exec $(BIN)/deckwright-bot run; \
	else \
	  DECKWRIGHT_LIBRARY=$(LIBRARY) exec $(BIN)/deckwright-bot try; \
	fi

decks: $(RUN_READY)
	@$(BIN)/deckwright build $(LIBRARY) --out $(OUT)
	@echo
	@echo "Import into Anki: File > Import, choose $(OUT)/ml-interviews.apkg (everything)"
	@echo "or one of the smaller packages beside it. On a phone, open the file with Anki."
	@echo "How to study, update and find cards: docs/learners.md"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Deckwright needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python cannot make a virtual environment here; on Debian: apt install python3-venv"; exit 1; }

$(RUN_READY): $(VENV)/bin/python requirements/run.txt pyproject.toml
	@echo "Setting up (once)"
	@$(PIP) install --no-deps --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(TEST_READY): $(RUN_READY) requirements/test.txt
	@echo "Setting up the tests (once)"
	@$(PIP) install --no-deps --require-hashes -r requirements/test.txt
	@touch $@

check: $(TEST_READY)
	$(BIN)/ruff format --check --quiet src bot tests bench diagrams
	$(BIN)/ruff check --quiet src bot tests bench diagrams
	$(BIN)/mypy
	$(BIN)/deckwright check $(LIBRARY) --strict

test: check
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --cov --cov-report term:skip-covered

bench: bench-compile bench-bot

bench-compile: $(TEST_READY)
	$(BIN)/python bench/bench_compile.py

bench-bot: $(TEST_READY)
	$(BIN)/python bench/bench_bot.py

diagrams: $(RUN_READY)
	$(BIN)/python -m diagrams $(LIBRARY)

format: $(TEST_READY)
	$(BIN)/ruff format src bot tests bench diagrams
	$(BIN)/ruff check --fix-only src bot tests bench diagrams

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
