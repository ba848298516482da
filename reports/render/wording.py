"""The words that all reports share: the verdict in one sentence, a block of findings in labelled
rows, spans in one line.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from rich.cells import cell_len

from probes.finding import EXIT_BROKEN, EXIT_HELD, Finding, Verdict
from reports.model import causes
from reports.model.causes import Block, Symptom
from reports.model.events import Exchange
from reports.model.history import History
from reports.model.run import COMPLETED, KILLED, STOPPED_EARLY, Result, Run
from reports.render.languages import ENGLISH, Words

SYMPTOMS = 4  # of one block; report.html has them all
_RUNG = 8  # columns of a rung's name
NO_HISTORY: Mapping[str, History] = MappingProxyType({})

_COUNTED = (
    Verdict.HELD,
    Verdict.DEGRADED,
    Verdict.BROKEN,
    Verdict.UNKNOWN,
    Verdict.NOT_RUN,
    Verdict.SKIPPED,
)

# The key of a label (`label.<key>` in reports/render/texts; empty: as above) and a text.
Rows = list[tuple[str, str]]


def seconds(duration: float) -> str:
    return f"{duration:.1f} s"


def moment(at: float) -> str:
    """Unix time `at` as a date and a time of day."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def one_line(text: str) -> str:
    """`text` as one line that cannot steer a terminal: what does not print is shown escaped."""
    return escape(" ".join(text.split()))


