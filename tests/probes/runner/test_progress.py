"""Our progress, where pytest prints."""

import io
from types import SimpleNamespace
from typing import Any

import pytest

from probes.finding import Verdict
from probes.results import Outcome
from probes.runner.progress import RunProgress, silence_pytest
from reports.render.languages import ENGLISH
from tests.support.fake_run import scenario


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def config(stream: io.StringIO, *, verbose: int = 0, gate: bool = False) -> Any:
    """Pytest's configuration, as far as it is asked."""
    reporter = SimpleNamespace(_tw=SimpleNamespace(_file=stream))
    plugins = SimpleNamespace(get_plugin={"terminalreporter": reporter, "capturemanager": None}.get)
    return SimpleNamespace(
        pluginmanager=plugins, option=SimpleNamespace(verbose=verbose), getoption={"gate": gate}.get
    )


def progress(stream: io.StringIO, *, detail: int = 0, **how: Any) -> RunProgress:
    scenarios = [scenario("edge/a"), scenario("edge/b")]
    return RunProgress(config(stream, **how), scenarios, ENGLISH, usual={}, detail=detail)


@pytest.mark.parametrize(("how", "lines"), [({}, 0), ({"detail": 1}, 1), ({"detail": 2}, 1)])
async def test_a_scenario_gets_a_line_with_v_only(how: dict[str, Any], lines: int) -> None:
    """In a log that nobody asked to be long, none that held is named."""
    stream = io.StringIO()
    shown = progress(stream, **how)
    shown.add(scenario("edge/a"), Outcome(Verdict.HELD, duration_s=1.0))
    shown.end()
    assert stream.getvalue().count("edge/a") == lines


async def test_a_gates_pane_shows_no_progress() -> None:
    """Its first line is the verdict, on a terminal too."""
    stream = Terminal()
    shown = progress(stream, gate=True)
    shown.add(scenario("edge/a"), Outcome(Verdict.HELD))
    shown.end()
    assert not stream.getvalue()


async def test_a_terminal_shows_who_is_waited_for() -> None:
    """By the deadline of the scenario, as long as nothing better is known."""
    stream = Terminal()
    shown = progress(stream)
    shown.add(scenario("edge/a"), Outcome(Verdict.BROKEN))
    shown.end()
    assert "1/2 done, 1 broken, at most 60 s left: edge/b" in stream.getvalue()


@pytest.mark.parametrize("verbose", [-1, 0, 2])
def test_pytest_says_nothing_of_its_own(verbose: int) -> None:
    """Neither names nor a sum: verbosity -2 is what pytest calls that."""
    quiet = config(io.StringIO(), verbose=verbose)
    silence_pytest(quiet)
    assert quiet.option.verbose == -2
