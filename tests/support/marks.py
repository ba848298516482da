"""Marks that tests get by what they ask for, so that a new one needs none.

`slow`: `make test-fast` leaves it out; it starts a whole run, a replica or a browser, or takes
seconds. `serial`: `make test` runs it after all others, one at a time; it starts a whole run or a
replica and wants the machine for itself. `runs`: `make test` leaves it to `make test-runs`; it is
one of those that start many whole runs, or long ones. A test that is any of these for another
reason says so by `@pytest.mark`, or its file is named here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Mark:
    """Who gets it: tests that ask for one of `fixtures`, or whose file begins with one of
    `files`.
    """

    name: str
    fixtures: frozenset[str]
    files: tuple[str, ...]

    def is_for(self, item: pytest.Item) -> bool:
        file = item.path.relative_to(ROOT).as_posix()
        asked = getattr(item, "fixturenames", ())
        return file.startswith(self.files) or not self.fixtures.isdisjoint(asked)


SLOW = Mark(
    "slow",
    frozenset({"probe", "started_replica", "browser", "one_browser", "one_sfu"}),
    (
        "tests/deploy/test_alerts.py",
        "tests/deploy/test_words.py",
        "tests/probes/browser/",
        "tests/probes/livekit/sdk/",
        "tests/probes/livekit/test_calls_opener.py",
        "tests/probes/recording/test_otlp_proxy.py",
        "tests/probes/runner/test_session.py",
        "tests/probes/runner/test_target_process.py",
        "tests/replica/livekit/",
        "tests/replica/pages/",
        "tests/replica/test_livekit.py",
        "tests/replica/test_main.py",
        "tests/test_calls_leave_nothing.py",
        "tests/test_commands.py",
        "tests/test_firewall_runs.py",
        "tests/test_own_trouble.py",
        "tests/test_real_tests.py",
        "tests/test_refresh_race.py",
        "tests/test_secrets.py",
        "tests/test_stopped_runs.py",
    ),
)
SERIAL = Mark(
    "serial",
    frozenset({"probe", "started_replica"}),
    (
        "tests/test_calls_leave_nothing.py",
        "tests/test_firewall_runs.py",
        "tests/test_own_trouble.py",
        "tests/test_refresh_kills.py",
        "tests/test_refresh_race.py",
        "tests/test_stopped_runs.py",
    ),
)
RUNS = Mark(
    "runs",
    frozenset(),
    (
        "tests/fault_matrix/test_fault_matrix.py",
        "tests/test_firewall_runs.py",
        "tests/test_gate.py",
        "tests/test_green_means_asked.py",
        "tests/test_leaks.py",
        "tests/test_own_trouble.py",
        "tests/test_production.py",
        "tests/test_refresh_kills.py",
        "tests/test_refresh_race.py",
        "tests/test_secrets",
        "tests/test_shards.py",
        "tests/test_stopped_runs.py",
    ),
)


def mark(items: Sequence[pytest.Item]) -> None:
    for item in items:
        for each in (SLOW, SERIAL, RUNS):
            if each.is_for(item):
                item.add_marker(each.name)
