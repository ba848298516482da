"""A run on one time axis: a row for each promise, a bar for each attempt of its cases, and in it
what was waited for.

Only numbers and paths; reports/render/page/timeline.svg draws them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from probes.finding import Verdict
from probes.results import Attempt
from reports.model.events import Exchange
from reports.model.run import WORST_FIRST, Result, Run

WIDTH, LABELS, RIGHT = (
    1_000.0,
    340.0,
    16.0,
)  # units of the drawing: all of it, the names' column, the margin
TOP, GAP = 22.0, 6.0
ROW, TALLEST, FLATTEST = 14.0, 8.0, 1.5  # a row's least height, a case's most and least
ROOM = 48.0  # what the cases of one promise share before they get flatter
MOST_TICKS = 10
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600)  # seconds
_LEAST = 0.6  # what is shorter would not be seen


@dataclass(frozen=True, slots=True)
class Phase:
    """What an attempt waited for: "browser" or "network"; all its exchanges as one path."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt; without a verdict it was cut short."""

    scenario: Result
    attempt: Attempt
    x: float
    y: float
    width: float
    height: float
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One promise with all its cases; `worst` of their verdicts."""

    family: str
    cases: int
    worst: Verdict
    y: float
    height: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """`ticks`: (x, seconds since the run began). `span`: seconds from its left to its right end."""

    height: float
    span: float
    ticks: tuple[tuple[float, float], ...]
    rows: tuple[Row, ...]


def family(scenario: Result) -> str:
    """The promise of which this is a case: storage/a-file-comes-back of
    storage/a-file-comes-back[apex].
    """
    return scenario.id.partition("[")[0]


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    return min(verdicts, key=WORST_FIRST.index)


def timeline(run: Run) -> Timeline:
    """Of all that was tried, what ended last on top: the run lasted as long as that."""
    tried = sorted(
        (s for s in run.scenarios if s.outcome.attempts and s.verdict is not Verdict.SKIPPED),
        key=family,
    )
    families = [list(cases) for _, cases in groupby(tried, key=family)]
    families.sort(key=lambda cases: max(map(_end, cases)), reverse=True)
    span = max([run.duration_s, *(_end(s) - run.began_at for s in tried)], default=0.0) or 1.0
    rows = tuple(_rows(families, run.began_at, (WIDTH - LABELS - RIGHT) / span))
    height = rows[-1].y + rows[-1].height + GAP if rows else TOP
    return Timeline(round(height, 1), span, tuple(_ticks(span)), rows)


def _end(scenario: Result) -> float:
    return max(attempt.began_at + attempt.duration_s for attempt in scenario.outcome.attempts)


def _ticks(span: float) -> Iterator[tuple[float, float]]:
    step = next((step for step in _STEPS if span / step <= MOST_TICKS), span)
    for number in range(int(span / step) + 1):
        yield round(LABELS + number * step * (WIDTH - LABELS - RIGHT) / span, 1), number * step


def _rows(families: Iterable[Sequence[Result]], began_at: float, scale: float) -> Iterator[Row]:
    y = TOP
    for cases in families:
        each = max(FLATTEST, min(TALLEST, ROOM / len(cases)))
        height = max(ROW, each * len(cases))
        above = y + (height - each * len(cases)) / 2
        placed = sorted(cases, key=_end)
        bars = [
            bar
            for n, case in enumerate(placed)
            for bar in _bars(case, began_at, scale, above + n * each, each)
        ]
        yield Row(
            family(cases[0]),
            len(cases),
            worst(c.verdict for c in cases),
            round(y, 1),
            height,
            tuple(bars),
        )
        y += height + GAP


def _bars(
    scenario: Result, began_at: float, scale: float, y: float, height: float
) -> Iterator[Bar]:
    gap = 1.0 if height > 3 else 0.2
    for attempt in scenario.outcome.attempts:
        x = LABELS + max(0.0, attempt.began_at - began_at) * scale
        width = max(_LEAST, attempt.duration_s * scale)
        mine = [e for e in scenario.exchanges if e.attempt == attempt.number]
        phases = tuple(_phases(mine, began_at, scale, (round(y, 1), round(height - gap, 1))))
        yield Bar(
            scenario,
            attempt,
            round(x, 1),
            round(y, 1),
            round(width, 1),
            round(height - gap, 1),
            phases,
        )


def _phases(
    exchanges: Iterable[Exchange], began_at: float, scale: float, band: tuple[float, float]
) -> Iterator[Phase]:
    paths: dict[str, list[str]] = {}
    y, height = band
    for exchange in exchanges:
        x = LABELS + max(0.0, exchange.ended_at - exchange.duration_s - began_at) * scale
        width = max(_LEAST, min(exchange.duration_s * scale, WIDTH - x))
        box = f"M{x:.1f} {y}h{width:.1f}v{height}h-{width:.1f}z"
        kind = "browser" if exchange.kind == "page" else "network"
        paths.setdefault(kind, []).append(box)
    yield from (Phase(kind, "".join(boxes)) for kind, boxes in paths.items())
