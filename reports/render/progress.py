"""What a person sees while a run goes on: on a terminal one line that moves, elsewhere one line a
scenario.
"""

import itertools
from dataclasses import dataclass
from typing import TextIO

from rich.cells import set_cell_size
from rich.progress_bar import ProgressBar
from rich.text import Text

from probes.finding import Verdict
from reports.render import wording
from reports.render.languages import ENGLISH, Words
from reports.render.terminal import STYLES, console_of, put

_ANEW = "\r\x1b[2K"  # the terminal's line is written over
_BAR = 24


@dataclass(frozen=True, slots=True)
class Ended:
    """One finished scenario. `duration` in seconds; `remark`: what is special about it, or
    nothing.
    """

    scenario: str
    verdict: Verdict
    duration: float
    remark: str = ""


class Progress:
    """Told of each scenario as it ends. What held is written over by the next; what broke stays to
    be read.

    No cursor is hidden and nothing runs in the background: a kill leaves the terminal as it was.
    """

    def __init__(self, stream: TextIO, total: int, words: Words = ENGLISH) -> None:
        self._stream, self._total, self._words = stream, total, words
        self._count, self._bad = itertools.count(1), 0

    def tell(self, ended: Ended) -> None:
        console, done = console_of(self._stream), next(self._count)
        if not console.is_terminal:
            return put([self._line(done, ended)], console)
        self._stream.write(_ANEW)
        if ended.verdict not in (Verdict.HELD, Verdict.SKIPPED) or ended.remark:
            self._bad += 1
            console.print(self._line(done, ended))
        console.print(ProgressBar(self._total, done, width=_BAR), end="")
        said = self._words.text("progress.done", done=done, total=self._total, bad=self._bad)
        line = set_cell_size(
            f"  {said}  {wording.one_line(ended.scenario)}", console.width - _BAR - 1
        )
        return console.print(line.rstrip(), end="")  # a line that wraps could not be written over

    def end(self) -> None:
        """Leave nothing of a line that was to be overwritten."""
        if console_of(self._stream).is_terminal:
            self._stream.write(_ANEW)

    def _line(self, done: int, ended: Ended) -> Text:
        said = f"  {wording.one_line(ended.remark)}" if ended.remark else ""
        return Text.assemble(
            f"{done:>{len(str(self._total))}}/{self._total}  ",
            (wording.padded(self._words.verdict(ended.verdict), 8), STYLES[ended.verdict]),
            f" {wording.seconds(ended.duration):>8}  {wording.one_line(ended.scenario)}{said}",
        )
