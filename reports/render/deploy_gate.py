"""What a deploy's log pane shows of a run: the verdict first, then what this deploy broke, and
nothing that held.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TextIO

from probes.finding import EXIT_BROKEN, EXIT_HELD, Verdict
from reports.model.run import Result, Run
from reports.render import wording

NAMED = 10  # promises that were broken before, by name


def show(run: Run, stream: TextIO, *, strict: bool = False) -> None:
    """A line too long is cut by nobody: the pane scrolls, and lines are for copying."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    said = "".join(f"{line}\n" for line in lines(run, strict=strict))
    stream.write(said.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def lines(run: Run, *, strict: bool = False) -> Iterator[str]:
    """The pane, plain: Argo CD shows no colours."""
    yield _verdict(run, strict=strict)
    for group in wording.groups(run):
        if group[0].outcome.counts_as is not Verdict.HELD:
            yield ""
            yield wording.heading(group)
            yield from (
                f"  {label:<10}{text}".rstrip()
                for label, text in wording.rows(group)
                if label != "reproduce_command"
            )
    yield from _known(run)
    yield ""
    yield from (wording.one_line(f"{fact}: {value}") for fact, value in run.facts)
    yield f"run: {wording.escaped(run.id)}, trace: {wording.escaped(run.trace)}"


def _verdict(run: Run, *, strict: bool) -> str:
    code, broken = run.exit_code(strict=strict), run.counts[Verdict.BROKEN]
    headline = wording.headline(run, strict=strict)
    if code == EXIT_HELD:
        return f"HELD: this deploy broke nothing{headline[headline.index(' (') :]}"
    if code == EXIT_BROKEN and broken:
        return f"BROKEN by this deploy: {headline.partition(': ')[2]}"
    return headline


def _known(run: Run) -> Iterator[str]:
    past, known = run.previous, [s for s in run.scenarios if s.outcome.known]
    if past and past.problem:
        yield ""
        yield wording.one_line(
            f"What was broken before is not known, so every break counts as new: {past.problem}"
        )
    if known:
        yield ""
        yield "Broken before this deploy, and still; it does not block:"
        yield from (f"  {_since(run, scenario)}" for scenario in known[:NAMED])
        yield from ([f"  and {len(known) - NAMED} more"] if known[NAMED:] else [])
    yield from _mended(run)


def _since(run: Run, scenario: Result) -> str:
    code = scenario.finding.code if scenario.finding else "unexplained"
    failure = run.previous.failures.get(scenario.id) if run.previous else None
    since = (
        f", since {datetime.fromtimestamp(failure.since, UTC):%Y-%m-%d %H:%M} UTC"
        if failure
        else ""
    )
    return wording.one_line(f"{scenario.id} ({code}{since})")


def _mended(run: Run) -> Iterator[str]:
    """What the deploy was perhaps for."""
    mended: Sequence[Result] = [
        s
        for s in run.scenarios
        if s.outcome.counts_as is Verdict.HELD
        and not s.outcome.known
        and run.previous
        and run.previous.was_broken(s.id)
    ]
    if mended:
        yield ""
        yield (
            (
                "Broken before this deploy, and holds now: "
                f"{', '.join(wording.one_line(s.id) for s in mended[:NAMED])}"
            )
            + (f" and {len(mended) - NAMED} more" if mended[NAMED:] else "")
        )
