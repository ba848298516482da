"""The words that all reports share: the verdict in one sentence, counts, times, text on one
line.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from rich.cells import cell_len

from probes.finding import EXIT_BROKEN, EXIT_HELD, Verdict
from reports.model import causes
from reports.model.causes import Block
from reports.model.events import Exchange
from reports.model.history import History
from reports.model.run import COMPLETED, KILLED, STOPPED_EARLY, Result, Run
from reports.render.languages import ENGLISH, Words

NO_HISTORY: Mapping[str, History] = MappingProxyType({})

_COUNTED = (
    Verdict.HELD,
    Verdict.DEGRADED,
    Verdict.BROKEN,
    Verdict.UNKNOWN,
    Verdict.NOT_RUN,
    Verdict.SKIPPED,
)


def seconds(duration_s: float) -> str:
    return f"{duration_s:.1f} s"


def moment(at: float) -> str:
    """Unix time `at` as a date and a time of day."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def one_line(text: str) -> str:
    """`text` as one line that cannot steer a terminal: what does not print is shown escaped."""
    return escape(" ".join(text.split()))


def cut(text: str, max_chars: int) -> str:
    """`text`, or its beginning and an ellipsis where it is longer."""
    return text if len(text) <= max_chars else f"{text[: max_chars - 1].rstrip()}…"


def escape(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def headline(
    run: Run,
    words: Words = ENGLISH,
    history: Mapping[str, History] = NO_HISTORY,
    *,
    strict: bool = False,
) -> str:
    """The verdict over the run with its counts, how it ended if that was not of itself, and where
    to look first.
    """
    counted = words.text("headline.counted", counts=counts(run, words))
    parts = [claim(run, words, strict=strict), counted, *_how_it_ended(run, words)]
    return " ".join([*parts, *look_first(run, words, history)])


def verdict_and_cause(
    run: Run,
    words: Words = ENGLISH,
    history: Mapping[str, History] = NO_HISTORY,
    *,
    strict: bool = False,
) -> str:
    """As `headline`, without the counts."""
    parts = [f"{claim(run, words, strict=strict)}.", *_how_it_ended(run, words)]
    return " ".join([*parts, *look_first(run, words, history)])


def look_first(run: Run, words: Words, history: Mapping[str, History]) -> Iterator[str]:
    """What most of the new broken promises, or else most of all, name as their cause."""
    blocks = causes.blocks(run, history)
    if not blocks or blocks[0].lead.outcome.counts_as is not Verdict.BROKEN:
        return
    first = blocks[0]
    where = words.cause(first.cause) or first.lead.id
    details = [first.code, one_line(first.incident), onset(first, words)]
    named = ", ".join(filter(None, details))
    yield words.text("headline.first", where=one_line(where), details=named)


def onset(block: Block, words: Words) -> str:
    """Whether the break is new, or since when it is there; empty where nobody knows."""
    if block.is_new:
        return words.text("onset.new")
    return words.text("onset.since", since=moment(block.began_at)) if block.began_at else ""


def claim(run: Run, words: Words = ENGLISH, *, strict: bool = False) -> str:
    """The verdict over the run in one clause, without counts."""
    code, counts_, promises = run.exit_code(strict=strict), run.counts, len(run.scenarios)
    broken, degraded = counts_[Verdict.BROKEN], counts_[Verdict.DEGRADED]
    silent = counts_[Verdict.UNKNOWN] + counts_[Verdict.NOT_RUN]
    if not run.scenarios:
        return words.text("claim.nothing")
    if run.has_skipped_all:
        key = "claim.skipped-shard" if run.shard else "claim.skipped"
        return words.text(key)
    if code == EXIT_BROKEN and broken:
        key = "claim.broken-one" if broken == 1 else "claim.broken"
        return words.text(key, number=broken, promises=promises)
    if code == EXIT_BROKEN:
        return words.text("claim.strict", number=degraded, promises=promises)
    if code == EXIT_HELD:
        return _claim_held(run, words)
    return words.text("claim.unknown", number=silent, promises=promises)


def _claim_held(run: Run, words: Words) -> str:
    if any(result.outcome.is_known for result in run.scenarios):
        return words.text("claim.known")
    claim = "claim.degraded" if run.counts[Verdict.DEGRADED] else "claim.held"
    return words.text(claim)


def counts(run: Run, words: Words = ENGLISH) -> str:
    """How many promises ended as what, and how long the run took."""
    excused = [s for s in run.scenarios if s.outcome.counts_as is not s.verdict]
    accepted = sum(s.outcome.accepted is not None for s in excused)
    ended = run.counts - Counter({Verdict.HELD: len(excused)})
    numbers = [(ended[verdict], words.state(verdict)) for verdict in _COUNTED]
    others = {"known": len(excused) - accepted, "accepted": accepted}
    numbers += [(number, words.text(f"headline.{key}")) for key, number in others.items()]
    parts = [
        words.text("headline.count", number=number, state=state)
        for number, state in numbers
        if number
    ]
    return ", ".join([*parts, words.text("headline.duration", duration=seconds(run.duration_s))])


def _how_it_ended(run: Run, words: Words) -> Iterator[str]:
    if not run.has_beginning:
        yield words.text("ended.headless")
    if run.ended == KILLED:
        yield words.text("ended.killed")
    elif run.ended != COMPLETED:
        stopped_early = run.ended == STOPPED_EARLY
        how = words.text("ended.stopped-early") if stopped_early else one_line(run.ended)
        yield words.text("ended.early", how=how)


def pad(text: str, cells: int) -> str:
    """`text` as wide as so many cells of a terminal; a Korean syllable takes two."""
    return text + " " * (cells - cell_len(text))


def spans_line(run: Run, words: Words = ENGLISH) -> str:
    spans = run.spans
    if spans is None:
        return words.text("spans.uncounted")
    if not spans.exported and not spans.lost:
        return words.text("spans.kept", kept=spans.kept)
    numbers = {"kept": spans.kept, "exported": spans.exported, "lost": spans.lost}
    reason = f" ({one_line(spans.reason)})" if spans.reason else ""
    return words.text("spans.exported", **numbers) + reason


def exchange_line(exchange: Exchange) -> str:
    status = str(exchange.status) if exchange.status else "no status"
    answer = exchange.error or status
    return one_line(f"{exchange.method} {exchange.url} -> {answer} in {exchange.duration_s:.3f} s")


def skip_reasons(results: Iterable[Result]) -> list[tuple[str, int]]:
    """(reason, how many promises), most first."""
    reasons = [one_line(r.outcome.reason) for r in results if r.verdict is Verdict.SKIPPED]
    return Counter(reasons).most_common()
