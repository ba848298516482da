"""What moves while a run goes on, and what stays of it."""

import io

import pytest
from rich.cells import cell_len

from probes.finding import Verdict
from reports.render.languages import words
from reports.render.progress import Ended, Progress
from tests.reports.render.test_terminal import Terminal, _uncoloured

HELD, BROKEN = (
    Ended("edge/a", Verdict.HELD, 0.1),
    Ended("edge/b", Verdict.BROKEN, 0.1, "route-broken"),
)


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_elsewhere_it_is_one_line_a_scenario() -> None:
    """How many are done, what it ended as, how long it took, and what is special about it."""
    stream = io.StringIO()
    progress = Progress(stream, 72)
    progress.tell(HELD)
    progress.tell(Ended("edge/tls", Verdict.DEGRADED, 1.25, "tls-expiring"))
    progress.end()
    assert stream.getvalue() == (
        " 1/72  HELD        0.1 s  edge/a\n 2/72  DEGRADED    1.2 s  edge/tls  tls-expiring\n"
    )


def test_on_a_terminal_what_held_is_written_over() -> None:
    """One line moves while all is well; what broke stays to be read."""
    stream = Terminal()
    progress = Progress(stream, 9)
    progress.tell(HELD)
    progress.tell(BROKEN)
    progress.end()
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().count("\r\x1b[2K") == 3
    assert "BROKEN      0.1 s  edge/b  route-broken\n" in _uncoloured(stream.getvalue())


def test_the_moving_line_counts_and_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how far the run is and how much is to be looked at, and never wraps, or it could not
    be written over.
    """
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    progress = Progress(stream, 2, words("ko"))
    progress.tell(BROKEN)
    progress.tell(Ended("edge/위리스트" * 20, Verdict.HELD, 0.1))
    moving = _uncoloured(stream.getvalue().rpartition("\r\x1b[2K")[2])
    assert "2/2" in moving
    assert cell_len(moving) <= 60


def test_a_kill_leaves_the_terminal_as_it_was() -> None:
    """No cursor is hidden and no other screen opened while the line moves."""
    stream = Terminal()
    Progress(stream, 2).tell(HELD)
    assert "\x1b[?" not in stream.getvalue()


def test_a_name_cannot_steer_the_terminal() -> None:
    """Escape sequences of a hostile remark are shown, not obeyed."""
    stream = io.StringIO()
    Progress(stream, 1).tell(Ended("edge/a", Verdict.BROKEN, 0.1, "\x1b[2J"))
    assert "\\x1b[2J" in stream.getvalue()
