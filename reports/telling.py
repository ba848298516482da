"""The words that all reports share: the verdict in one sentence, a finding in labelled rows, spans in one line."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from probes.finding import EXIT_BROKEN, EXIT_HELD, Finding, Verdict
from reports.events import Exchange
from reports.run import COMPLETED, KILLED, Run, Scenario

NAMED = 5  # promises that one finding names; the table has them all

_COUNTED = {
    Verdict.HELD: "held",
    Verdict.DEGRADED: "degraded",
    Verdict.BROKEN: "broken",
    Verdict.UNKNOWN: "could not be asked",
    Verdict.NOT_RUN: "not run",
    Verdict.SKIPPED: "skipped",
}

Rows = list[tuple[str, str]]


def word(verdict: Verdict) -> str:
    return verdict.upper().replace("-", " ")


def seconds(duration: float) -> str:
    return f"{duration:.1f} s"


def one_line(text: str) -> str:
    """`text` as one line that cannot steer a terminal: what does not print is shown escaped."""
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def headline(run: Run, *, strict: bool = False) -> str:
    """The verdict over the run, how it ended if that was not of itself, and where to look first."""
    return f"{_claim(run, strict=strict)} ({', '.join(_counted(run))}).{_how_it_ended(run)}{_look_first(run)}"


def _look_first(run: Run) -> str:
    """Whom the most of the broken promises suspect, and what taught us to."""
    worst = next((group[0] for group in groups(run) if group[0].counts_as is Verdict.BROKEN), None)
    if worst is None or worst.finding is None:
        return ""
    incident = f", {one_line(worst.incident)}" if worst.incident else ""
    where = worst.id if worst.finding.suspect in ("", "unknown") else worst.finding.suspect
    return f" Look first at {one_line(where)} ({worst.finding.code}{incident})."


def _claim(run: Run, *, strict: bool) -> str:
    code, counts = run.exit_code(strict=strict), run.counts
    broken, silent = counts[Verdict.BROKEN], counts[Verdict.UNKNOWN] + counts[Verdict.NOT_RUN]
    promises = f"{len(run.scenarios)} promises"
    if not run.scenarios:
        return "UNKNOWN: no promise was asked for"
    if code == EXIT_BROKEN and broken:
        return f"BROKEN: {broken} of {promises} {'is' if broken == 1 else 'are'} broken"
    if code == EXIT_BROKEN:
        return f"BROKEN: {counts[Verdict.DEGRADED]} of {promises} degraded, and --strict-verdicts asks for better"
    if code == EXIT_HELD:
        return _kept(run)
    return f"UNKNOWN: nothing is known to be broken, but {silent} of {promises} got no answer"


def _kept(run: Run) -> str:
    if any(scenario.known for scenario in run.scenarios):
        return "HELD: nothing is broken that was not broken before"
    return "HELD: every promise was kept" if not run.counts[Verdict.DEGRADED] else "HELD, but not as it should be"


def _counted(run: Run) -> Iterable[str]:
    excused = [s for s in run.scenarios if s.counts_as is not s.verdict]
    accepted = sum(s.accepted is not None for s in excused)
    known = len(excused) - accepted
    counts = run.counts - Counter({Verdict.HELD: len(excused)})
    others = ((known, "broken before"), (accepted, "accepted"), (len(run.flaky), "flaky"))
    yield from (f"{counts[verdict]} {said}" for verdict, said in _COUNTED.items() if counts[verdict])
    yield from (f"{number} {said}" for number, said in others if number)
    yield f"in {seconds(run.duration)}"


def _how_it_ended(run: Run) -> str:
    said = "" if run.has_beginning else " The journal lacks its beginning: what was expected is not known."
    if run.ended == COMPLETED:
        return said
    return said + (" The run was killed." if run.ended == KILLED else f" The run ended early: {_ended_by(run)}.")


def _ended_by(run: Run) -> str:
    return {"stopped-early": "pytest was told to stop (-x, --maxfail)"}.get(run.ended, one_line(run.ended))


def groups(run: Run) -> list[list[Scenario]]:
    """Findings, worst first, flaky ones at the end; promises with one code and suspect stand together, most first."""
    found: dict[object, list[Scenario]] = {}
    for scenario in run.findings:
        finding = scenario.finding
        same = (finding.code, finding.suspect) if finding else scenario.id
        found.setdefault((scenario.verdict, scenario.accepted, scenario.known, same), []).append(scenario)
    equally_bad = groupby(
        found.values(), key=lambda group: (group[0].verdict, group[0].accepted is None, group[0].known)
    )
    worst = [group for _, groups in equally_bad for group in sorted(groups, key=len, reverse=True)]
    return [*worst, *([s] for s in run.flaky if s not in run.findings)]


def heading(group: Sequence[Scenario]) -> str:
    """Verdict and code, and until when it is accepted."""
    first = group[0]
    marks = f" (accepted until {one_line(first.accepted.until)})" if first.accepted else ""
    marks += " (broken before)" if first.known else ""
    finding = shown(first)
    verdict = "FLAKY" if first.flaky else word(first.verdict)
    return f"{verdict}  {finding.code if finding else 'no finding'}{marks}"


def shown(scenario: Scenario) -> Finding | None:
    """The finding to tell: of a flaky promise that of the attempt that failed."""
    return scenario.finding or next((a.finding for a in scenario.attempts if a.finding), None)


def rows(group: Sequence[Scenario], finding: Finding | None = None) -> Rows:
    """Everything that a reader needs about one finding, label by label; a label that repeats is left out."""
    first = group[0]
    finding = finding or shown(first)
    told: Rows = []
    for title, cases in groupby(group[:NAMED], key=lambda scenario: scenario.title):
        told += [("promise", one_line(title)), *(("", one_line(scenario.id)) for scenario in cases)]
    if len(group) > NAMED:
        told.append(("", f"and {len(group) - NAMED} more, see the table"))
    told += _finding_rows(finding) if finding else [("observed", "no finding was recorded")]
    if first.accepted:
        told.append(("accepted", one_line(f"until {first.accepted.until}: {first.accepted.why}")))
    told += [(label, one_line(said)) for label in ("incident", "owner") if (said := getattr(first, label))]
    told += [("runbook", finding.runbook)] if finding else []
    told += [("reproduce", escaped(finding.reproduce))] if finding and finding.reproduce else []
    return told


def _finding_rows(finding: Finding) -> Rows:
    ladder = [
        f"{one_line(r.name):<8} {'held ' if r.held else 'BROKE'}  {one_line(r.saw)}".rstrip() for r in finding.rungs
    ]
    return [
        ("observed", one_line(finding.observed)),
        ("suspect", one_line(finding.suspect)),
        *((("ladder" if number == 0 else ""), rung) for number, rung in enumerate(ladder)),
    ]


def spans_line(run: Run) -> str:
    spans = run.spans
    if spans is None:
        return "spans: the run ended before they were counted"
    if not spans.exported and not spans.lost:
        return f"spans: {spans.kept} kept, no export was asked for"
    why = f" ({one_line(spans.reason)})" if spans.reason else ""
    return f"spans: {spans.kept} kept, {spans.exported} exported, {spans.lost} lost{why}"


def exchange_line(exchange: Exchange) -> str:
    answer = exchange.error or (str(exchange.status) if exchange.status else "no status")
    return one_line(f"{exchange.method} {exchange.url} -> {answer} in {exchange.duration:.3f} s")
