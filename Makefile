# make probe | make test | make bench. Everything they need, they set up themselves.
PYTHON ?= python3.11
BIN := .venv/bin
FAULT ?=
ENV ?= replica

.PHONY: setup probe test check bench soak lock clean

# Two parts of the replica are npm packages: what stands for Google, and the page's LiveKit. No line of their own runs
# while they are installed.
GOOGLE := replica/google
LIVEKIT := replica/livekit

setup: .venv/ready $(GOOGLE)/node_modules/ready $(LIVEKIT)/node_modules/ready
	@$(BIN)/python -m probes.chromium

.venv/ready: requirements-dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "setup: $(PYTHON) is missing; install Python 3.11 or say PYTHON=/path/to/python" >&2; exit 4; }
	@$(PYTHON) -m venv .venv || { echo "setup: no virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 4; }
	@echo "setup: installing the packages of requirements-dev.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock \
		|| { echo "setup: packages could not be installed; pip says why above (is its index reachable?)" >&2; exit 4; }
	@touch $@

%/node_modules/ready: %/package-lock.json
	@command -v npm >/dev/null || { echo "setup: npm is missing; install Node 20 or newer, which brings it" >&2; exit 4; }
	@echo "setup: installing the packages of $<"
	@npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null \
		|| { echo "setup: $< could not be installed; npm says why above (is its registry reachable?)" >&2; exit 4; }
	@touch $@

probe: setup
	@$(BIN)/python -m pytest scenarios -q --env $(ENV) $(foreach fault,$(FAULT),--fault $(fault))

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup check
	$(BIN)/python -m pytest tests -W error $(ARGS)

bench: setup
	@$(BIN)/python -m tests.bench

# Fifty calls, killed ones included, and whatever they leave behind.
soak: setup
	PROBES_SOAK=50 $(BIN)/python -m pytest tests/test_calls_leave_nothing.py -W error

# After a change of dependencies in pyproject.toml.
lock: .venv/ready
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --upgrade pyproject.toml -o requirements.lock
	npm update --prefix $(GOOGLE) --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error
	npm update --prefix $(LIVEKIT) --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --upgrade --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv $(GOOGLE)/node_modules $(LIVEKIT)/node_modules .replica reports/runs .mypy_cache .ruff_cache