def escape(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def cut(text: str, most: int) -> str:
    """At most so many characters of `text`; what is left out is three dots."""
    return text if len(text) <= most else f"{text[: most - 3].rstrip()}..."


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
    return words.text("onset.since", since=moment(block.since)) if block.since else ""


def claim(run: Run, words: Words = ENGLISH, *, strict: bool = False) -> str:
    """The verdict over the run in one clause, without counts."""
    code, counts_, promises = run.exit_code(strict=strict), run.counts, len(run.scenarios)
    broken, degraded = counts_[Verdict.BROKEN], counts_[Verdict.DEGRADED]
    silent = counts_[Verdict.UNKNOWN] + counts_[Verdict.NOT_RUN]
    if not run.scenarios:
        return words.text("claim.nothing")
    if code == EXIT_BROKEN and broken:
        key = "claim.broken-one" if broken == 1 else "claim.broken"
        return words.text(key, number=broken, promises=promises)
    if code == EXIT_BROKEN:
        return words.text("claim.strict", number=degraded, promises=promises)
    if code == EXIT_HELD:
        return _held(run, words)
    return words.text("claim.unknown", number=silent, promises=promises)


def _held(run: Run, words: Words) -> str:
    if any(result.outcome.known for result in run.scenarios):
        return words.text("claim.known")
    return words.text("claim.degraded" if run.counts[Verdict.DEGRADED] else "claim.held")


def counts(run: Run, words: Words = ENGLISH) -> str:
    """How many promises ended as what, and how long the run took."""
    excused = [s for s in run.scenarios if s.outcome.counts_as is not s.verdict]
    accepted = sum(s.outcome.accepted is not None for s in excused)
    ended = run.counts - Counter({Verdict.HELD: len(excused)})
    numbers = [(ended[verdict], words.state(verdict)) for verdict in _COUNTED]
    others = {"known": len(excused) - accepted, "accepted": accepted, "flaky": len(run.flaky)}
    numbers += [(number, words.text(f"headline.{key}")) for key, number in others.items()]
    parts = [
        words.text("headline.count", number=number, state=state)
        for number, state in numbers
        if number
    ]
    return ", ".join([*parts, words.text("headline.duration", duration=seconds(run.duration))])


def _how_it_ended(run: Run, words: Words) -> Iterator[str]:
    if not run.has_beginning:
        yield words.text("ended.headless")
    if run.ended == KILLED:
        yield words.text("ended.killed")
    elif run.ended != COMPLETED:
        stopped_early = run.ended == STOPPED_EARLY
        how = words.text("ended.stopped-early") if stopped_early else one_line(run.ended)
        yield words.text("ended.early", how=how)


def heading(block: Block, words: Words = ENGLISH) -> str:
    """Verdict, codes and number of promises, and why it fails nothing or that it is new."""
    parts = [_codes(block, words)]
    if len(block.results) > 1:
        parts.append(words.text("heading.promises", number=len(block.results)))
    return " ".join([f"{badge(block, words)}  {', '.join(parts)}", *_marks(block, words)])


def _codes(block: Block, words: Words) -> str:
    code = block.code or words.text("heading.no-finding")
    others = len({symptom.code for symptom in block.symptoms}) - 1
    if not others:
        return code
    key = "heading.codes-two" if others == 1 else "heading.codes"
    return words.text(key, code=code, number=others)


def badge(block: Block, words: Words = ENGLISH) -> str:
    """FLAKY, or the verdict of the worst promise."""
    return words.text("verdict.flaky") if block.is_flaky else words.verdict(block.lead.verdict)


def _marks(block: Block, words: Words) -> Iterator[str]:
    outcome = block.lead.outcome
    if outcome.accepted:
        yield words.text("heading.accepted", until=outcome.accepted.until)
    if outcome.known:
        yield words.text("heading.known")
    if block.is_new:
        yield words.text("heading.new")


def block_rows(
    block: Block, words: Words = ENGLISH, history: Mapping[str, History] = NO_HISTORY
) -> Rows:
    """Everything that a reader needs about one cause, label by label, each once."""
    return [
        *_cause_rows(block, words),
        *ladder_rows(block.proof, words),
        ("promise", one_line(words.promise(block.lead.title))),
        *_symptom_rows(block, words),
        *_since_rows(block, words, history),
        *_whom_rows(block, words),
        *_command_rows(block.reproduce_command),
    ]


def _cause_rows(block: Block, words: Words) -> Rows:
    if not block.cause:
        return []
    cause = one_line(words.cause(block.cause))
    if not block.is_of_target:
        return [("cause", cause)]
    return [("cause", words.text(f"certainty.{block.certainty}", cause=cause))]


def _symptom_rows(block: Block, words: Words) -> Iterator[tuple[str, str]]:
    single = len(block.results) == 1
    for index, symptom in enumerate(block.symptoms[:SYMPTOMS]):
        example = one_line(symptom.example.id)
        label = "scenario" if single else "symptoms"
        name = example if single else _symptom_name(symptom, example, words)
        yield ("" if index else label), name
        observed = one_line(symptom.observed) or words.text("rows.no-finding")
        yield ("observed" if single else ""), observed
    if len(block.symptoms) > SYMPTOMS:
        yield "", words.text("rows.more", number=len(block.symptoms) - SYMPTOMS)


def _symptom_name(symptom: Symptom, example: str, words: Words) -> str:
    code = symptom.code or words.text("heading.no-finding")
    return words.text("rows.symptom", code=code, number=len(symptom.results), example=example)


def _since_rows(block: Block, words: Words, history: Mapping[str, History]) -> Rows:
    """By the folders of earlier runs, which know how often; else by the state store."""
    known = history.get(block.lead.id)
    if known and known.asked_before:
        return [("since", known.sentence)]
    text = onset(block, words)
    return [("since", text)] if text else []


def _whom_rows(block: Block, words: Words) -> Rows:
    rows: Rows = []
    if accepted := block.lead.outcome.accepted:
        text = words.text("rows.accepted", until=accepted.until, why=accepted.why)
        rows.append(("accepted", one_line(text)))
    if block.incident:
        rows.append(("incident", one_line(block.incident)))
    if block.owners:
        rows.append(("owner", one_line(", ".join(block.owners))))
    if block.code:
        rows.append(("runbook", words.runbook_path(block.code)))
    return rows


def result_rows(result: Result, finding: Finding | None, words: Words = ENGLISH) -> Rows:
    """One promise and one of its findings, for a report in which every promise stands alone."""
    rows: Rows = [("promise", one_line(words.promise(result.title))), ("", one_line(result.id))]
    if finding is None:
        rows.append(("observed", words.text("rows.no-finding")))
    else:
        rows.append(("observed", one_line(finding.observed)))
        rows.append(("cause", one_line(words.cause(finding.cause))))
        rows += ladder_rows(finding, words)
    alone = Block((Symptom(finding.code if finding else "", (result,)),))
    return [
        *rows,
        *_whom_rows(alone, words),
        *_command_rows(finding.reproduce_command if finding else ""),
    ]


def _command_rows(command: str) -> Rows:
    return [("reproduce_command", escape(command))] if command else []


def ladder_rows(finding: Finding | None, words: Words) -> Rows:
    """A row for each rung, under one label."""
    rungs = finding.rungs if finding else ()
    lines = [rung_line(rung.name, rung.detail, words, held=rung.held) for rung in rungs]
    return [("" if index else "ladder", line) for index, line in enumerate(lines)]


def rung_line(name: str, detail: str, words: Words, *, held: bool) -> str:
    outcome = pad(words.text(f"rung.{'held' if held else 'broke'}"), _outcomes(words))
    return f"{one_line(name):<{_RUNG}} {outcome}  {one_line(detail)}".rstrip()


def rung_indent(words: Words) -> int:
    """Columns of a rung's line before what was seen there."""
    return _RUNG + 1 + _outcomes(words) + 2


def _outcomes(words: Words) -> int:
    return max(cell_len(words.text(f"rung.{outcome}")) for outcome in ("held", "broke"))


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
    return one_line(f"{exchange.method} {exchange.url} -> {answer} in {exchange.duration:.3f} s")


def skip_reasons(results: Iterable[Result]) -> list[tuple[str, int]]:
    """(reason, how many promises), most first."""
    reasons = [one_line(r.outcome.reason) for r in results if r.verdict is Verdict.SKIPPED]
    return Counter(reasons).most_common()
