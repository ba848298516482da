"""What moves while a run goes on, and what stays of it."""

import io

import pytest
from rich.cells import cell_len

from probes.finding import Code, Finding, Verdict
from probes.results import Outcome
from reports.render.languages import words
from reports.render.progress import Progress
from tests.support.terminals import Terminal, uncoloured

HELD, SKIPPED = Outcome(Verdict.HELD, duration_s=0.1), Outcome(Verdict.SKIPPED, reason="no TLS")
BROKEN = Outcome(Verdict.BROKEN, Finding(Code.ROUTE_BROKEN, "404", "gateway"), duration_s=0.1)
SILENT = Outcome(Verdict.UNKNOWN, duration_s=60.0)
LIMITS = {"edge/a": 60.0, "edge/b": 60.0, "edge/c": 90.0}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def moving(stream: io.StringIO) -> str:
    """The line as it stands now."""
    return uncoloured(stream.getvalue().rpartition("\r\x1b[2K")[2])


@pytest.mark.parametrize("outcome", [HELD, SKIPPED, BROKEN, SILENT])
def test_a_scenario_that_ends_gets_no_line(outcome: Outcome) -> None:
    """Neither in a log nor on a terminal, whatever became of it."""
    for stream in (io.StringIO(), Terminal()):
        progress = Progress(stream, LIMITS)
        progress.add("edge/a", outcome)
        progress.end()
        assert "\n" not in stream.getvalue()


def test_a_log_gets_a_line_after_five_seconds_and_then_more_rarely() -> None:
    """A run of two minutes leaves five lines, whatever ends meanwhile."""
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, dict.fromkeys(map(str, range(1200)), 300.0), clock=clock)
    times = []
    for tenth in range(1200):
        clock.now = 1000.0 + tenth / 10
        before = stream.getvalue().count("\n")
        progress.add(str(tenth), HELD)
        times += [tenth / 10] * (stream.getvalue().count("\n") - before)
    assert times == [5.0, 15.0, 35.0, 75.0]
    assert stream.getvalue().startswith("51/1200 done, at most 295 s left: ")


def test_it_counts_what_is_broken_and_what_got_no_answer() -> None:
    """And names whom it waits for, at most until the deadline."""
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, LIMITS, clock=clock)
    progress.add("edge/a", BROKEN)
    clock.now += 6.0
    progress.add("edge/b", SILENT)
    expected = "2/3 done, 1 broken, 1 without an answer, at most 84 s left: edge/c\n"
    assert stream.getvalue() == expected


def test_what_earlier_runs_took_says_how_long_is_left() -> None:
    """The slowest of what is left counts; once that time has passed, the deadline does."""
    clock, stream = Clock(), Terminal()
    usual = {"edge/a": 40.0, "edge/b": 12.0, "edge/c": 9.0}
    progress = Progress(stream, LIMITS, usual=usual, clock=clock)
    progress.add("edge/a", HELD)
    assert "1/3 done, 12 s left: edge/b" in moving(stream)
    clock.now += 5.0
    progress.refresh()
    assert "1/3 done, 7 s left: edge/b" in moving(stream)
    clock.now += 10.0
    progress.refresh()
    assert "1/3 done, at most 75 s left: edge/c" in moving(stream)
    progress.add("edge/b", HELD)
    progress.add("edge/c", HELD)
    assert (moving(stream).rstrip().endswith("3/3 done"), progress.is_done) == (True, True)


def test_an_accepted_break_is_not_counted_as_broken() -> None:
    """It fails nothing, so nobody needs to look up from their work."""
    stream = Terminal()
    progress = Progress(stream, LIMITS)
    progress.add("edge/a", Outcome(Verdict.BROKEN, is_known=True))
    assert "broken" not in moving(stream)


def test_every_scenario_gets_a_line_where_that_is_asked_for() -> None:
    """How many are done, what it ended as, how long it took, and what is special about it."""
    stream = io.StringIO()
    progress = Progress(stream, LIMITS, listing=True)
    progress.add("edge/a", HELD)
    progress.add("edge/b", BROKEN)
    assert stream.getvalue() == (
        "1/3  HELD        0.1 s  edge/a\n2/3  BROKEN      0.1 s  edge/b  route-broken\n"
    )


def test_the_moving_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not be written over."""
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    progress = Progress(stream, {"edge/a": 1.0, "edge/위리스트" * 20: 60.0}, words("ko"))
    progress.add("edge/a", BROKEN)
    assert "1/2" in moving(stream)
    assert cell_len(moving(stream)) <= 60
    progress.end()
    assert not moving(stream)


def test_a_kill_leaves_the_terminal_as_it_was() -> None:
    """No cursor is hidden and no other screen opened while the line moves."""
    stream = Terminal()
    Progress(stream, LIMITS).add("edge/a", HELD)
    assert "\x1b[?" not in stream.getvalue()


def test_a_remark_cannot_steer_the_terminal() -> None:
    """Escape sequences of a hostile reason are shown, not obeyed."""
    stream = io.StringIO()
    progress = Progress(stream, LIMITS, listing=True)
    progress.add("edge/a", Outcome(Verdict.SKIPPED, reason="\x1b[2J"))
    assert "\\x1b[2J" in stream.getvalue()
