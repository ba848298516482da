"""Two runs side by side: what broke, what was mended, what broke differently, what only one of them
asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from probes.finding import Verdict
from reports.model.run import Result, Run
from reports.render import wording
from reports.render.languages import ENGLISH, Words

_KEPT = (Verdict.HELD, Verdict.DEGRADED)
SLOWER, NOTICED = 2.0, 1.0  # times as long, and at least so many seconds more: else it is noise


@dataclass(frozen=True, slots=True)
class Change:
    """One promise in both runs: what it was, and what it is now."""

    before: Result
    now: Result


@dataclass(frozen=True, slots=True)
class Comparison:
    """`now` against `before`, each part in the order of the promises of the run that has them."""

    before: Run
    now: Run
    broken: tuple[Change, ...]  # held or was not known, and is broken now
    mended: tuple[Change, ...]  # was broken, and is kept now
    different: tuple[Change, ...]  # broken in both, by another code
    lost: tuple[Change, ...]  # was answered, and got no answer now
    slower: tuple[Change, ...]
    new: tuple[Result, ...]
    gone: tuple[Result, ...]

    @property
    def still_broken(self) -> int:
        earlier = {s.id for s in self.before.scenarios if s.verdict is Verdict.BROKEN}
        return sum(s.id in earlier and s.verdict is Verdict.BROKEN for s in self.now.scenarios)


def compare(now: Run, before: Run) -> Comparison:
    earlier = {scenario.id: scenario for scenario in before.scenarios}
    known = {scenario.id for scenario in now.scenarios}
    changes = [Change(earlier[s.id], s) for s in now.scenarios if s.id in earlier]
    return Comparison(
        before=before,
        now=now,
        broken=tuple(
            c
            for c in changes
            if _verdicts(c)[1] is Verdict.BROKEN and _verdicts(c)[0] is not Verdict.BROKEN
        ),
        mended=tuple(
            c for c in changes if _verdicts(c)[0] is Verdict.BROKEN and _verdicts(c)[1] in _KEPT
        ),
        different=tuple(c for c in changes if _both_broken(c) and _code(c.before) != _code(c.now)),
        lost=tuple(
            c for c in changes if c.before.verdict in (*_KEPT, Verdict.BROKEN) and _silent(c.now)
        ),
        slower=tuple(c for c in changes if _slower(c)),
        new=tuple(s for s in now.scenarios if s.id not in earlier),
        gone=tuple(s for s in before.scenarios if s.id not in known),
    )


def _verdicts(change: Change) -> tuple[Verdict, Verdict]:
    return change.before.verdict, change.now.verdict


def _both_broken(change: Change) -> bool:
    return set(_verdicts(change)) == {Verdict.BROKEN}


def _silent(scenario: Result) -> bool:
    return scenario.verdict in (Verdict.UNKNOWN, Verdict.NOT_RUN)


def _slower(change: Change) -> bool:
    """Held in both; how long a broken promise takes says nothing."""
    held = set(_verdicts(change)) == {Verdict.HELD}
    was, took = change.before.outcome.duration, change.now.outcome.duration
    return held and took > SLOWER * was and took - was >= NOTICED


def _code(scenario: Result) -> str:
    return scenario.finding.code if scenario.finding else ""


def lines(comparison: Comparison, words: Words = ENGLISH) -> Iterator[str]:
    """What changed, most important first; one line of text each, none of which can steer a
    terminal.
    """
    before, now = comparison.before, comparison.now
    yield words.text(
        "compare.head", now=wording.one_line(now.id), before=wording.one_line(before.id)
    )
    if now.environment != before.environment:
        environments = {
            "now": wording.one_line(now.environment),
            "before": wording.one_line(before.environment),
        }
        yield f"  {words.text('compare.environments', **environments)}"
    yield from _facts(comparison)
    parts = [
        (part, [_told(c, words) for c in getattr(comparison, part)])
        for part in ("broken", "different", "lost")
    ]
    parts += [("mended", [_told(c, words) for c in comparison.mended])]
    parts += [("slower", [_slowed(change) for change in comparison.slower])]
    parts += [
        (part, [wording.one_line(s.id) for s in getattr(comparison, part)])
        for part in ("new", "gone")
    ]
    for part, told in parts:
        yield from _part(words.text(f"compare.{part}", number=len(told)), told)
    if still := comparison.still_broken:
        yield words.text("compare.still", number=still)
    if not still and not any(told for _, told in parts):
        yield words.text("compare.same")


def _part(head: str, told: Sequence[str]) -> Iterator[str]:
    if told:
        yield head
        yield from (f"  {line}" for line in told)


def _facts(comparison: Comparison) -> Iterator[str]:
    """For instance the build that was asked: what changed between the runs may be why."""
    earlier = dict(comparison.before.facts)
    for name, value in comparison.now.facts:
        if earlier.get(name, value) != value:
            yield f"  {wording.one_line(f'{name}: {earlier[name]} -> {value}')}"


def _told(change: Change, words: Words) -> str:
    code = (
        f"  {_code(change.now) or _code(change.before)}"
        if _code(change.now) or _code(change.before)
        else ""
    )
    if _both_broken(change):
        code = f"  {_code(change.before)} -> {_code(change.now)}"
    was, now = map(words.verdict, _verdicts(change))
    return f"{wording.one_line(change.now.id)}  {was} -> {now}{code}"


def _slowed(change: Change) -> str:
    was, took = (
        wording.seconds(scenario.outcome.duration) for scenario in (change.before, change.now)
    )
    return f"{wording.one_line(change.now.id)}  {was} -> {took}"
