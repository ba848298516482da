"""The words that all reports share: the verdict in one sentence, a finding in labelled rows, spans
in one line.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from rich.cells import cell_len

from probes.finding import EXIT_BROKEN, EXIT_HELD, Finding, Verdict
from reports.model.events import Exchange
from reports.model.history import History
from reports.model.run import COMPLETED, KILLED, STOPPED_EARLY, Result, Run
from reports.render.languages import ENGLISH, Words

NAMED = 5  # promises that one finding names; the table has them all
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

Rows = list[
    tuple[str, str]
]  # the key of a label (`label.<key>` in reports/render/texts) and a text


def seconds(duration: float) -> str:
    return f"{duration:.1f} s"


def one_line(text: str) -> str:
    """`text` as one line that cannot steer a terminal: what does not print is shown escaped."""
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def headline(run: Run, words: Words = ENGLISH, *, strict: bool = False) -> str:
    """The verdict over the run, how it ended if that was not of itself, and where to look first."""
    counted = words.text("headline.counted", counts=", ".join(_counted(run, words)))
    return (
        f"{claim(run, words, strict=strict)} "
        f"{counted}{_how_it_ended(run, words)}{_look_first(run, words)}"
    )


def _look_first(run: Run, words: Words) -> str:
    """Whom the most of the broken promises cause, and what taught us to."""
    worst = next(
        (group[0] for group in groups(run) if group[0].outcome.counts_as is Verdict.BROKEN), None
    )
    if worst is None or worst.finding is None:
        return ""
    incident = f", {one_line(worst.incident)}" if worst.incident else ""
    cause = worst.finding.cause
    where = worst.id if cause in ("", "unknown") else words.cause(cause)
    return " " + words.text(
        "headline.first", where=one_line(where), code=worst.finding.code, incident=incident
    )


def claim(run: Run, words: Words = ENGLISH, *, strict: bool = False) -> str:
    """The verdict over the run in one clause, without counts."""
    code, counts, promises = run.exit_code(strict=strict), run.counts, len(run.scenarios)
    broken, silent = counts[Verdict.BROKEN], counts[Verdict.UNKNOWN] + counts[Verdict.NOT_RUN]
    degraded = counts[Verdict.DEGRADED]
    if not run.scenarios:
        return words.text("claim.nothing")
    if code == EXIT_BROKEN and broken:
        return words.text(
            "claim.broken-one" if broken == 1 else "claim.broken", number=broken, promises=promises
        )
    if code == EXIT_BROKEN:
        return words.text("claim.strict", number=degraded, promises=promises)
    if code == EXIT_HELD:
        return _kept(run, words)
    return words.text("claim.unknown", number=silent, promises=promises)


def _kept(run: Run, words: Words) -> str:
    if any(scenario.outcome.known for scenario in run.scenarios):
        return words.text("claim.known")
    return words.text("claim.degraded" if run.counts[Verdict.DEGRADED] else "claim.held")


def _counted(run: Run, words: Words) -> Iterable[str]:
    excused = [s for s in run.scenarios if s.outcome.counts_as is not s.verdict]
    accepted = sum(s.outcome.accepted is not None for s in excused)
    counts = run.counts - Counter({Verdict.HELD: len(excused)})
    told = [(counts[verdict], words.state(verdict)) for verdict in _COUNTED]
    others = {"known": len(excused) - accepted, "accepted": accepted, "flaky": len(run.flaky)}
    told += [(number, words.text(f"headline.{key}")) for key, number in others.items()]
    yield from (
        words.text("headline.count", number=number, state=state) for number, state in told if number
    )
    yield words.text("headline.duration", duration=seconds(run.duration))


def _how_it_ended(run: Run, words: Words) -> str:
    said = "" if run.has_beginning else " " + words.text("ended.headless")
    if run.ended == COMPLETED:
        return said
    if run.ended == KILLED:
        return f"{said} {words.text('ended.killed')}"
    how = words.text("ended.stopped-early") if run.ended == STOPPED_EARLY else one_line(run.ended)
    return f"{said} {words.text('ended.early', how=how)}"


def groups(run: Run) -> list[list[Result]]:
    """Findings, worst first, flaky ones at the end; promises with one code and cause stand
    together, most first.
    """
    found: dict[object, list[Result]] = {}
    for scenario in run.findings:
        finding = scenario.finding
        same = (finding.code, finding.cause) if finding else scenario.id
        found.setdefault(
            (scenario.verdict, scenario.outcome.accepted, scenario.outcome.known, same), []
        ).append(scenario)
    equally_bad = groupby(
        found.values(),
        key=lambda group: (
            group[0].verdict,
            group[0].outcome.accepted is None,
            group[0].outcome.known,
        ),
    )
    worst = [group for _, groups in equally_bad for group in sorted(groups, key=len, reverse=True)]
    return [*worst, *([s] for s in run.flaky if s not in run.findings)]


def heading(group: Sequence[Result], words: Words = ENGLISH) -> str:
    """Verdict and code, and until when it is accepted."""
    first = group[0]
    until = f"{first.outcome.accepted.until}" if first.outcome.accepted else ""
    marks = " " + words.text("heading.accepted", until=until) if until else ""
    marks += " " + words.text("heading.known") if first.outcome.known else ""
    finding = shown(first)
    verdict = words.text("verdict.flaky") if first.outcome.flaky else words.verdict(first.verdict)
    return f"{verdict}  {finding.code if finding else words.text('heading.no-finding')}{marks}"


def shown(scenario: Result) -> Finding | None:
    """The finding to tell: of a flaky promise that of the attempt that failed."""
    return scenario.finding or next(
        (a.finding for a in scenario.outcome.attempts if a.finding), None
    )


def rows(
    group: Sequence[Result],
    finding: Finding | None = None,
    words: Words = ENGLISH,
    history: Mapping[str, History] = NO_HISTORY,
) -> Rows:
    """Everything that a reader needs about one finding, label by label; a label that repeats is
    left out.
    """
    first = group[0]
    finding = finding or shown(first)
    told: Rows = _promises(group, words)
    told += (
        _finding_rows(finding, words) if finding else [("observed", words.text("rows.no-finding"))]
    )
    told += [("since", history[first.id].sentence)] if first.id in history else []
    if accepted := first.outcome.accepted:
        said = words.text("rows.accepted", until=accepted.until, why=accepted.why)
        told.append(("accepted", one_line(said)))
    told += [
        (label, one_line(said))
        for label in ("incident", "owner")
        if (said := getattr(first, label))
    ]
    told += [("runbook", words.runbook_path(finding.code))] if finding else []
    told += (
        [("reproduce_command", escaped(finding.reproduce_command))]
        if finding and finding.reproduce_command
        else []
    )
    return told


def _promises(group: Sequence[Result], words: Words) -> Rows:
    told: Rows = []
    for title, cases in groupby(group[:NAMED], key=lambda scenario: scenario.title):
        told += [
            ("promise", one_line(words.promise(title))),
            *(("", one_line(scenario.id)) for scenario in cases),
        ]
    if len(group) > NAMED:
        told.append(("", words.text("rows.more", number=len(group) - NAMED)))
    return told


def _finding_rows(finding: Finding, words: Words) -> Rows:
    ladder = [rung_line(rung.name, rung.detail, words, held=rung.held) for rung in finding.rungs]
    return [
        ("observed", one_line(finding.observed)),
        ("cause", one_line(words.cause(finding.cause))),
        *((("ladder" if number == 0 else ""), rung) for number, rung in enumerate(ladder)),
    ]


def rung_line(name: str, saw: str, words: Words, *, held: bool) -> str:
    outcome = padded(words.text(f"rung.{'held' if held else 'broke'}"), _outcomes(words))
    return f"{one_line(name):<{_RUNG}} {outcome}  {one_line(saw)}".rstrip()


def rung_indent(words: Words) -> int:
    """Columns of a rung's line before what was seen there."""
    return _RUNG + 1 + _outcomes(words) + 2


def _outcomes(words: Words) -> int:
    return max(cell_len(words.text(f"rung.{outcome}")) for outcome in ("held", "broke"))


def padded(text: str, cells: int) -> str:
    """`text` as wide as so many cells of a terminal; a Korean syllable takes two."""
    return text + " " * (cells - cell_len(text))


def spans_line(run: Run, words: Words = ENGLISH) -> str:
    spans = run.spans
    if spans is None:
        return words.text("spans.uncounted")
    if not spans.exported and not spans.lost:
        return words.text("spans.kept", kept=spans.kept)
    why = f" ({one_line(spans.reason)})" if spans.reason else ""
    return (
        words.text("spans.exported", kept=spans.kept, exported=spans.exported, lost=spans.lost)
        + why
    )


def exchange_line(exchange: Exchange) -> str:
    answer = exchange.error or (str(exchange.status) if exchange.status else "no status")
    return one_line(f"{exchange.method} {exchange.url} -> {answer} in {exchange.duration:.3f} s")
