"""The table of all promises: one part for each, a row for each case, and small drawings of its last
runs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from probes.finding import Verdict
from reports.model.history import LAST, History, Seen
from reports.model.run import Result, Run
from reports.model.timeline import family
from reports.render.html_findings import CauseCard, unique

STEP, STRIP = 5, 16  # units of one run's place in a strip and in a sparkline, and their height
LEAST_POINTS = 3  # fewer durations are no line
MOST_QUIET = 3  # cases of one promise that are not folded away
_QUIET = (Verdict.HELD, Verdict.SKIPPED)
# A verdict shows by its mark's height and place too, not by its colour alone.
_MARKS = {
    Verdict.HELD: (10, 6),
    Verdict.DEGRADED: (6, 10),
    Verdict.BROKEN: (0, 16),
    Verdict.UNKNOWN: (0, 4),
    Verdict.NOT_RUN: (0, 2),
    Verdict.SKIPPED: (15, 1),
}


@dataclass(frozen=True, slots=True)
class Strip:
    """The last runs of one case, newest on the right. `marks`: a path for each verdict.

    `band`: (y, height) of the usual durations, `line`: the durations, `now`: (x, y) of this run's.
    """

    marks: tuple[tuple[Verdict, str], ...]
    band: tuple[float, float] | None
    line: str
    now: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Case:
    """One row. `leads` to its finding. `strip` and `history` are None where no earlier run is
    known.
    """

    scenario: Result
    anchor: str
    leads: str
    history: History | None
    strip: Strip | None

    @property
    def mark(self) -> str:
        return mark_of(self.scenario)

    @property
    def quiet(self) -> bool:
        """Nothing in it needs to be looked at."""
        return self.scenario.verdict in _QUIET


@dataclass(frozen=True, slots=True)
class Promise:
    """All cases of one promise."""

    family: str
    title: str
    area: str
    cases: tuple[Case, ...]

    @property
    def folds(self) -> bool:
        """So many quiet cases that they are shown when asked for."""
        return sum(case.quiet for case in self.cases) > MOST_QUIET

    @property
    def marks(self) -> list[tuple[str, int]]:
        """How many cases ended as what, in the order of the scale."""
        ended = [mark_of(case.scenario) for case in self.cases]
        return [
            (mark, ended.count(mark)) for mark in (*map(str, Verdict), "accepted") if mark in ended
        ]


def mark_of(scenario: Result) -> str:
    """Its verdict, or "accepted"."""
    return str(scenario.verdict) if scenario.outcome.counts_as is scenario.verdict else "accepted"


def longest_strip(past: Mapping[str, History]) -> int:
    """How many runs the longest strip has; 0 where there is only this one."""
    longest = max((len(history.entries) for history in past.values()), default=0)
    return min(longest, LAST) if longest > 1 else 0


def promises(run: Run, past: Mapping[str, History], cards: Iterable[CauseCard]) -> list[Promise]:
    """By area and name, cases in the order in which they were expected."""
    anchors = dict(
        zip((s.id for s in run.scenarios), unique([s.id for s in run.scenarios]), strict=True)
    )
    leads = {result.id: card.anchor for card in cards for result in card.block.results}
    runs = longest_strip(past)

    def case(scenario: Result) -> Case:
        history = past.get(scenario.id) if runs else None
        drawn = strip(history, runs) if history else None
        return Case(
            scenario, f"case-{anchors[scenario.id]}", leads.get(scenario.id, ""), history, drawn
        )

    families = groupby(sorted(run.scenarios, key=family), key=family)
    return [_promise(list(map(case, scenarios))) for _, scenarios in families]


def _promise(cases: Sequence[Case]) -> Promise:
    first = cases[0].scenario
    return Promise(family(first), first.title, first.area, tuple(cases))


def strip(history: History, runs: int) -> Strip:
    """Drawn in a box of `runs` * STEP by STRIP units."""
    seen = history.entries[-runs:]
    places = [(runs - len(seen) + number) * STEP for number in range(len(seen))]
    marks = {each.verdict: "" for each in seen}
    for x, each in zip(places, seen, strict=True):
        top, height = _MARKS[each.verdict]
        marks[each.verdict] += f"M{x} {top}h{STEP - 1}v{height}h-{STEP - 1}z"
    return Strip(tuple(marks.items()), *_spark(history, list(zip(places, seen, strict=True))))


def _spark(
    history: History, placed: Sequence[tuple[int, Seen]]
) -> tuple[tuple[float, float] | None, str, tuple[float, float] | None]:
    """Band, line and the point of now; a run that asked nothing leaves a gap in the line."""
    usual = history.usual
    top = (
        max([each.duration_s for _, each in placed] + [usual[1] if usual else 0.0], default=0.0)
        or 1.0
    )

    def height(duration_s: float) -> float:
        return round((STRIP - 1) * (1 - duration_s / top) + 0.5, 1)

    points = [(x + STEP / 2, height(seen.duration_s)) for x, seen in placed if seen.duration_s]
    if len(points) < LEAST_POINTS:
        return None, "", None
    band = (
        (height(usual[1]), max(1.0, round(height(usual[0]) - height(usual[1]), 1)))
        if usual
        else None
    )
    return (
        band,
        "".join(_line(placed, height)),
        points[-1] if points and placed[-1][1].duration_s else None,
    )


def _line(placed: Sequence[tuple[int, Seen]], height: Callable[[float], float]) -> Iterator[str]:
    pen = "M"
    for x, seen in placed:
        if seen.duration_s:
            yield f"{pen}{x + STEP / 2} {height(seen.duration_s)}"
        pen = "L" if seen.duration_s else "M"
