"""One event of a journal at a time, as the value that reports use; a field that is missing costs
that field only.

What each event carries is stated in probes/recording/journal.schema.json.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from probes.finding import Certainty, Code, Finding, Rung, Verdict
from probes.results import Accepted, OngoingFailure, PreviousRun

Event = dict[str, Any]

_LARGEST = 1e11  # of any number that means something here; as a time it is the year 5138


@dataclass(frozen=True, slots=True)
class Message:
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question to the target and its answer, redacted. `ended_at`: Unix time when it was over;
    `duration_s`: seconds.
    """

    attempt: int
    kind: str
    method: str
    url: str
    status: int | None
    duration_s: float
    error: str
    span: str
    ended_at: float
    request: Message
    response: Message


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that an attempt left; `path` is relative to the run's folder."""

    attempt: int
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Spans:
    kept: int
    exported: int
    lost: int
    reason: str


def recorded_fields(events: Iterable[Event]) -> dict[str, Any]:
    """What was recorded on the way, by the names of the fields that hold it."""
    mine = list(events)
    return {
        "exchanges": tuple(exchange(e) for e in mine if e.get("event") == "exchange"),
        "notes": tuple(text(e, "text") for e in mine if e.get("event") == "note"),
        "artifacts": tuple(
            Artifact(int(number(e, "attempt")), text(e, "name"), text(e, "path"))
            for e in mine
            if e.get("event") == "artifact"
        ),
    }


def exchange(event: Event) -> Exchange:
    return Exchange(
        attempt=int(number(event, "attempt")),
        kind=text(event, "kind"),
        method=text(event, "method"),
        url=text(event, "url"),
        status=int(number(event, "status")) or None,
        duration_s=number(event, "duration"),
        error=text(event, "error"),
        span=text(event, "span"),
        ended_at=number(event, "at"),
        request=_message(event.get("request")),
        response=_message(event.get("response")),
    )


def _message(value: Any) -> Message:
    headers = value.get("headers") if isinstance(value, dict) else None
    pairs = headers.items() if isinstance(headers, dict) else ()
    return Message({str(name): str(value) for name, value in pairs}, text(value, "body"))


def finding(value: Any) -> Finding | None:
    if not isinstance(value, dict):
        return None
    code, observed = text(value, "code"), text(value, "observed")
    if code not in set(Code):  # a journal of another version
        code, observed = Code.UNEXPLAINED, f"{code}: {observed}"
    is_proven = text(value, "certainty") == Certainty.PROVEN
    certainty = Certainty.PROVEN if is_proven else Certainty.LIKELY
    return Finding(
        Code(code),
        observed,
        text(value, "cause"),
        _read_rungs(value.get("rungs")),
        text(value, "reproduce_command"),
        certainty,
        int(number(value, "failed_repeats")),
        int(number(value, "repeats")),
    )


def _read_rungs(value: Any) -> tuple[Rung, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(_read_rung(rung) for rung in value if isinstance(rung, dict))


def _read_rung(value: Event) -> Rung:
    return Rung(text(value, "name"), value.get("held") is True, text(value, "detail"))


def read_acceptance(value: Any, scenario: str, found: Finding | None) -> Accepted | None:
    if not isinstance(value, dict):
        return None
    try:
        until = date.fromisoformat(text(value, "until"))
    except ValueError:
        until = date.max
    code = found.code if found else "*"
    return Accepted(code, scenario, text(value, "why"), until)


def facts(events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    for event in events:
        if event.get("event") == "fact":
            yield text(event, "name"), text(event, "value")


def previous_run(event: Event) -> PreviousRun | None:
    """None where there was no such event, as in a run without a state store."""
    if not event:
        return None
    failures = _table(event, "failures").items()
    notified = _table(event, "notified").items()
    return PreviousRun(
        ran=number(event, "ran"),
        failures={name: _failure(value) for name, value in failures if isinstance(value, dict)},
        notified={name: str(code) for name, code in notified},
        problem=text(event, "problem"),
    )


def _failure(value: Event) -> OngoingFailure:
    since, runs, held = (number(value, name) for name in ("since", "runs", "held"))
    return OngoingFailure(text(value, "code"), since, int(runs), held)


def _table(event: Event, name: str) -> Event:
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def spans(event: Event) -> Spans | None:
    if not event:
        return None
    kept, exported, lost = (int(number(event, name)) for name in ("kept", "exported", "lost"))
    return Spans(kept, exported, lost, text(event, "reason"))


def first(events: Iterable[Event], name: str) -> Event:
    return next((event for event in events if event.get("event") == name), {})


def last(events: Sequence[Event], name: str) -> Event:
    return first(reversed(events), name)


def text(event: Any, name: str) -> str:
    value = event.get(name) if isinstance(event, dict) else None
    return value if isinstance(value, str) else ""


def number(event: Event, name: str) -> float:
    value = event.get(name)
    return float(value) if isinstance(value, int | float) and 0 <= value < _LARGEST else 0.0


def verdict(event: Event) -> Verdict | None:
    value = text(event, "verdict")
    return Verdict(value) if value in set(Verdict) else None
