"""What happens once all scenarios have ended: each step works on the one run that was loaded from
the journal, and a step that fails stops no other.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from probes.config.environment import Target
from probes.finding import EXIT_UNKNOWN, CannotAsk
from probes.recording.journal import NAME, Journal, line
from probes.runner.options import RunOptions
from probes.runner.problems import Problems
from probes.state import last_run, update
from reports.model import verdict_store
from reports.model.history import LAST, History
from reports.model.run import Run as Report
from reports.publish import publishers
from reports.publish.notices import Links
from reports.render import files, junit


@dataclass(slots=True)
class EndedRun:
    """The loaded run, and what its steps need. `is_shown`: whether people have read the verdict."""

    target: Target
    options: RunOptions
    journal: Journal
    report: Report
    problems: Problems
    histories: Mapping[str, History] = field(default_factory=dict)
    is_shown: bool = False

    @property
    def exit_code(self) -> int:
        """What went wrong of ours gives neither the code of a kept promise nor of a broken one."""
        if self.problems.messages:
            return EXIT_UNKNOWN
        return self.report.exit_code(strict=self.options.strict)

    def add_fact(self, name: str, value: str) -> None:
        self.journal.write("fact", name=name, value=value)
        self.report = replace(self.report, facts=(*self.report.facts, (name, value)))

    def add_note(self, text: str) -> None:
        self.journal.write("note", scenario=None, attempt=1, text=text)
        self.report = replace(self.report, notes=(*self.report.notes, text))


def share_history(run: EndedRun) -> None:
    """Where folders do not last, the state store knows what became of the promises in the runs
    before.
    """
    if not (where := run.target.identity.state):
        return
    mine = verdict_store.past_of(run.report)

    def with_mine(text: str) -> str:
        return verdict_store.pack([*verdict_store.unpack(text), mine][-LAST:])

    try:
        earlier = asyncio.run(update.exchange(where, with_mine))
    except (CannotAsk, OSError) as error:  # it costs this run its place in histories
        run.add_note(f"the state store did not save this run: {error}")
        return
    verdict_store.write_history(run.options.folder, verdict_store.unpack(earlier))


def publish(run: EndedRun) -> None:
    """Send metrics and notices where they are asked for; what became of them is a fact of the run,
    and changes no verdict.
    """
    if not publishers.is_anything_asked(os.environ):
        return
    notices = run.target.notices
    links = Links(run.options.trace_url, notices.runbook)
    quiet = notices.is_quiet(datetime.now(UTC))
    sent = publishers.send(run.report, os.environ, links, whole=run.options.whole, quiet=quiet)
    for name, value in sent.facts:
        run.add_fact(name, value)
    if sent.notified:
        where = run.target.identity.state
        asyncio.run(last_run.remember_notified(where, sent.notified))


def keep_journal(run: EndedRun) -> None:
    """What could not be written to the run's folder while it was full, or had vanished."""
    journal, folder = run.journal, run.options.folder
    if (folder / NAME).is_file() and not journal.unwritten:
        return
    trouble = journal.trouble or "vanished during the run"
    run.problems.messages.append(
        f"the run's folder {folder} {trouble}; the reports are complete, "
        "traces and spans may be missing"
    )
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line(event) for event in journal.events()]
    (folder / NAME).write_bytes(b"".join(lines))


def write_reports(run: EndedRun) -> None:
    run.histories = files.write(run.report, run.options.words, strict=run.options.strict)


def write_junit(run: EndedRun) -> None:
    """The report that --junitxml asks for, beside that in the run's folder."""
    if run.options.junit:
        junit.write(run.report, run.options.junit, strict=run.options.strict)


Step = Callable[[EndedRun], None]
STEPS: tuple[tuple[str, Step], ...] = (
    ("saving the journal", keep_journal),
    ("sharing the history", share_history),
    ("publishing", publish),
    ("writing the reports", write_reports),
    ("writing --junitxml", write_junit),
)
NETWORK_STEPS = (share_history, publish)
# What is left to do for a run whose loop is stuck.
REPORT_STEPS = tuple((name, step) for name, step in STEPS if step not in NETWORK_STEPS)


def perform(run: EndedRun, steps: tuple[tuple[str, Step], ...] = STEPS) -> None:
    """All steps in order; what goes wrong in one is kept in `run.problems`."""
    for name, step in steps:
        try:
            step(run)
        except Exception as error:  # noqa: BLE001 - it is ours, and must not cost the other steps
            run.problems.add(name, error)
