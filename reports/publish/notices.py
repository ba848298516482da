"""One message to the people who read a channel, when something has changed since they were told
last; pure.

What was told stands in the state store, so a message that could not be sent, or not at night, comes
with the next run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from probes.finding import Code, Verdict
from reports.model.run import Result, Run
from reports.render import wording

MOST = 1800  # characters; Discord takes 2000 in a message
NAMED = 5  # promises or findings, in one list
WORDS = 240  # characters of what was observed
_KEPT = (Verdict.HELD, Verdict.DEGRADED, Verdict.SKIPPED)


@dataclass(frozen=True, slots=True)
class Links:
    """Where the reader clicks on: {trace} and {code} in them are filled in. Empty: no such link."""

    trace: str = ""
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the channel does not know yet. `notified`: what it knows once the message was sent,
    {scenario: code, or nothing where it holds again}.
    """

    broken: tuple[Result, ...]
    unasked: tuple[Result, ...]
    held: tuple[Result, ...]

    @property
    def notified(self) -> dict[str, str]:
        codes = {s.id: s.finding.code if s.finding else Code.UNEXPLAINED for s in self.broken}
        return {
            **{name: str(code) for name, code in codes.items()},
            **{s.id: str(Code.UNKNOWN) for s in self.unasked},
            **{s.id: "" for s in self.held},
        }

    def __bool__(self) -> bool:
        return bool(self.notified)


def changes(run: Run) -> Changes:
    """Since the last message: what is accepted is no news, and to be asked in vain does not mend
    what was broken.
    """
    knows = run.previous.notified if run.previous else {}
    broken = [s for s in run.scenarios if s.verdict is Verdict.BROKEN and not s.outcome.accepted]
    unasked = [s for s in run.scenarios if s.verdict in (Verdict.UNKNOWN, Verdict.NOT_RUN)]
    return Changes(
        broken=tuple(s for s in broken if knows.get(s.id, Code.UNKNOWN) == Code.UNKNOWN),
        unasked=tuple(s for s in unasked if s.id not in knows),
        held=tuple(
            s for s in run.scenarios if s.id in knows and (s.verdict in _KEPT or s.outcome.accepted)
        ),
    )


def message(run: Run, news: Changes, links: Links) -> tuple[str, str]:
    """Title and text, the latter in Markdown that nothing a target wrote can break out of."""
    told = [*_broken(news.broken, links), *_unasked(news.unasked), *_held(run, news.held)]
    if links.trace and run.trace:
        told.append(f"Trace: {links.trace.replace('{trace}', run.trace)}")
    told.append(f"Run {run.id} of {datetime.fromtimestamp(run.began, UTC):%Y-%m-%d %H:%M} UTC")
    return _title(run, news), _within("\n".join(told))


def _title(run: Run, news: Changes) -> str:
    said = [
        f"{_many(len(each), 'promise')} {what}"
        for each, what in (
            (news.broken, "broken"),
            (news.unasked, "not asked"),
            (news.held, "held again"),
        )
        if each
    ]
    verdict = (
        "BROKEN"
        if news.broken
        else "UNKNOWN: the suite cannot run"
        if news.unasked
        else "HELD again"
    )
    return f"{run.environment}: {verdict} ({', '.join(said)})"


def _broken(scenarios: Sequence[Result], links: Links) -> Iterable[str]:
    found = _alike(scenarios)
    for group in found[:NAMED]:
        finding = group[0].finding
        if finding is None:
            continue
        runbook = (
            links.runbook.replace("{code}", finding.code) if links.runbook else finding.runbook
        )
        yield f"**{finding.code}**: {_names(group)}"
        yield f"{_safe(finding.observed)}"
        yield f"cause: {_safe(finding.cause)}"
        yield f"runbook: {runbook}\n"
    if found[NAMED:]:
        yield f"and {_many(len(found) - NAMED, 'more finding')}, see the run's report\n"


def _unasked(scenarios: Sequence[Result]) -> Iterable[str]:
    if scenarios:
        yield f"**The suite cannot run**: {_names(scenarios)} got no answer"
        yield f"{_safe(scenarios[0].finding.observed if scenarios[0].finding else scenarios[0].outcome.reason)}\n"


def _held(run: Run, scenarios: Sequence[Result]) -> Iterable[str]:
    if scenarios:
        failures = run.previous.failures if run.previous else {}
        since = [failure.since for s in scenarios if (failure := failures.get(s.id))]
        when = (
            f", the first broken at {datetime.fromtimestamp(min(since), UTC):%Y-%m-%d %H:%M} UTC"
            if since
            else ""
        )
        yield f"**Held again**: {_names(scenarios)}{when}\n"


def _alike(scenarios: Sequence[Result]) -> list[list[Result]]:
    """By code and cause, the most promises first."""

    def same(scenario: Result) -> tuple[str, str]:
        return (scenario.finding.code, scenario.finding.cause) if scenario.finding else ("", "")

    return sorted(
        (list(group) for _, group in groupby(sorted(scenarios, key=same), same)),
        key=len,
        reverse=True,
    )


def _names(scenarios: Sequence[Result]) -> str:
    more = f" and {len(scenarios) - NAMED} more" if scenarios[NAMED:] else ""
    return ", ".join(f"`{_safe(scenario.id)}`" for scenario in scenarios[:NAMED]) + more


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _safe(text: str) -> str:
    """On one line, without a mention that would ring everybody's telephone, and without Markdown of
    its own.
    """
    short = wording.one_line(text)
    short = short if len(short) <= WORDS else f"{short[: WORDS - 1]}…"
    return short.replace("@", "@\u200b").replace("`", "'").replace("*", "\\*").replace("](", "] (")


def _within(text: str) -> str:
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"
