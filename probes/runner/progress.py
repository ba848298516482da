"""Where pytest prints, and our progress there in place of its own."""

import asyncio
import contextlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from probes.results import Outcome, Scenario
from probes.runner.output import stream
from reports.render.languages import Words
from reports.render.progress import Progress

REFRESH_S = 1.0


def silence_pytest(config: Any) -> None:
    """Our progress and reports in place of pytest's header, names and sum at the end."""
    config.option.verbose = min(config.getoption("verbose", 0), -2)
    if reporter := config.pluginmanager.get_plugin("terminalreporter"):
        reporter._show_progress_info = False  # noqa: SLF001 - our own progress lines say it


class RunProgress:
    """Progress of a run, between what pytest captures. A deploy gate's pane shows none."""

    def __init__(
        self,
        config: Any,
        scenarios: Sequence[Scenario],
        words: Words,
        *,
        usual: Mapping[str, float],
        detail: int,
    ) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        self._capture = config.pluginmanager.get_plugin("capturemanager")
        self._shows = reporter is not None and not config.getoption("gate")
        self._timer: asyncio.TimerHandle | None = None
        limits = {scenario.id: scenario.deadline_s for scenario in scenarios}
        place = stream(reporter) if reporter else sys.stdout
        self._lines = Progress(place, limits, words, usual=usual, listing=detail > 0)

    def add(self, scenario: Scenario, outcome: Outcome) -> None:
        """A scenario has ended. Call on the loop."""
        if not self._shows:
            return
        with self.suspend_capture():
            self._lines.add(scenario.id, outcome)
        if self._timer is None:
            self._refresh_later()

    def end(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._shows:
            self._lines.end()

    def _refresh_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(REFRESH_S, self._refresh)

    def _refresh(self) -> None:
        if self._lines.is_done:
            return
        with self.suspend_capture():
            self._lines.refresh()
        self._refresh_later()

    def suspend_capture(self) -> contextlib.AbstractContextManager[None]:
        if self._capture is None:
            return contextlib.nullcontext()
        context: contextlib.AbstractContextManager[None]
        context = self._capture.global_and_fixture_disabled()
        return context
