"""What became of each promise in the last runs of an environment: a strip of verdicts, durations,
and since when.

What a run has never asked leaves a gap, and no gap ends a streak.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from statistics import quantiles

from probes.finding import Verdict
from probes.recording import journal
from reports.model.run import Run
from reports.model.verdict_store import Past, past_of, read_history, recall
from reports.render.languages import ENGLISH, Words

LAST = 30  # runs that a strip shows, with the one that is reported
ENOUGH = 5  # held runs that make a duration usual
_DAY, _HOUR = 86_400.0, 3_600.0
_WEEK = 6 * _DAY  # so long a weekday says which day is meant

_ASKED = (Verdict.HELD, Verdict.DEGRADED, Verdict.BROKEN)


@dataclass(frozen=True, slots=True)
class Seen:
    """One promise in one run. `at`: when that run began; `duration_s` in seconds."""

    run: str
    at: datetime
    verdict: Verdict
    duration_s: float


@dataclass(frozen=True, slots=True)
class History:
    """One promise over the runs in which it was expected, newest last, the run that is reported
    being the newest.

    `usual`: seconds between which nine of ten held runs ended before this one; None where too few
    are known. `since`: when the state began that the promise is in, as far as the runs say (None:
    it was not asked); `runs`: how many in a row found it in that state.
    """

    entries: tuple[Seen, ...]
    usual: tuple[float, float] | None
    since: datetime | None
    runs: int
    sentence: str

    @property
    def asked_before(self) -> bool:
        """An earlier run got an answer."""
        return any(each.verdict in _ASKED for each in self.entries[:-1])

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(each.verdict for each in self.entries)

    @property
    def durations(self) -> tuple[float, ...]:
        """In seconds, 0.0 where nothing was asked."""
        return tuple(each.duration_s for each in self.entries)

    @property
    def unusual(self) -> bool:
        """Held, but faster or slower than nine of ten runs before."""
        now = self.entries[-1]
        return (
            bool(self.usual)
            and now.verdict is Verdict.HELD
            and not _within(now.duration_s, self.usual)
        )


def strips(run: Run, words: Words = ENGLISH, *, last: int = LAST) -> dict[str, History]:
    """{scenario id: history} of all that `run` expected, from the runs of its environment beside
    its folder.
    """
    seen: dict[str, list[Seen]] = {scenario.id: [] for scenario in run.scenarios}
    for past in [*before(run, last - 1), past_of(run)]:
        at = datetime.fromtimestamp(past.began_at, UTC)
        for scenario in seen.keys() & past.promises.keys():
            seen[scenario].append(Seen(past.run, at, *past.promises[scenario]))
    return {scenario: _history(runs, words) for scenario, runs in seen.items()}


def before(run: Run, most: int) -> list[Past]:
    """The runs of the same environment that began earlier, oldest first, at most so many.

    Those whose folders lie beside its own, and those that the state store had when it ended.
    """
    earlier = {past.run: past for past in read_history(run.folder) if _precedes(past, run)}
    beside: dict[str, Past] = {}
    for folder in sorted(_beside(run.folder), key=lambda folder: folder.name, reverse=True):
        if len(beside) >= most:
            break
        past = recall(folder)
        if past and _precedes(past, run):
            beside[past.run] = past
    return (
        sorted({**earlier, **beside}.values(), key=lambda past: past.began_at)[-most:]
        if most
        else []
    )


def _precedes(past: Past, run: Run) -> bool:
    return past.environment == run.environment and past.began_at < run.began_at


def _beside(folder: Path) -> Iterable[Path]:
    own = folder.resolve()
    return (
        each for each in own.parent.iterdir() if each != own and (each / journal.NAME).is_file()
    )


def _history(seen: Sequence[Seen], words: Words) -> History:
    streak = _streak(seen)
    since = streak[0].at if streak else None
    return History(
        entries=tuple(seen),
        usual=_usual([each.duration_s for each in seen[:-1] if each.verdict is Verdict.HELD]),
        since=since,
        runs=len(streak),
        sentence=_sentence(seen, streak, words),
    )


def _streak(seen: Sequence[Seen]) -> list[Seen]:
    """The newest runs that asked and got the same answer, oldest first; none where the newest did
    not ask.
    """
    if not seen or seen[-1].verdict not in _ASKED:
        return []
    asked = [each for each in seen if each.verdict in _ASKED]
    same = takewhile(lambda each: each.verdict is seen[-1].verdict, reversed(asked))
    return list(same)[::-1]


def _usual(durations: Sequence[float]) -> tuple[float, float] | None:
    if len(durations) < ENOUGH:
        return None
    cut = quantiles(durations, n=20, method="inclusive")
    return cut[0], cut[-1]


def _within(duration_s: float, usual: tuple[float, float] | None) -> bool:
    return usual is None or usual[0] <= duration_s <= usual[1]


def _sentence(seen: Sequence[Seen], streak: Sequence[Seen], words: Words) -> str:
    now = seen[-1]
    if not streak:
        return words.text(f"history.{now.verdict}")
    earlier = [each.verdict for each in seen[:-1] if each.verdict in _ASKED]
    facts = {"verdict": words.state(now.verdict), "runs": len(streak), "asked": len(earlier) + 1}
    if not earlier:
        return words.text("history.only", **facts)
    if len(streak) == 1:
        was = words.state(earlier[-1])
        name = "history.again" if now.verdict in earlier else "history.new"
        return words.text(name, was=was, **facts)
    edge = (
        "" if len(streak) <= len(earlier) else "-or-longer"
    )  # before the oldest run that is left, nobody knows
    if now.verdict is Verdict.HELD:
        return words.text(f"history.for{edge}", span=_span(streak, words), **facts)
    return words.text(f"history.since{edge}", since=_moment(streak[0].at, now.at, words), **facts)


def _span(streak: Sequence[Seen], words: Words) -> str:
    passed = (streak[-1].at - streak[0].at).total_seconds()
    unit, length = next(
        ((u, n) for u, n in (("days", _DAY), ("hours", _HOUR)) if passed >= 2 * n),
        ("minutes", 60.0),
    )
    return words.text(f"span.{unit}", number=max(1, round(passed / length)))


def _moment(at: datetime, now: datetime, words: Words) -> str:
    """A weekday while it is clear which, else the date; always UTC, as the names of runs are."""
    recent = (now - at).total_seconds() < _WEEK
    day = words.text(f"weekday.{at.weekday()}") if recent else f"{at:%Y-%m-%d}"
    return words.text("moment", day=day, time=f"{at:%H:%M}")
