"""The whole of one run as a frozen value, read from its journal; a killed run is as readable as one
that ended.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from probes.finding import Code, Finding, Verdict, exit_code
from probes.recording import journal
from probes.results import Attempt, Outcome, PreviousRun, Scenario, conclude
from reports.model.events import (
    Artifact,
    Event,
    Exchange,
    Spans,
    facts,
    finding,
    first,
    last,
    number,
    previous_run,
    read_acceptance,
    recorded_fields,
    spans,
    text,
    verdict,
)

KILLED = "killed"
COMPLETED = "completed"
STOPPED_EARLY = "stopped-early"
SUITE = "the suite itself"  # the cause where nobody could ask


_NOT_RUN = Outcome(Verdict.NOT_RUN)


class NoRun(Exception):  # noqa: N818 - it reads as what it says
    """The folder holds no run; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class Result(Scenario):
    """A scenario with its outcome, and what was recorded on the way."""

    outcome: Outcome = _NOT_RUN
    exchanges: tuple[Exchange, ...] = ()
    notes: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return self.outcome.verdict

    @property
    def finding(self) -> Finding | None:
        return self.outcome.finding


@dataclass(frozen=True, slots=True)
class Run:
    """What a run found. `ended` is "killed" where the journal does not say; `began_at` is Unix
    time.

    `gate`: failures that were there before the deploy fail nothing. `previous` is None in a run
    without a state store.
    """

    folder: Path
    id: str
    version: str
    environment: str
    apex: str
    deadline_s: float
    trace: str
    began_at: float
    duration_s: float
    ended: str
    has_beginning: bool
    scenarios: tuple[Result, ...]
    facts: tuple[tuple[str, str], ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    notes: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    spans: Spans | None = None
    shard: str = ""
    tier: str = "full"
    gate: bool = False
    previous: PreviousRun | None = None
    self_health: Mapping[str, float] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Result, ...]:
        """Scenarios that have something to say, worst first, else in the order in which they were
        expected.
        """
        found = [s for s in self.scenarios if s.verdict in NOTEWORTHY]
        return tuple(sorted(found, key=_severity))

    @property
    def has_skipped_all(self) -> bool:
        """Whether there were promises, and none was asked for."""
        return set(self.counts) == {Verdict.SKIPPED}

    @property
    def counts(self) -> Counter[Verdict]:
        """How many scenarios count as what; accepted findings count as held."""
        return Counter(s.outcome.counts_as for s in self.scenarios)

    def exit_code(self, *, strict: bool = False) -> int:
        """As probes.finding has it; a journal without its beginning cannot vouch that nothing is
        missing, and a shard in which all is skipped leaves the asking to the others.
        """
        verdicts = [s.outcome.counts_as for s in self.scenarios]
        if self.shard and self.has_skipped_all:
            verdicts.append(Verdict.HELD)
        if not self.has_beginning:
            verdicts.append(Verdict.UNKNOWN)
        return exit_code(verdicts, strict=strict)


NOTEWORTHY = (Verdict.BROKEN, Verdict.UNKNOWN, Verdict.NOT_RUN, Verdict.DEGRADED)  # worst first
WORST_FIRST = (*NOTEWORTHY, Verdict.HELD, Verdict.SKIPPED)


def _severity(result: Result) -> tuple[bool, bool, int]:
    outcome = result.outcome
    return outcome.accepted is not None, outcome.is_known, NOTEWORTHY.index(outcome.verdict)


def load(folder: Path) -> Run:
    """The run that left `folder`, whatever state it was in when it ended. Raises NoRun."""
    try:
        events = [event for event in journal.read(folder) if isinstance(event, dict)]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise NoRun(f"{folder} holds no run that can be read: {journal.NAME}: {why}") from None
    if not events:
        raise NoRun(f"{folder} holds no run: its {journal.NAME} has no events")
    return assemble(folder, events)


