"""Two runs side by side: what broke, what was fixed, what broke differently, what only one of them
asked.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from probes.finding import Verdict
from reports.model.run import Result, Run
from reports.render import wording
from reports.render.languages import ENGLISH, Words

_KEPT = (Verdict.HELD, Verdict.DEGRADED)
_SILENT = (Verdict.UNKNOWN, Verdict.NOT_RUN)
SLOWER, NOTICED = 2.0, 1.0  # times as long, and at least so many seconds more: else it is noise


@dataclass(frozen=True, slots=True)
class Change:
    """One promise in both runs: what it was, and what it is now."""

    before: Result
    now: Result

    @property
    def is_break(self) -> bool:
        """Held or was not known, and is broken now."""
        broken = self.now.verdict is Verdict.BROKEN
        return broken and self.before.verdict is not Verdict.BROKEN

    @property
    def is_fix(self) -> bool:
        """Was broken, and is kept now."""
        return self.before.verdict is Verdict.BROKEN and self.now.verdict in _KEPT

    @property
    def is_broken_in_both(self) -> bool:
        return self.before.verdict is self.now.verdict is Verdict.BROKEN

    @property
    def is_different(self) -> bool:
        """Broken in both, by another code."""
        return self.is_broken_in_both and _code(self.before) != _code(self.now)

    @property
    def is_lost(self) -> bool:
        """Was answered, and got no answer now."""
        return self.before.verdict in (*_KEPT, Verdict.BROKEN) and self.now.verdict in _SILENT

    @property
    def is_slowdown(self) -> bool:
        """Held in both; how long a broken promise takes says nothing."""
        was, took = self.before.outcome.duration_s, self.now.outcome.duration_s
        held = self.before.verdict is self.now.verdict is Verdict.HELD
        return held and took > SLOWER * was and took - was >= NOTICED


@dataclass(frozen=True, slots=True)
class Comparison:
    """`now` against `before`, each part in the order of the promises of the run that has them."""

    before: Run
    now: Run
    changes: tuple[Change, ...]
    new: tuple[Result, ...]
    missing: tuple[Result, ...]

    def those(self, is_one: Callable[[Change], bool]) -> list[Change]:
        return [change for change in self.changes if is_one(change)]


def compare(now: Run, before: Run) -> Comparison:
    earlier = {result.id: result for result in before.scenarios}
    known = {result.id for result in now.scenarios}
    return Comparison(
        before=before,
        now=now,
        changes=tuple(Change(earlier[s.id], s) for s in now.scenarios if s.id in earlier),
        new=tuple(s for s in now.scenarios if s.id not in earlier),
        missing=tuple(s for s in before.scenarios if s.id not in known),
    )


def _code(result: Result) -> str:
    return result.finding.code if result.finding else ""


# In the order in which a reader needs them.
_KINDS: tuple[tuple[str, Callable[[Change], bool]], ...] = (
    ("broken", lambda change: change.is_break),
    ("different", lambda change: change.is_different),
    ("lost", lambda change: change.is_lost),
    ("fixed", lambda change: change.is_fix),
)


def lines(comparison: Comparison, words: Words = ENGLISH) -> Iterator[str]:
    """What changed, most important first; one line of text each, none of which can steer a
    terminal.
    """
    now, before = wording.one_line(comparison.now.id), wording.one_line(comparison.before.id)
    yield words.text("compare.head", now=now, before=before)
    yield from _environments(comparison, words)
    yield from _facts(comparison)
    parts = list(_parts(comparison, words))
    for part, texts in parts:
        if texts:
            yield words.text(f"compare.{part}", number=len(texts))
        for text in texts:
            yield f"  {text}"
    still = len(comparison.those(lambda change: change.is_broken_in_both))
    if still:
        yield words.text("compare.still", number=still)
    elif not any(texts for _, texts in parts):
        yield words.text("compare.same")


def _parts(comparison: Comparison, words: Words) -> Iterator[tuple[str, Sequence[str]]]:
    for part, is_one in _KINDS:
        yield part, [_verdicts(change, words) for change in comparison.those(is_one)]
    slower = comparison.those(lambda change: change.is_slowdown)
    yield "slower", [_durations(change) for change in slower]
    yield "new", [wording.one_line(result.id) for result in comparison.new]
    yield "gone", [wording.one_line(result.id) for result in comparison.missing]


def _environments(comparison: Comparison, words: Words) -> Iterator[str]:
    now, before = comparison.now.environment, comparison.before.environment
    if now != before:
        named = {"now": wording.one_line(now), "before": wording.one_line(before)}
        yield f"  {words.text('compare.environments', **named)}"


def _facts(comparison: Comparison) -> Iterator[str]:
    """For instance the build that was asked: what changed between the runs may be why."""
    earlier = dict(comparison.before.facts)
    for name, value in comparison.now.facts:
        if earlier.get(name, value) != value:
            yield f"  {wording.one_line(f'{name}: {earlier[name]} -> {value}')}"


def _verdicts(change: Change, words: Words) -> str:
    before, now = _code(change.before), _code(change.now)
    code = f"{before} -> {now}" if change.is_broken_in_both else now or before
    was, became = words.verdict(change.before.verdict), words.verdict(change.now.verdict)
    return f"{wording.one_line(change.now.id)}  {was} -> {became}  {code}".rstrip()


def _durations(change: Change) -> str:
    was = wording.seconds(change.before.outcome.duration_s)
    took = wording.seconds(change.now.outcome.duration_s)
    return f"{wording.one_line(change.now.id)}  {was} -> {took}"
