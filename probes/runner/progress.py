"""Where pytest prints, and our progress there in place of its own."""

import contextlib
import sys
from collections.abc import Callable
from typing import Any

from probes.results import Outcome, Scenario
from probes.runner.output import stream
from reports.render.languages import Words
from reports.render.progress import Ended, Progress


def progress(
    config: Any, total: int, words: Words
) -> tuple[Progress, Callable[[Scenario, Outcome], None]]:
    """A line for each scenario as it ends; with -v pytest names them instead, and a gate's pane
    stays short.
    """
    reporter, capture = map(config.pluginmanager.get_plugin, ("terminalreporter", "capturemanager"))
    lines = Progress(stream(reporter) if reporter else sys.stdout, total, words)

    def tell(scenario: Scenario, outcome: Outcome) -> None:
        if config.option.verbose > 0 or config.getoption("gate") or reporter is None:
            return
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            lines.tell(Ended(scenario.id, outcome.verdict, outcome.duration, outcome.remark))

    return lines, tell
