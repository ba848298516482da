"""What a person reads at the end of a run: the verdict, what is broken and where to look, then every promise in a row.

On a terminal in colours, which never say what the words do not; elsewhere the same lines, plain.
"""

import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from probes.finding import Verdict
from reports import telling
from reports.run import Run, Scenario

PLAIN_WIDTH = 80
_LABEL = 10
_ANEW = "\r\x1b[2K"  # the terminal's line is written over
_RUNG = 16
_VERDICT, _DURATION = 10, 8  # columns of the table, after the scenario's
_ASKED = (Verdict.HELD, Verdict.DEGRADED, Verdict.BROKEN, Verdict.UNKNOWN)

_STYLES = {
    Verdict.HELD: "green",
    Verdict.DEGRADED: "yellow",
    Verdict.BROKEN: "bold red",
    Verdict.UNKNOWN: "bold magenta",
    Verdict.NOT_RUN: "bold magenta",
    Verdict.SKIPPED: "dim",
}


def show(run: Run, stream: TextIO, *, strict: bool = False) -> None:
    """The whole report."""
    console = _console(stream)
    width = console.width if console.is_terminal else PLAIN_WIDTH
    _put(lines(run, width, strict=strict), console)


def progress(  # noqa: PLR0917 - a row of a table
    stream: TextIO, done: int, total: int, scenario: str, verdict: Verdict, duration: float, remark: str = ""
) -> None:
    """One line for one finished scenario, while the run goes on; on a terminal what held is overwritten by the next."""
    line, console = progress_line(done, total, scenario, verdict, duration, remark), _console(stream)
    if not console.is_terminal:
        return _put([line], console)
    stream.write(_ANEW)
    held = verdict is Verdict.HELD and not remark
    return console.print(line[: console.width - 1] if held else line, end="" if held else "\n")


def end_progress(stream: TextIO) -> None:
    """Leave nothing of a line that was to be overwritten."""
    if _console(stream).is_terminal:
        stream.write(_ANEW)


def progress_line(  # noqa: PLR0917 - as above
    done: int, total: int, scenario: str, verdict: Verdict, duration: float, remark: str = ""
) -> Text:
    said = f"  {telling.one_line(remark)}" if remark else ""
    return Text.assemble(
        f"{done:>{len(str(total))}}/{total}  ",
        (f"{telling.word(verdict):<8}", _STYLES[verdict]),
        f" {telling.seconds(duration):>8}  {telling.one_line(scenario)}{said}",
    )


def lines(run: Run, width: int, *, strict: bool = False) -> Iterator[Text]:
    """The report, line by line; only what must be copied whole is wider than `width`."""
    headline = [Text(line, "bold") for line in _wrapped(telling.headline(run, strict=strict), width)]
    yield from headline
    yield Text()
    for group in telling.groups(run):
        yield Text(telling.heading(group), _STYLES[group[0].verdict])
        yield from _labelled(telling.rows(group), width)
        yield Text()
    yield from _table(run.scenarios, width)
    yield from _skipped(run.scenarios, width)
    yield Text()
    for fact, value in run.facts:
        yield Text(telling.one_line(f"{fact}: {value}"))
    yield Text(telling.spans_line(run))
    yield Text(f"folder: {telling.escaped(_near(run.folder))}")
    yield from headline


def _labelled(rows: telling.Rows, width: int) -> Iterator[Text]:
    said = ""
    for label, text in rows:
        shown = "" if label == said else label
        said = label or said
        # A rung's words stand to the right of its name and its outcome.
        hanging = " " * _RUNG if said == "ladder" else ""
        wrapped = [text] if label == "reproduce" else _wrapped(text, width - _LABEL - 2, hanging)
        for number, line in enumerate(wrapped):
            yield Text.assemble("  ", (f"{'' if number else shown:<{_LABEL}}", "bold"), line)


def _table(scenarios: Sequence[Scenario], width: int) -> Iterator[Text]:
    marks = [_mark(scenario) for scenario in scenarios]
    names = [telling.one_line(scenario.id) for scenario in scenarios]
    room = max(width - _VERDICT - _DURATION - max(map(len, marks), default=0), len("scenario") + 2)
    column = min(room, max([cell_len(name) for name in [*names, "scenario"]]) + 2)
    yield Text(f"{'scenario':<{column}}{'verdict':<{_VERDICT}}{'duration':>{_DURATION}}", "bold")
    for name, scenario, mark in zip(names, scenarios, marks, strict=True):
        free = column - cell_len(name)
        if free < 2:  # names are for copying: too long a one gets a line of its own
            yield Text(name)
            name, free = "", column  # noqa: PLW2901 - said already
        word = (f"{telling.word(scenario.verdict):<{_VERDICT}}", _STYLES[scenario.verdict])
        yield Text.assemble(name + " " * free, word, f"{_duration(scenario):>{_DURATION}}", mark)


def _mark(scenario: Scenario) -> str:
    return "  flaky" if scenario.flaky else "  accepted" if scenario.accepted else ""


def _duration(scenario: Scenario) -> str:
    return telling.seconds(scenario.duration) if scenario.verdict in _ASKED else "-"


def _skipped(scenarios: Iterable[Scenario], width: int) -> Iterator[Text]:
    reasons: dict[str, list[str]] = {}
    for scenario in scenarios:
        if scenario.verdict is Verdict.SKIPPED:
            reason = telling.one_line(scenario.reason) or "no reason was given"
            reasons.setdefault(reason, []).append(telling.one_line(scenario.id))
    for reason, names in reasons.items():
        yield Text()
        yield from (Text(line) for line in _wrapped(f"skipped: {reason}", width))
        yield from (Text(f"  {name}") for name in names)


def _wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    room = max(width, 20)
    return textwrap.wrap(text, room, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False) or [""]


def _near(folder: Path) -> str:
    """As one would type it from here."""
    relative = os.path.relpath(folder)
    return str(folder) if relative.startswith("..") else relative


def _console(stream: TextIO) -> Console:
    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)


def _put(told: Iterable[Text], console: Console) -> None:
    encoding = console.encoding
    for line in told:
        spelled = line.plain.encode(encoding, "backslashreplace").decode(encoding)
        if spelled != line.plain:
            line = Text(spelled, line.style)  # noqa: PLW2901 - the stream cannot say it otherwise
        if console.is_terminal:
            console.print(line)
        else:
            console.file.write(f"{line.plain.rstrip()}\n")
    console.file.flush()
