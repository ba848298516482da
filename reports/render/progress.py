"""What a person sees while a run goes on: on a terminal one line that is written over, elsewhere a
line now and then.
"""

import time
from collections.abc import Callable, Mapping
from typing import TextIO

from rich.cells import set_cell_size
from rich.progress_bar import ProgressBar
from rich.text import Text

from probes.finding import Verdict
from probes.results import Outcome
from reports.render import wording
from reports.render.languages import ENGLISH, Words
from reports.render.terminal import STYLES, console_of, write

_ERASE_LINE = "\r\x1b[2K"
_BAR = 24
FIRST_PAUSE_S = 5.0  # before a line where lines stay; each pause is twice the one before


class Progress:
    """Is given each scenario as it ends. `limits`: seconds that each may take, by its deadline;
    `usual`: seconds that it took in an earlier run, as far as that is known.

    No cursor is hidden and nothing runs in the background: a kill leaves the terminal as it was.
    """

    def __init__(
        self,
        stream: TextIO,
        limits: Mapping[str, float],
        words: Words = ENGLISH,
        *,
        usual: Mapping[str, float] | None = None,
        listing: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._words, self._listing = stream, words, listing
        self._left, self._usual, self._total = dict(limits), dict(usual or {}), len(limits)
        self._clock, self._began = clock, clock()
        self._pause_s, self._next = FIRST_PAUSE_S, FIRST_PAUSE_S
        self._broken = self._unanswered = 0

    @property
    def is_done(self) -> bool:
        return not self._left

    def add(self, scenario: str, outcome: Outcome) -> None:
        """A scenario has ended."""
        self._left.pop(scenario, None)
        self._broken += outcome.counts_as is Verdict.BROKEN
        self._unanswered += outcome.verdict in (Verdict.UNKNOWN, Verdict.NOT_RUN)
        if self._listing:
            self._erase()
            write([self._line(scenario, outcome)], console_of(self._stream))
        self.refresh()

    def refresh(self) -> None:
        """Say how far the run is, where it is time to."""
        console = console_of(self._stream)
        elapsed = self._clock() - self._began
        text = self._text(elapsed)
        if console.is_terminal:
            self._stream.write(_ERASE_LINE)
            console.print(ProgressBar(self._total, self._total - len(self._left), _BAR), end="")
            # A line that wraps could not be written over.
            line = set_cell_size(f"  {text}", console.width - _BAR - 1)
            console.print(line.rstrip(), end="")
            self._stream.flush()
        elif elapsed >= self._next and not self._listing:
            self._pause_s *= 2
            self._next = elapsed + self._pause_s
            write([Text(text)], console)

    def end(self) -> None:
        """Leave nothing of a line that was to be written over."""
        self._erase()

    def _erase(self) -> None:
        if console_of(self._stream).is_terminal:
            self._stream.write(_ERASE_LINE)

    def _text(self, elapsed_s: float) -> str:
        done = self._total - len(self._left)
        parts = [self._words.text("progress.done", done=done, total=self._total)]
        for key, number in (("broken", self._broken), ("unanswered", self._unanswered)):
            if number:
                parts.append(self._words.text(f"progress.{key}", number=number))
        if self._left:
            parts.append(self._slowest(elapsed_s))
        return ", ".join(parts)

    def _slowest(self, elapsed_s: float) -> str:
        """Who is waited for longest, by what it took before, or at most by its deadline."""
        usual = {s: self._usual[s] for s in self._left if self._usual.get(s, 0.0) > elapsed_s}
        key, ends = ("left", usual) if usual else ("at-most", self._left)
        scenario = max(ends, key=lambda name: ends[name])
        seconds = f"{max(0.0, ends[scenario] - elapsed_s):.0f}"
        name = wording.one_line(scenario)
        return self._words.text(f"progress.{key}", seconds=seconds, scenario=name)

    def _line(self, scenario: str, outcome: Outcome) -> Text:
        done = f"{self._total - len(self._left):>{len(str(self._total))}}/{self._total}"
        verdict = wording.pad(self._words.verdict(outcome.verdict), 8)
        remark = f"  {wording.one_line(outcome.remark)}" if outcome.remark else ""
        name = f"{wording.one_line(scenario)}{remark}"
        took = f" {wording.seconds(outcome.duration_s):>8}  "
        return Text.assemble(f"{done}  ", (verdict, STYLES[outcome.verdict]), took, name)
