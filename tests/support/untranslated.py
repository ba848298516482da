"""What is not translated yet: `make test` lists it at its end, and fails for none of it.

A test that compares a translation with its English asks for the fixture `untranslated` of
tests/conftest.py and calls it with one sentence for each thing that is missing. A translation that
is there and wrong still fails.
"""

from collections.abc import Callable, Iterable
from itertools import chain

import pytest

Untranslated = Callable[[str], None]
PROPERTY = "untranslated"  # of a test's report, which comes from whatever process ran it


def write_summary(terminal: pytest.TerminalReporter) -> None:
    """One line for each missing translation, after the results of the tests."""
    reports = chain.from_iterable(terminal.stats.get(how, ()) for how in ("passed", "failed"))
    missing = sorted({sentence for report in reports for sentence in _sentences(report)})
    if missing:
        terminal.section("not translated yet (a warning)")
        terminal.write("\n".join(missing) + "\n")


def _sentences(report: pytest.TestReport) -> Iterable[str]:
    return [str(text) for name, text in report.user_properties if name == PROPERTY]
