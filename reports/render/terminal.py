"""What a person reads at the end of a run: the verdict and where to look first, a block for each
cause, then how much of everything there was.

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
from reports.model import causes
from reports.model.causes import Block
from reports.model.history import History
from reports.model.run import Result, Run
from reports.render import annotations, cause_rows, wording
from reports.render.languages import ENGLISH, Words

Histories = Mapping[str, History]

PLAIN_WIDTH = 100
LISTED, EVIDENCE = 1, 2  # -v: every promise in a table; -vv: what was exchanged, too
# Lines for causes that are shown whole without -v; the first always is, the others get a line or
# two.
ROOM = 34
SHORT_BLOCKS = 6
REASONS = 8  # to skip a promise
EXCHANGES = 10  # of an example, the last ones
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
    detail: int = 0,
) -> None:
    """The whole report; in GitHub Actions, as `environ` says, with an annotation for each cause.
    `detail`: 0, LISTED or EVIDENCE.
    """
    console = console_of(stream)
    width = console.width if console.is_terminal else PLAIN_WIDTH
    report = lines(run, width, words, history, strict=strict, detail=detail)
    if not annotations.is_wanted(environ):
        write(report, console)
        return
    with annotations.commands_stopped(stream):
        write(report, console)
    annotations.show(run, stream, words, history)


def lines(
    run: Run,
    width: int,
    words: Words = ENGLISH,
    history: Histories = wording.NO_HISTORY,
    *,
    strict: bool = False,
    detail: int = 0,
) -> Iterator[Text]:
    """The report, line by line; only what must be copied whole is wider than `width`."""
    verdict = wording.verdict_and_cause(run, words, history, strict=strict)
    for line in wrap(verdict, width):
        yield Text(line, "bold")
    yield Text()
    blocks = causes.blocks(run, history)
    yield from _blocks(blocks, width, words, history, detail)
    if detail:
        yield from _table(run.scenarios, width, words, history)
        yield Text()
    yield from _plain(wording.counts(run, words), width)
    yield from _skip_lines(run.scenarios, width, words)
    for fact, value in run.facts:
        yield Text(wording.one_line(f"{fact}: {value}"))
    if detail or _spans_matter(run):
        yield Text(wording.spans_line(run, words))
    yield Text(words.text("table.folder", folder=wording.escape(_near(run.folder))))


def _blocks(
    blocks: Sequence[Block], width: int, words: Words, history: Histories, detail: int
) -> Iterator[Text]:
    """What fails the run first and whole, as far as there is room; then a line or two for each of
    the others.
    """
    room = ROOM
    short: list[Block] = []
    for index, block in enumerate(blocks):
        rows = _rows(block, words, history, detail)
        body = list(_label_lines(rows, width, words))
        room -= len(body) + 2
        if detail or (block.is_failing and (index == 0 or room >= 0)):
            yield Text(cause_rows.heading(block, words), STYLES[block.lead.verdict])
            yield from body
            yield Text()
        else:
            short.append(block)
    for block in short[:SHORT_BLOCKS]:
        yield from _short(block, width, words)
    if len(short) > SHORT_BLOCKS:
        yield Text(words.text("table.more", number=len(short) - SHORT_BLOCKS))
    if short:
        yield Text()


def _short(block: Block, width: int, words: Words) -> Iterator[Text]:
    """Verdict, code and one promise, then the cause; what is accepted, or what the suite could not
    do, has its reason instead of the cause.
    """
    accepted = block.lead.outcome.accepted
    cause = words.cause(block.cause) if block.is_of_target else block.symptoms[0].observation
    title = f"{cause_rows.heading(block, words)}: {wording.one_line(block.lead.id)}"
    for line in wrap(title, width, "  "):
        yield Text(line)
    why = accepted.why if accepted else cause
    reason = wording.one_line(why)
    if reason:
        yield Text("  " + _first_line(reason, width - 2))


def _first_line(text: str, width: int) -> str:
    """What one line has room for, in whole words, with dots for the rest."""
    first, *rest = wrap(text, width)
    return f"{wrap(text, width - 4)[0]} ..." if rest else first


def _rows(block: Block, words: Words, history: Histories, detail: int) -> cause_rows.Rows:
    rows = cause_rows.block_rows(block, words, history)
    if detail < EVIDENCE:
        return _condense(rows, block, words)
    notes = [wording.one_line(note) for note in block.lead.notes]
    exchanges = [wording.exchange_line(each) for each in block.lead.exchanges[-EXCHANGES:]]
    for label, texts in (("notes", notes), ("exchanges", exchanges)):
        rows += [("" if index else label, text) for index, text in enumerate(texts)]
    return rows


def _condense(rows: cause_rows.Rows, block: Block, words: Words) -> cause_rows.Rows:
    """The ladder as what held in one line, and what broke, or the last rung, whole."""
    rungs = block.proof.rungs if block.proof else ()
    if len(rungs) < 2:
        return rows
    broken = [rung for rung in rungs if not rung.held] or [rungs[-1]]
    held = ", ".join(wording.one_line(rung.name) for rung in rungs if rung not in broken)
    ladder = [words.text("rung.all-held", names=held)] if held else []
    ladder += [
        cause_rows.rung_line(rung.name, rung.detail, words, held=rung.held) for rung in broken
    ]
    start = next(index for index, (key, _) in enumerate(rows) if key == "ladder")
    short = [("" if index else "ladder", line) for index, line in enumerate(ladder)]
    return [*rows[:start], *short, *rows[start + len(rungs) :]]


def _label_lines(rows: cause_rows.Rows, width: int, words: Words) -> Iterator[Text]:
    names = {key: words.text(f"label.{key}") for key, _ in rows if key}
    column = max([_LABEL, *(cell_len(name) + 1 for name in names.values())])
    current = ""
    for key, text in rows:
        current = key or current
        # A rung's detail stands to the right of its name and its outcome.
        hanging = " " * cause_rows.rung_indent(words) if current == "ladder" else ""
        copied = key == "reproduce_command"
        texts = [text] if copied else wrap(text, width - column - 2, hanging)
        for number, line in enumerate(texts):
            label = "" if number else names.get(key, "")
            yield Text.assemble("  ", (wording.pad(label, column), "bold"), line)


def _table(
    results: Sequence[Result], width: int, words: Words, history: Histories
) -> Iterator[Text]:
    marks = [_mark(result, words, history) for result in results]
    names = [wording.one_line(result.id) for result in results]
    head, verdict, duration = (
        words.text(f"table.{name}") for name in ("scenario", "verdict", "duration")
    )
    widest_mark = max(map(cell_len, marks), default=0)
    room = max(width - _VERDICT - _DURATION - widest_mark, cell_len(head) + 2)
    column = min(room, max(map(cell_len, [*names, head])) + 2)
    right = " " * (_DURATION - cell_len(duration)) + duration
    yield Text(f"{wording.pad(head, column)}{wording.pad(verdict, _VERDICT)}{right}", "bold")
    for name, result, mark in zip(names, results, marks, strict=True):
        shown = name
        if cell_len(name) > column - 2:
            # Names are for copying: one that is too long gets a line of its own.
            yield Text(name)
            shown = ""
        word = wording.pad(words.verdict(result.verdict), _VERDICT)
        took = f"{_duration(result):>{_DURATION}}"
        yield Text.assemble(wording.pad(shown, column), (word, STYLES[result.verdict]), took, mark)


def _mark(result: Result, words: Words, history: Histories) -> str:
    outcome = result.outcome
    if outcome.accepted:
        return "  " + words.text("table.accepted")
    past = history.get(result.id)
    if past and past.usual and past.unusual:
        low, high = map(wording.seconds, past.usual)
        return "  " + words.text("table.unusual", low=low, high=high)
    return ""


def _duration(result: Result) -> str:
    return wording.seconds(result.outcome.duration_s) if result.verdict in _ASKED else "-"


def _skip_lines(results: Iterable[Result], width: int, words: Words) -> Iterator[Text]:
    reasons = wording.skip_reasons(results)
    for given, number in reasons[:REASONS]:
        reason = given or words.text("table.no-reason")
        yield from _plain(words.text("table.skipped", number=number, reason=reason), width)
    if len(reasons) > REASONS:
        yield Text(words.text("table.more", number=len(reasons) - REASONS))


def _spans_matter(run: Run) -> bool:
    """Somebody asked for an export of them."""
    return bool(run.spans and (run.spans.exported or run.spans.lost))


def _plain(text: str, width: int) -> Iterator[Text]:
    for line in wrap(text, width, "  "):
        yield Text(line)


def wrap(text: str, width: int, hanging: str = "") -> list[str]:
    """Lines of at most `width` cells, broken at spaces; textwrap counts characters, and Korean ones
    are wide.
    """
    room, lines = max(width, 20), [""]
    for word in re.findall(r"\d[\d.]* s\b\S*\s*|\S+\s*", text):  # a number keeps its unit
        is_full = cell_len(lines[-1]) + cell_len(word.rstrip()) > room
        if is_full and lines[-1].strip():
            lines.append(hanging)
        lines[-1] += word
    return [line.rstrip() for line in lines]


def _near(folder: Path) -> str:
    """As one would type it from here."""
    relative = os.path.relpath(folder)
    return str(folder) if relative.startswith("..") else relative


def console_of(stream: TextIO) -> Console:
    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)


def write(report: Iterable[Text], console: Console) -> None:
    """Line by line; what the stream's encoding does not have is written as its escape."""
    encoding = console.encoding
    for line in report:
        text = line.plain.encode(encoding, "backslashreplace").decode(encoding)
        if not console.is_terminal:
            console.file.write(f"{text.rstrip()}\n")
        elif text == line.plain:
            console.print(line)
        else:
            console.print(Text(text, line.style))
    console.file.flush()
