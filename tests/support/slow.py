"""Which tests `make test-fast` leaves out: those that start a whole run, a replica or a browser.

They are known by the fixtures they ask for, so a new one needs no mark. A test that is slow for
another reason is marked `@pytest.mark.slow`.
"""

from collections.abc import Sequence

import pytest

FIXTURES = frozenset({"probe", "started_replica", "browser"})


def mark(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if _is_slow(item):
            item.add_marker(pytest.mark.slow)


def _is_slow(item: pytest.Item) -> bool:
    return not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
