"""What a deploy's log pane shows of a run: the verdict first, then what this deploy broke, and
nothing that held.
"""

from collections.abc import Iterator, Mapping
from typing import TextIO

from probes.finding import EXIT_BROKEN, EXIT_HELD, Verdict
from reports.model import causes
from reports.model.history import History
from reports.model.run import Result, Run
from reports.render import cause_rows, wording

NAMED = 10  # promises that were broken before, by name


def show(
    run: Run,
    stream: TextIO,
    history: Mapping[str, History] = wording.NO_HISTORY,
    *,
    strict: bool = False,
) -> None:
    """A line too long is cut by nobody: the pane scrolls, and lines are for copying."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    pane = "".join(f"{line}\n" for line in lines(run, history, strict=strict))
    stream.write(pane.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def lines(
    run: Run, history: Mapping[str, History] = wording.NO_HISTORY, *, strict: bool = False
) -> Iterator[str]:
    """The pane, plain: Argo CD shows no colours."""
    yield _verdict(run, history, strict=strict)
    for block in causes.blocks(run, history):
        if not block.is_failing:
            continue
        yield ""
        yield cause_rows.heading(block)
        for label, text in cause_rows.block_rows(block, history=history):
            if label != "reproduce_command":
                yield f"  {label:<10}{text}".rstrip()
    yield from _unreadable(run)
    yield from _lines_of_known(run)
    yield from _lines_of_fixed(run)
    yield ""
    for fact, value in run.facts:
        yield wording.one_line(f"{fact}: {value}")
    yield f"run: {wording.escape(run.id)}, trace: {wording.escape(run.trace)}"


def _verdict(run: Run, history: Mapping[str, History], *, strict: bool) -> str:
    code, broken = run.exit_code(strict=strict), run.counts[Verdict.BROKEN]
    if code == EXIT_HELD:
        return f"HELD: this deploy broke nothing ({wording.counts(run)})."
    headline = wording.headline(run, history=history, strict=strict)
    if code == EXIT_BROKEN and broken:
        return f"BROKEN by this deploy: {headline.partition(': ')[2]}"
    return headline


def _unreadable(run: Run) -> Iterator[str]:
    if run.previous and run.previous.problem:
        why = run.previous.problem
        yield ""
        yield wording.one_line(f"The last run is not known, so every break counts as new: {why}")


def _lines_of_known(run: Run) -> Iterator[str]:
    known = [result for result in run.scenarios if result.outcome.is_known]
    if not known:
        return
    yield ""
    yield "Already failing before this deploy, and still; it does not block:"
    for result in known[:NAMED]:
        yield f"  {_since(run, result)}"
    if len(known) > NAMED:
        yield f"  and {len(known) - NAMED} more"


def _since(run: Run, result: Result) -> str:
    code = result.finding.code if result.finding else "unexplained"
    failure = run.previous.failures.get(result.id) if run.previous else None
    since = f", since {wording.moment(failure.since)}" if failure else ""
    return wording.one_line(f"{result.id} ({code}{since})")


def _lines_of_fixed(run: Run) -> Iterator[str]:
    """What the deploy was perhaps for."""
    previous = run.previous
    if previous is None:
        return
    held = [
        r for r in run.scenarios if r.outcome.counts_as is Verdict.HELD and not r.outcome.is_known
    ]
    fixed = [wording.one_line(r.id) for r in held if previous.was_broken(r.id)]
    if fixed:
        more = f" and {len(fixed) - NAMED} more" if len(fixed) > NAMED else ""
        yield ""
        yield f"Failing before this deploy, and holds now: {', '.join(fixed[:NAMED])}{more}"