def assemble(folder: Path, events: list[Event]) -> Run:
    """The run that `events` tell of; at least one."""
    start, end = first(events, "run-started"), last(events, "run-finished")
    began, stopped = number(events[0], "at"), number(events[-1], "at")
    ended = text(end, "ended") or KILLED
    earlier, health = last(events, "previous-run"), last(events, "self-health")
    previous = previous_run(earlier)
    gate = earlier.get("gate") is True
    forgiven = previous if gate else None
    results = _results(start, events, ended, stopped)
    duration_s = number(end, "duration") if end else max(0.0, stopped - began)
    return Run(
        folder=folder,
        id=text(start, "run") or folder.name,
        version=text(start, "version"),
        environment=text(start, "environment"),
        apex=text(start, "apex"),
        deadline_s=number(start, "deadline"),
        trace=text(start, "trace"),
        began_at=began,
        duration_s=duration_s,
        ended=ended,
        has_beginning=bool(start),
        scenarios=tuple(_forgive(forgiven, result) for result in results),
        facts=tuple(dict.fromkeys(facts(events))),  # a confirming rerun says them again
        spans=spans(last(events, "spans")),
        shard=text(start, "shard"),
        tier=text(start, "tier") or "full",
        gate=gate,
        previous=previous,
        self_health={name: number(health, name) for name in health},
        **recorded_fields(event for event in events if event.get("scenario") is None),
    )


def _results(start: Event, events: list[Event], ended: str, stopped: float) -> Iterable[Result]:
    by_scenario: dict[str, list[Event]] = {}
    for event in events:
        if scenario := text(event, "scenario"):
            by_scenario.setdefault(scenario, []).append(event)
    expected = start.get("expected")
    entries = expected if isinstance(expected, list) else []
    known = {text(entry, "scenario"): entry for entry in entries if isinstance(entry, dict)}
    for name in dict.fromkeys([*known, *by_scenario]):
        promise = _promise(name, known.get(name, {}))
        yield _result(promise, by_scenario.get(name, []), ended, stopped)


def _forgive(previous: PreviousRun | None, result: Result) -> Result:
    """Under a gate, what was already broken before the deploy is known."""
    broken = result.verdict is Verdict.BROKEN
    if previous is None or not broken or not previous.was_broken(result.id):
        return result
    return replace(result, outcome=replace(result.outcome, is_known=True))


def _promise(name: str, entry: Event) -> Result:
    return Result(
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


def _result(promise: Result, events: list[Event], ended: str, stopped: float) -> Result:
    outcome = _outcome(promise.id, events, ended, stopped)
    return replace(promise, outcome=outcome, **recorded_fields(events))


def _outcome(scenario: str, events: list[Event], ended: str, stopped: float) -> Outcome:
    attempts = tuple(_attempts(events, stopped))
    if final := last(events, "scenario-finished"):
        return _final(scenario, final, attempts)
    how = f"the run ended ({ended})"
    if not attempts:
        missing = "no record of it exists" if ended == COMPLETED else f"{how} before it began"
        return Outcome(Verdict.NOT_RUN, Finding(Code.UNKNOWN, f"expected, but {missing}", SUITE))
    done = [attempt for attempt in attempts if attempt.verdict]
    cut = Outcome(Verdict.UNKNOWN, Finding(Code.UNKNOWN, f"{how} before it was done", SUITE))
    concluded = conclude(done) if done else cut
    duration = sum(attempt.duration_s for attempt in attempts)
    return replace(concluded, attempts=attempts, duration_s=duration)


def _final(scenario: str, event: Event, attempts: tuple[Attempt, ...]) -> Outcome:
    found = finding(event.get("finding"))
    return Outcome(
        verdict=verdict(event) or Verdict.UNKNOWN,
        finding=found,
        attempts=attempts,
        accepted=read_acceptance(event.get("accepted"), scenario, found),
        reason=text(event, "reason"),
        duration_s=number(event, "duration"),
        settled_s=number(event, "settled"),
    )


def _attempts(events: Iterable[Event], stopped: float) -> Iterable[Attempt]:
    tried: dict[int, Attempt] = {}
    for event in events:
        which = int(number(event, "attempt"))
        if event.get("event") == "attempt-started":
            began = number(event, "at")
            tried[which] = Attempt(which, None, None, max(0.0, stopped - began), began)
        elif event.get("event") == "attempt-finished":
            judged, duration = verdict(event) or Verdict.UNKNOWN, number(event, "duration")
            began = tried[which].began_at if which in tried else number(event, "at") - duration
            found = finding(event.get("finding"))
            tried[which] = Attempt(which, judged, found, duration, began)
    return [tried[which] for which in sorted(tried)]
