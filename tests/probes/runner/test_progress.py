"""Our progress, where pytest prints."""

import io
from types import SimpleNamespace
from typing import Any

import pytest

from probes.finding import Verdict
from probes.results import Outcome
from probes.runner import progress
from reports.render.languages import ENGLISH
from tests.support.fake_run import scenario


def config(stream: io.StringIO, *, verbose: int = 0, gate: bool = False) -> Any:
    """Pytest's configuration, as far as it is asked."""
    reporter = SimpleNamespace(_tw=SimpleNamespace(_file=stream))
    plugins = SimpleNamespace(get_plugin={"terminalreporter": reporter, "capturemanager": None}.get)
    return SimpleNamespace(
        pluginmanager=plugins, option=SimpleNamespace(verbose=verbose), getoption={"gate": gate}.get
    )


@pytest.mark.parametrize(("how", "told"), [({}, 1), ({"verbose": 1}, 0), ({"gate": True}, 0)])
def test_a_scenario_that_ends_gets_a_line(how: dict[str, Any], told: int) -> None:
    """Unless pytest names it itself, or a gate's pane is kept short."""
    stream = io.StringIO()
    _, tell = progress.progress(config(stream, **how), 1, ENGLISH)
    tell(scenario("edge/a"), Outcome(Verdict.HELD, duration=1.0))
    assert stream.getvalue().count("edge/a") == told
