"""Where a run prints."""

import io
import os
from types import SimpleNamespace
from typing import Any, cast

from probes.runner.output import ForgivingStream, print_to_any_reader, stream


def test_a_reader_who_has_gone_is_no_error() -> None:
    """Neither what is written after it nor what was still buffered fails."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        out = ForgivingStream(file)
        os.close(reading)
        assert out.write("lost\n") == 5
        out.flush()
        assert out.is_gone
        out.writelines(["lost, too\n"])
        out.flush()


def test_letters_that_a_terminal_does_not_know_are_escaped() -> None:
    """And those that it knows are not."""
    raw = io.BytesIO()
    out = ForgivingStream(io.TextIOWrapper(raw, encoding="ascii"))
    out.write("a \uc57d\uc18d b\n")
    out.flush()
    assert raw.getvalue() == b"a \\uc57d\\uc18d b\n"


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
