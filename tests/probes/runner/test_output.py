"""Where a run prints."""

import io
from types import SimpleNamespace
from typing import Any, cast

from probes.runner.output import print_to_any_reader, stream


def test_pytest_prints_there_once() -> None:
    """Asked twice, the stream is not wrapped twice, and still answers as the terminal did."""
    terminal = io.StringIO()
    reporter = cast("Any", SimpleNamespace(_tw=SimpleNamespace(_file=terminal)))
    print_to_any_reader(reporter)
    first = stream(reporter)
    print_to_any_reader(reporter)
    assert stream(reporter) is first
    assert first.isatty() is False
    first.write("x")
    assert terminal.getvalue() == "x"
