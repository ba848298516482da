"""The whole of one run as a frozen value, read from its journal; a killed run is as readable as one
that ended.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from probes.finding import Code, Finding, Verdict, exit_code
from probes.recording import journal
from reports.model.events import (
    Artifact,
    Event,
    Exchange,
    Spans,
    finding,
    first,
    last,
    number,
    recorded,
    spans,
    text,
    verdict,
)
from reports.model.previous_run import Before, before

KILLED = "killed"
COMPLETED = "completed"
STOPPED_EARLY = "stopped-early"
SUITE = "the suite itself"  # the suspect where nobody could ask


class NoRun(Exception):  # noqa: N818 - it reads as what it says
    """The folder holds no run; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try; without a verdict it was cut short. `duration` in seconds; `began` is Unix time."""

    number: int
    verdict: Verdict | None
    duration: float
    finding: Finding | None
    began: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """Why a finding fails nothing, and until which day."""

    why: str
    until: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A promise and what became of it. `reason`: why it was skipped. `duration` and `settled` in
    seconds.

    `known`: a gate asked, and it was broken before the deploy.
    """

    id: str
    title: str
    file: str
    line: int
    classname: str
    name: str
    owner: str
    area: str
    incident: str
    verdict: Verdict = Verdict.NOT_RUN
    duration: float = 0.0
    attempts: tuple[Attempt, ...] = ()
    flaky: bool = False
    finding: Finding | None = None
    accepted: Accepted | None = None
    reason: str = ""
    exchanges: tuple[Exchange, ...] = ()
    notes: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    settled: float = 0.0
    known: bool = False

    @property
    def counts_as(self) -> Verdict:
        """What it means for the run: an accepted finding, or one that a gate knows, is reported and
        fails nothing.
        """
        return (
            Verdict.HELD
            if (self.accepted or self.known) and self.verdict in _ACCEPTABLE
            else self.verdict
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What a run found. `ended` is "killed" where the journal does not say; `began` is Unix
    time.
    """

    folder: Path
    id: str
    version: str
    environment: str
    apex: str
    deadline: float
    trace: str
    began: float
    duration: float
    ended: str
    has_beginning: bool
    scenarios: tuple[Scenario, ...]
    facts: tuple[tuple[str, str], ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    notes: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    spans: Spans | None = None
    shard: str = ""
    before: Before | None = None

    @property
    def findings(self) -> tuple[Scenario, ...]:
        """Scenarios that have something to say, worst first, else in the order in which they were
        expected.
        """
        telling = [s for s in self.scenarios if s.verdict in _WORST_FIRST]
        return tuple(
            sorted(
                telling,
                key=lambda s: (s.accepted is not None, s.known, _WORST_FIRST.index(s.verdict)),
            )
        )

    @property
    def flaky(self) -> tuple[Scenario, ...]:
        return tuple(s for s in self.scenarios if s.flaky)

    @property
    def counts(self) -> Counter[Verdict]:
        """How many scenarios count as what; accepted findings count as held."""
        return Counter(s.counts_as for s in self.scenarios)

    def exit_code(self, *, strict: bool = False) -> int:
        """As probes.finding has it; a journal without its beginning cannot vouch that nothing is
        missing.
        """
        verdicts = [s.counts_as for s in self.scenarios]
        return exit_code(
            verdicts if self.has_beginning else [*verdicts, Verdict.UNKNOWN], strict=strict
        )


_WORST_FIRST = (Verdict.BROKEN, Verdict.UNKNOWN, Verdict.NOT_RUN, Verdict.DEGRADED)
_ACCEPTABLE = (Verdict.BROKEN, Verdict.DEGRADED)


def load(folder: Path) -> Run:
    """The run that left `folder`, whatever state it was in when it ended."""
    try:
        told = [event for event in journal.read(folder) if isinstance(event, dict)]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise NoRun(f"{folder} holds no run that can be read: {journal.NAME}: {why}") from None
    if not told:
        raise NoRun(f"{folder} holds no run: its {journal.NAME} has no events")
    return _assembled(folder, told)


def _assembled(folder: Path, told: list[Event]) -> Run:
    start, end = first(told, "run-started"), last(told, "run-finished")
    began, stopped = number(told[0], "at"), number(told[-1], "at")
    ended = text(end, "ended") or KILLED
    past = before(last(told, "before"))
    return Run(
        folder=folder,
        id=text(start, "run") or folder.name,
        version=text(start, "version"),
        environment=text(start, "environment"),
        apex=text(start, "apex"),
        deadline=number(start, "deadline"),
        trace=text(start, "trace"),
        began=began,
        duration=number(end, "duration") if end else max(0.0, stopped - began),
        ended=ended,
        has_beginning=bool(start),
        scenarios=tuple(
            _known(past, scenario) for scenario in _scenarios(start, told, ended, stopped)
        ),
        facts=tuple(
            (text(event, "name"), text(event, "value"))
            for event in told
            if event.get("event") == "fact"
        ),
        spans=spans(last(told, "spans")),
        shard=text(start, "shard"),
        before=past,
        **recorded(event for event in told if event.get("scenario") is None),
    )


def _scenarios(start: Event, told: list[Event], ended: str, stopped: float) -> Iterable[Scenario]:
    mine: dict[str, list[Event]] = {}
    for event in told:
        if scenario := text(event, "scenario"):
            mine.setdefault(scenario, []).append(event)
    expected = start.get("expected")
    entries = (
        [each for each in expected if isinstance(each, dict)] if isinstance(expected, list) else []
    )
    known = {text(entry, "scenario"): entry for entry in entries}
    for name in dict.fromkeys([*known, *mine]):
        yield _concluded(_promise(name, known.get(name, {})), mine.get(name, []), ended, stopped)


def _known(past: Before | None, scenario: Scenario) -> Scenario:
    known = (
        past is not None
        and past.gate
        and scenario.verdict is Verdict.BROKEN
        and past.was_broken(scenario.id)
    )
    return replace(scenario, known=True) if known else scenario


def _promise(name: str, entry: Event) -> Scenario:
    return Scenario(
        id=name,
        title=text(entry, "title") or name,
        file=text(entry, "file"),
        line=int(number(entry, "line")),
        classname=text(entry, "classname") or "scenarios",
        name=text(entry, "name") or name,
        owner=text(entry, "owner"),
        area=text(entry, "area"),
        incident=text(entry, "incident"),
    )


def _concluded(promise: Scenario, told: list[Event], ended: str, stopped: float) -> Scenario:
    scenario = replace(promise, attempts=tuple(_attempts(told, stopped)), **recorded(told))
    if final := last(told, "scenario-finished"):
        return _finished(scenario, final)
    how = f"the run ended ({ended})"
    if not scenario.attempts:
        missing = "no record of it exists" if ended == COMPLETED else f"{how} before it began"
        return replace(scenario, finding=Finding(Code.UNKNOWN, f"expected, but {missing}", SUITE))
    scenario = replace(scenario, duration=sum(attempt.duration for attempt in scenario.attempts))
    if done := [attempt for attempt in scenario.attempts if attempt.verdict]:
        return _judged(scenario, done)
    cut = Finding(Code.UNKNOWN, f"{how} before it was done", SUITE)
    return replace(scenario, verdict=Verdict.UNKNOWN, finding=cut)


def _judged(scenario: Scenario, done: list[Attempt]) -> Scenario:
    """By the attempts alone: a rerun that was cut short or could not ask does not clear the
    target.
    """
    telling = done[0] if done[-1].verdict is Verdict.UNKNOWN else done[-1]
    verdict = telling.verdict or Verdict.UNKNOWN
    flaky = len(done) > 1 and verdict in (Verdict.HELD, Verdict.DEGRADED)
    return replace(scenario, verdict=verdict, finding=telling.finding, flaky=flaky)


def _finished(scenario: Scenario, event: Event) -> Scenario:
    accepted = event.get("accepted")
    return replace(
        scenario,
        verdict=verdict(event) or Verdict.UNKNOWN,
        duration=number(event, "duration"),
        flaky=event.get("flaky") is True,
        finding=finding(event.get("finding")),
        accepted=Accepted(text(accepted, "why"), text(accepted, "until"))
        if isinstance(accepted, dict)
        else None,
        reason=text(event, "reason"),
        settled=number(event, "settled"),
    )


def _attempts(told: Iterable[Event], stopped: float) -> Iterable[Attempt]:
    tried: dict[int, Attempt] = {}
    for event in told:
        which = int(number(event, "attempt"))
        if event.get("event") == "attempt-started":
            began = number(event, "at")
            tried[which] = Attempt(which, None, max(0.0, stopped - began), None, began)
        elif event.get("event") == "attempt-finished":
            judged, duration = verdict(event) or Verdict.UNKNOWN, number(event, "duration")
            began = tried[which].began if which in tried else number(event, "at") - duration
            tried[which] = Attempt(which, judged, duration, finding(event.get("finding")), began)
    return [tried[which] for which in sorted(tried)]
