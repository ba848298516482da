"""Which tests `make test` runs one at a time, after all others: those that start a whole run or a
replica of their own, which want the machine for themselves.

They are known by the fixtures they ask for, so a new one needs no mark. Other files are named here.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIXTURES = frozenset({"probe", "started_replica"})
FILES = (
    "tests/test_calls_leave_nothing.py",
    "tests/test_firewall_runs.py",
    "tests/test_own_trouble.py",
    "tests/test_refresh_kills.py",
    "tests/test_refresh_race.py",
    "tests/test_stopped_runs.py",
)


def mark(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if _is_serial(item):
            item.add_marker(pytest.mark.serial)


def _is_serial(item: pytest.Item) -> bool:
    file = item.path.relative_to(ROOT).as_posix()
    return file.startswith(FILES) or not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
