# make probe | make test | make test-fast | make bench; each sets up what it needs.
PYTHON ?= python3.11
BIN := .venv/bin
FAULT ?=
ENV ?= replica
RUN ?=
REPORT_LANG ?= en
# Compiled modules are kept, whatever the shell says: a run would compile all of the suite again.
unexport PYTHONDONTWRITEBYTECODE
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --upgrade

.PHONY: test-real real-tools real-servers setup probe report test test-fast test-runs check readme bench soak soak-runs pictures hooks image-tools \
	image-test image-bench lock clean

# What of the replica is JavaScript comes from npm; no line of it runs while it is installed.
REPLICA := replica

setup: .venv/ready $(REPLICA)/node_modules/ready
	@$(BIN)/python -m probes.browser.chromium

.venv/ready: requirements-dev.lock
	@command -v $(PYTHON) >/dev/null \
		|| { echo "setup: $(PYTHON) is missing; install Python 3.11 or say PYTHON=/path/to/python" >&2; \
			exit 4; }
	@$(PYTHON) -m venv .venv \
		|| { echo "setup: no virtual environment; on Debian: apt-get install python3-venv" >&2; exit 4; }
	@echo "setup: installing the packages of requirements-dev.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements-dev.lock \
		|| { echo "setup: packages could not be installed; pip says why above" \
			"(is its index reachable?)" >&2; exit 4; }
	@touch $@

$(REPLICA)/node_modules/ready: $(REPLICA)/package-lock.json
	@command -v npm >/dev/null \
		|| { echo "setup: npm is missing; install Node 20 or newer, which brings it" >&2; exit 4; }
	@echo "setup: installing the packages of $<"
	@npm ci --prefix $(REPLICA) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null \
		|| { echo "setup: the replica's packages could not be installed; npm says why above" \
			"(is its registry reachable?)" >&2; exit 4; }
	@touch $@

probe: setup
	@$(BIN)/python -m pytest scenarios -q --env $(ENV) $(foreach fault,$(FAULT),--fault $(fault))

report: .venv/ready
	@$(BIN)/python -m reports --lang $(REPORT_LANG) $(RUN)

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup check
	$(BIN)/python -m tests.support.all_tests $(ARGS)

# Every fault in a whole run, and whole runs that are stopped, starved, split or searched for secrets.
test-runs: setup
	$(BIN)/python -m pytest tests -W error -m runs $(ARGS)

# No whole run, no replica, no browser, nothing that takes seconds: two minutes on two cores.
test-fast: setup check
	$(BIN)/python -m pytest tests -W error -m "not slow" -n auto --dist loadscope $(ARGS)

# After a change of a scenario, a fault or what a run prints: docs/scenarios.md, docs/faults.md and
# the outputs in README.md.
readme: setup
	@$(BIN)/python -m tests.support.generated_docs

# Seven minutes on two idle cores, and some more the first time, when the peers are installed.
bench: setup
	@$(BIN)/python -m tests.support.bench

# After a change of what report.html looks like.
pictures: setup
	@$(BIN)/python -m tests.support.pictures

# After a change under deploy/.
hooks: .venv/ready
	@$(BIN)/python -m tests.support.manifests

image-tools:
	@command -v podman >/dev/null && command -v runc >/dev/null && command -v debootstrap >/dev/null \
		|| { apt-get update -qq \
			&& apt-get install -qq -y --no-install-recommends podman runc debootstrap; } >/dev/null \
		|| { echo "image: podman, runc and debootstrap are needed, and root;" \
			"on Debian: apt-get install podman runc debootstrap" >&2; exit 4; }

# Minutes each: the image is built of nothing and run against a replica outside it.
image-test: setup image-tools
	PROBES_IMAGE_TEST=1 $(BIN)/python -m pytest tests/deploy/test_image.py -W error $(ARGS)

image-bench: setup image-tools
	@$(BIN)/python -m tests.support.image

# Debian's programs that real servers need. Without iptables and ip, tests in network namespaces are skipped.
real-tools: setup
	@which etcd redis-server iptables ip >/dev/null \
		|| { apt-get update -qq && apt-get install -qq -y --no-install-recommends \
			etcd-server redis-server iptables iproute2; } >/dev/null 2>&1 \
		|| which etcd redis-server >/dev/null \
		|| { echo "test-real: etcd or redis-server is missing, and could not be installed (that takes root);" \
			"on Debian: apt-get install etcd-server redis-server iptables iproute2" >&2; exit 4; }

# Fifty calls, killed ones included, and whatever they leave behind.
soak: setup
	PROBES_SOAK=50 $(BIN)/python -m pytest tests/test_calls_leave_nothing.py -W error

# Whole healthy runs, every second one on a busy machine, or AT_ONCE of them side by side; added up in
# docs/reliability.md.
COUNT ?= 20
AT_ONCE ?= 1
soak-runs: setup
	@$(BIN)/python -m tests.support.soak_runs $(COUNT) --at-once $(AT_ONCE)

# After a change of dependencies in pyproject.toml.
lock: .venv/ready
	$(COMPILE) --extra kubernetes pyproject.toml -o requirements.lock
	npm update --prefix $(REPLICA) --package-lock-only --ignore-scripts --no-audit --no-fund \
		--loglevel=error
	$(COMPILE) --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv $(REPLICA)/node_modules .bench .replica .promtool .screenshots reports/runs \
		.mypy_cache .ruff_cache

# The real livekit-server: `make livekit` builds all versions that tests/real wants, `make probe LIVEKIT=1.9.12` runs
# against one of them. Two to four minutes of CPU a version, once.
LIVEKIT ?=
LIVEKIT_CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/wealist-probes/livekit

.PHONY: livekit

livekit: .venv/ready
	@$(BIN)/python -m replica.livekit.server_build $(LIVEKIT)

ifneq ($(LIVEKIT),)
probe: livekit
probe: export LIVEKIT_SERVER := $(LIVEKIT_CACHE)/$(LIVEKIT)/livekit-server
endif

real-servers: real-tools livekit
	@$(BIN)/python -m tests.support.real_apiserver

# Real servers: Kubernetes' API server, and every version of LiveKit, well and broken. What needs a network namespace
# is skipped without. What fails is run once more; ARGS="--within-s 1200" bounds it.
test-real: real-servers
	PROBES_REAL=1 $(BIN)/python -m tests.support.real_tests $(ARGS)
