"""What is not translated yet: `make test` lists it at its end, and fails for none of it.

A test that compares a translation with its English asks for the fixture `untranslated` of
tests/conftest.py and calls it with one sentence for each thing that is missing. A translation that
is there and wrong still fails.
"""

from collections.abc import Callable

import pytest

Untranslated = Callable[[str], None]
MISSING = pytest.StashKey[list[str]]()


def recorder(config: pytest.Config) -> Untranslated:
    """Where one test run collects what its tests find missing."""
    return config.stash.setdefault(MISSING, []).append


def write_summary(terminal: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line for each missing translation, after the results of the tests."""
    sentences = config.stash.setdefault(MISSING, [])
    missing = sorted(set(sentences))
    if missing:
        terminal.section("not translated yet (a warning)")
        terminal.write("\n".join(missing) + "\n")
