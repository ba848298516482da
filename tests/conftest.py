"""A replica for all tests of a session, its faults switched between them; runs as a user starts
them.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser

from probes.finding import Verdict
from probes.runner.target_process import Started
from reports.model.run import Run, load
from tests.support import marks
from tests.support.browser import launched
from tests.support.untranslated import PROPERTY, Untranslated, write_summary

ROOT = Path(__file__).parent.parent
RUN_ENDS_WITHIN = 120  # seconds, on the busiest machine
# A hundred runs need not compile the suite a hundred times, even where the tests are told to leave
# no bytecode.
BYTECODE = tempfile.TemporaryDirectory(prefix="probes-bytecode-")
atexit.register(BYTECODE.cleanup)
COMPILED = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": BYTECODE.name}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marks.mark(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    write_summary(terminalreporter)


@pytest.fixture
def untranslated(record_property: Callable[[str, object], None]) -> Untranslated:
    """Call it with what is not translated yet: a line at the end of the tests, no failure."""
    return partial(record_property, PROPERTY)


@pytest.fixture(autouse=True)
def _in_no_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run prints does not depend on where its tests are run."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True, slots=True)
class Replica:
    """A running replica, by its control address."""

    environment: Path
    control: str

    def set_faults(self, faults: Sequence[str]) -> None:
        """Have exactly `faults` from now on."""
        httpx.put(f"{self.control}/faults", json=list(faults), timeout=30).raise_for_status()

    def state(self) -> dict[str, Any]:
        """What users have created there."""
        said: dict[str, Any] = httpx.get(f"{self.control}/state", timeout=30).json()
        return said

    def requests(self) -> Counter[str]:
        """How often its stand-ins were asked: the cluster's API."""
        return Counter(httpx.get(f"{self.control}/requests", timeout=30).json())

    def secrets(self) -> dict[str, list[str]]:
        """What it holds and has handed out that no report may show, by kind."""
        known: dict[str, list[str]] = httpx.get(f"{self.control}/secrets", timeout=30).json()
        return known


@pytest.fixture(scope="session")
def started_replica() -> Iterator[Replica]:
    started = Started(["python", "-m", "replica"], [])
    try:
        environment = started.wait()
        yield Replica(environment, tomllib.loads(environment.read_text())["control"]["url"])
    finally:
        started.stop()


@pytest.fixture
def replica(started_replica: Replica) -> Iterator[Replica]:
    """A healthy replica; the faults that a test switches on end with it."""
    yield started_replica
    started_replica.set_faults([])


@dataclass(frozen=True)
class Ended:
    """A run of the suite that has ended: what was printed, how it ended, and its folder where it
    got one.
    """

    code: int
    output: str
    folder: Path | None

    @cached_property
    def report(self) -> Run:
        """Read once: a group of the fault matrix looks hundreds of times."""
        assert self.folder, self.output
        return load(self.folder)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """What became of each scenario: {scenario: verdict}."""
        return {s.id: s.verdict for s in self.report.scenarios}

    @property
    def codes(self) -> dict[str, str]:
        """What did not hold: {scenario: code}."""
        return {s.id: s.finding.code for s in self.report.scenarios if s.finding}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


Probe = Callable[..., Ended]


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    """Run scenarios as a user does, in a process of its own."""

    def run(*arguments: str, **variables: str) -> Ended:
        process = begin(tmp_path, *arguments, **variables)
        return ended(process, tmp_path)

    return run


def begin(
    runs: Path, *arguments: str, scenarios: str = "scenarios", **variables: str
) -> subprocess.Popen[str]:
    """A run under way; end it with `ended`."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", scenarios, "--runs", str(runs), *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120", **COMPILED, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str], runs: Path) -> Ended:
    """Wait for the run, however it ends."""
    try:
        output, _ = process.communicate(timeout=RUN_ENDS_WITHIN)
    except (
        BaseException
    ) as error:  # Ctrl-C included: the run is in a session of its own and would go on
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        pytest.fail(f"the run did not end by itself; it printed:\n{output}")
    journals = sorted(runs.glob("*/run.jsonl"), key=lambda journal: journal.stat().st_mtime)
    folder = journals[-1].parent if journals else None
    return Ended(process.returncode, output, folder)


def events(folder: Path) -> list[dict[str, Any]]:
    """The journal of a run, line by line; one that is being written is left for the next look."""
    *lines, _ = (folder / "run.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines]
