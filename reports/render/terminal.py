"""What a person reads at the end of a run: the verdict, what is broken and where to look, then
every promise in a row.

On a terminal in colours, which never say what the words do not; elsewhere the same lines, plain.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from probes.finding import Verdict
from reports.model.history import History
from reports.model.run import Result, Run
from reports.render import annotations, wording
from reports.render.languages import ENGLISH, Words

Histories = Mapping[str, History]

PLAIN_WIDTH = 80
_LABEL = 10
_VERDICT, _DURATION = 10, 8  # columns of the table, after the scenario's
_ASKED = (Verdict.HELD, Verdict.DEGRADED, Verdict.BROKEN, Verdict.UNKNOWN)

STYLES = {
    Verdict.HELD: "green",
    Verdict.DEGRADED: "yellow",
    Verdict.BROKEN: "bold red",
    Verdict.UNKNOWN: "bold magenta",
    Verdict.NOT_RUN: "bold magenta",
    Verdict.SKIPPED: "dim",
}


def show(
    run: Run,
    stream: TextIO,
    words: Words = ENGLISH,
    history: Histories = wording.NO_HISTORY,
    environ: Mapping[str, str] = MappingProxyType({}),
    *,
    strict: bool = False,
) -> None:
    """The whole report; in GitHub Actions, as `environ` says, with an annotation for each
    finding.
    """
    console = console_of(stream)
    width = console.width if console.is_terminal else PLAIN_WIDTH
    told = lines(run, width, words, history, strict=strict)
    if not annotations.wanted(environ):
        return put(told, console)
    with annotations.deaf(stream):
        put(told, console)
    return annotations.show(run, stream, words)


def lines(
    run: Run,
    width: int,
    words: Words = ENGLISH,
    history: Histories = wording.NO_HISTORY,
    *,
    strict: bool = False,
) -> Iterator[Text]:
    """The report, line by line; only what must be copied whole is wider than `width`."""
    headline = [
        Text(line, "bold") for line in _wrapped(wording.headline(run, words, strict=strict), width)
    ]
    yield from headline
    yield Text()
    for group in wording.groups(run):
        yield Text(wording.heading(group, words), STYLES[group[0].verdict])
        yield from _labelled(wording.rows(group, None, words, history), width, words)
        yield Text()
    yield from _table(run.scenarios, width, words, history)
    yield from _skipped(run.scenarios, width, words)
    yield Text()
    for fact, value in run.facts:
        yield Text(wording.one_line(f"{fact}: {value}"))
    yield Text(wording.spans_line(run, words))
    yield Text(words.text("table.folder", folder=wording.escaped(_near(run.folder))))
    yield from headline


def _labelled(rows: wording.Rows, width: int, words: Words) -> Iterator[Text]:
    said = ""
    names = {key: words.text(f"label.{key}") for key, _ in rows if key}
    column = max([_LABEL, *(cell_len(name) + 1 for name in names.values())])
    for key, text in rows:
        shown = "" if key == said else names.get(key, "")
        said = key or said
        # A rung's words stand to the right of its name and its outcome.
        hanging = " " * wording.rung_indent(words) if said == "ladder" else ""
        wrapped = (
            [text] if key == "reproduce_command" else _wrapped(text, width - column - 2, hanging)
        )
        for number, line in enumerate(wrapped):
            yield Text.assemble(
                "  ", (wording.padded("" if number else shown, column), "bold"), line
            )


def _table(
    scenarios: Sequence[Result], width: int, words: Words, history: Histories
) -> Iterator[Text]:
    marks = [_mark(scenario, words, history) for scenario in scenarios]
    names = [wording.one_line(scenario.id) for scenario in scenarios]
    heads = [words.text(f"table.{head}") for head in ("scenario", "verdict", "duration")]
    room = max(
        width - _VERDICT - _DURATION - max(map(cell_len, marks), default=0), cell_len(heads[0]) + 2
    )
    column = min(room, max([cell_len(name) for name in [*names, heads[0]]]) + 2)
    head, verdict, duration = heads
    right = " " * (_DURATION - cell_len(duration)) + duration
    yield Text(f"{wording.padded(head, column)}{wording.padded(verdict, _VERDICT)}{right}", "bold")
    for name, scenario, mark in zip(names, scenarios, marks, strict=True):
        if (
            cell_len(name) > column - 2
        ):  # names are for copying: too long a one gets a line of its own
            yield Text(name)
            name = ""  # noqa: PLW2901 - said already
        word = (wording.padded(words.verdict(scenario.verdict), _VERDICT), STYLES[scenario.verdict])
        yield Text.assemble(
            wording.padded(name, column), word, f"{_duration(scenario):>{_DURATION}}", mark
        )


def _mark(scenario: Result, words: Words, history: Histories) -> str:
    if scenario.outcome.flaky or scenario.outcome.accepted:
        return "  " + words.text("table.flaky" if scenario.outcome.flaky else "table.accepted")
    past = history.get(scenario.id)
    if past and past.usual and past.unusual:
        low, high = map(wording.seconds, past.usual)
        return "  " + words.text("table.unusual", low=low, high=high)
    return ""


def _duration(scenario: Result) -> str:
    return wording.seconds(scenario.outcome.duration) if scenario.verdict in _ASKED else "-"


def _skipped(scenarios: Iterable[Result], width: int, words: Words) -> Iterator[Text]:
    reasons: dict[str, list[str]] = {}
    for scenario in scenarios:
        if scenario.verdict is Verdict.SKIPPED:
            reason = wording.one_line(scenario.outcome.reason) or words.text("table.no-reason")
            reasons.setdefault(reason, []).append(wording.one_line(scenario.id))
    for reason, names in reasons.items():
        yield Text()
        yield from (
            Text(line) for line in _wrapped(words.text("table.skipped", reason=reason), width)
        )
        yield from (Text(f"  {name}") for name in names)


def _wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    """Lines of at most `width` cells, broken at spaces; textwrap counts characters, and Korean ones
    are wide.
    """
    room, lines = max(width, 20), [""]
    for word in re.findall(r"\d[\d.]* s\b\S*\s*|\S+\s*", text):  # a number keeps its unit
        if lines[-1].strip() and cell_len(lines[-1]) + cell_len(word.rstrip()) > room:
            lines.append(hanging)
        lines[-1] += word
    return [line.rstrip() for line in lines]


def _near(folder: Path) -> str:
    """As one would type it from here."""
    relative = os.path.relpath(folder)
    return str(folder) if relative.startswith("..") else relative


def console_of(stream: TextIO) -> Console:
    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)


def put(told: Iterable[Text], console: Console) -> None:
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
