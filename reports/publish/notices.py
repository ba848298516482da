"""One message to the people who read a channel, when something has changed since the last message;
pure.

What a channel was told stands in the state store, so a message that could not be sent, or not at
night, comes with the next run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probes.finding import Code, Verdict
from reports.model import causes
from reports.model.causes import Block
from reports.model.run import Result, Run
from reports.render import wording
from reports.render.languages import ENGLISH

MAX_CHARS = 1800  # characters; Discord takes 2000 in a message
NAMED = 5  # promises or causes, in one list
LONGEST_CHARS = 240  # characters of what was observed
_ANSWERED_WELL = (Verdict.HELD, Verdict.DEGRADED, Verdict.SKIPPED)


@dataclass(frozen=True, slots=True)
class Links:
    """Where the reader clicks on: {trace} and {code} in them are filled in. Empty: no such link."""

    trace: str = ""
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the channel does not know yet."""

    broken: tuple[Result, ...]
    unanswered: tuple[Result, ...]
    held_again: tuple[Result, ...]

    @property
    def codes(self) -> dict[str, str]:
        """What the channel knows once the message was sent: {scenario: code, or nothing where it
        holds again}.
        """
        broken = {s.id: s.finding.code if s.finding else Code.UNEXPLAINED for s in self.broken}
        return {
            **{name: str(code) for name, code in broken.items()},
            **{s.id: str(Code.UNKNOWN) for s in self.unanswered},
            **{s.id: "" for s in self.held_again},
        }

    def __bool__(self) -> bool:
        return bool(self.codes)


def changes(run: Run) -> Changes:
    """Since the last message: what is accepted is no news, and a promise that got no answer does
    not end a break.
    """
    known = run.previous.notified if run.previous else {}
    broken = [s for s in run.scenarios if s.verdict is Verdict.BROKEN and not s.outcome.accepted]
    unanswered = [s for s in run.scenarios if s.verdict in (Verdict.UNKNOWN, Verdict.NOT_RUN)]
    well = [s for s in run.scenarios if s.verdict in _ANSWERED_WELL or s.outcome.accepted]
    return Changes(
        broken=tuple(s for s in broken if known.get(s.id, Code.UNKNOWN) == Code.UNKNOWN),
        unanswered=tuple(s for s in unanswered if s.id not in known),
        held_again=tuple(s for s in well if s.id in known),
    )


def message(run: Run, news: Changes, links: Links) -> tuple[str, str]:
    """Title and text, the latter in Markdown that nothing a target wrote can break out of."""
    lines = [
        *_describe_broken(run, news.broken, links),
        *_describe_unanswered(news.unanswered),
        *_held_again(run, news.held_again),
    ]
    if links.trace and run.trace:
        lines.append(f"Trace: {links.trace.replace('{trace}', run.trace)}")
    lines.append(f"Run {run.id} of {wording.moment(run.began_at)}")
    return _title(run, news), wording.cut("\n".join(lines), MAX_CHARS)


def _title(run: Run, news: Changes) -> str:
    numbers = (
        (len(news.broken), "broken"),
        (len(news.unanswered), "not asked"),
        (len(news.held_again), "held again"),
    )
    parts = [f"{_many(number, 'promise')} {what}" for number, what in numbers if number]
    return f"{run.environment}: {_verdict(news)} ({', '.join(parts)})"


def _verdict(news: Changes) -> str:
    if news.broken:
        return "BROKEN"
    return "UNKNOWN: the suite cannot run" if news.unanswered else "HELD again"


def _describe_broken(run: Run, results: Sequence[Result], links: Links) -> Iterable[str]:
    """A cause each, with the codes by which it shows."""
    onsets = causes.onsets_of_previous(run.previous, results) if run.previous else {}
    blocks = [block for block in causes.group(results, onsets) if block.code]
    for block in blocks[:NAMED]:
        codes = [f"**{s.code}** ({len(s.results)})" for s in block.symptoms[:NAMED]]
        yield f"{', '.join(codes)}: {_names(block.results)}"
        yield _plain(block.symptoms[0].observation)
        if block.cause:
            yield f"{block.certainty} cause: {_plain(block.cause)}"
        if rung := block.broken_rung:
            yield f"proof: {_plain(rung.name)}: {_plain(rung.detail)}"
        owners = _plain(", ".join(block.owners))
        yield f"{_since(block)}owner: {owners}, runbook: {_runbook(block, links)}\n"
    if len(blocks) > NAMED:
        yield f"and {_many(len(blocks) - NAMED, 'more cause')}, see the run's report\n"


def _since(block: Block) -> str:
    if block.is_new:
        return "new, "
    return f"since {wording.moment(block.began_at)}, " if block.began_at else ""


def _runbook(block: Block, links: Links) -> str:
    if links.runbook:
        return links.runbook.replace("{code}", block.code)
    return ENGLISH.runbook_path(block.code)


def _describe_unanswered(results: Sequence[Result]) -> Iterable[str]:
    if results:
        first = results[0]
        why = first.finding.observed if first.finding else first.outcome.reason
        yield f"**The suite cannot run**: {_names(results)} got no answer"
        yield f"{_plain(why)}\n"


def _held_again(run: Run, results: Sequence[Result]) -> Iterable[str]:
    if results:
        failures = run.previous.failures if run.previous else {}
        since = [failures[result.id].since for result in results if result.id in failures]
        when = f", the first broken at {wording.moment(min(since))}" if since else ""
        yield f"**Held again**: {_names(results)}{when}\n"


def _names(results: Sequence[Result]) -> str:
    more = f" and {len(results) - NAMED} more" if len(results) > NAMED else ""
    return ", ".join(f"`{_plain(result.id)}`" for result in results[:NAMED]) + more


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _plain(text: str) -> str:
    """On one line, without a mention that would ring everybody's telephone, and without Markdown of
    its own.
    """
    short = wording.cut(wording.one_line(text), LONGEST_CHARS)
    return short.replace("@", "@\u200b").replace("`", "'").replace("*", "\\*").replace("](", "] (")
