"""Which tests `make test-fast` leaves out: those that start a whole run, a replica or a browser.

They are known by the fixtures they ask for, so a new one needs no mark. A test that is slow for
another reason is marked `@pytest.mark.slow`, or its file is named here.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIXTURES = frozenset({"probe", "started_replica", "browser", "one_browser", "one_sfu"})
FILES = (  # these start processes, or wait for what takes seconds
    "tests/deploy/test_alerts.py",
    "tests/deploy/test_words.py",
    "tests/probes/browser/",
    "tests/probes/livekit/sdk/",
    "tests/probes/livekit/test_calls_opener.py",
    "tests/probes/runner/test_session.py",
    "tests/probes/runner/test_target_process.py",
    "tests/replica/livekit/",
    "tests/replica/pages/",
    "tests/replica/test_livekit.py",
    "tests/replica/test_main.py",
    "tests/test_calls_leave_nothing.py",
    "tests/test_firewall_runs.py",
    "tests/test_refresh_race.py",
    "tests/test_stopped_runs.py",
)


def mark(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if _is_slow(item):
            item.add_marker(pytest.mark.slow)


def _is_slow(item: pytest.Item) -> bool:
    file = item.path.relative_to(ROOT).as_posix()
    return file.startswith(FILES) or not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
