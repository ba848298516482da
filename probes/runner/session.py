"""One run from its folder to its reports: what scenarios share, opened on the loop and closed in
any event.
"""

import asyncio
import functools
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from probes import __version__
from probes.auth.users import Users
from probes.browser.browser import Browser
from probes.config.environment import Target
from probes.diagnosis.ladder import diagnose
from probes.finding import EXIT_UNKNOWN, CannotAsk
from probes.recording import spans
from probes.recording.journal import Journal
from probes.recording.ledger import Ledger
from probes.recording.recorder import Evidence, Recorder, recording
from probes.recording.redactor import Redactor
from probes.recording.trace_link import FACT, linked
from probes.results import FAILING, Outcome, Scenario
from probes.runner.cleanup import sweep
from probes.runner.cleanup_kinds import ResourceKind, resource_kinds
from probes.runner.scheduler import STOPPED_EARLY, Call, Run
from probes.runner.sharding import Share
from probes.runner.target_process import Started
from probes.services.storage import Drive
from probes.state import last_run, update
from probes.transport.http import Web
from reports.model import verdict_store
from reports.model.history import LAST, History
from reports.model.run import Run as Report
from reports.model.run import load
from reports.publish import publishers
from reports.publish.notices import Links
from reports.render import files, junit
from reports.render.languages import ENGLISH, Words

# After its deadline a run has this long to close what it opened; then it is ended from outside the
# loop. Seconds.
GRACE = 20.0
SWEEP_DEADLINE = 10.0
EXPORT_BUDGET = 2.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line asked for."""

    folder: Path
    concurrency: int
    confirm: bool
    most_failures: int = 0  # then the run ends; 0 for never
    strict: bool = False
    junit: Path | None = None
    words: Words = ENGLISH
    trace_url: str = ""  # as probes.recording.trace_link has it
    gate: bool = False
    settle: float = 0.0  # seconds
    share: Share = field(default_factory=Share)
    known: frozenset[str] = (
        frozenset()
    )  # all scenarios that exist, where all of the share are asked; else empty

    @property
    def whole(self) -> bool:
        return bool(self.known)

    def gone(self, scenario: str) -> bool:
        """Whether it is of our share and exists no longer, as far as this run can know."""
        return self.whole and self.share.holds(scenario) and scenario not in self.known

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise CannotAsk(f"--probe-concurrency must be at least 1, not {self.concurrency}")


def place(option: str, folder: Path) -> Path:
    """`folder`, made if need be: that a report has no place is said before the run. Raises
    CannotAsk.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CannotAsk(
            f"{option} names {folder}, where nothing can be written: {error.strerror}"
        ) from error
    return folder


def new_name() -> str:
    """Of a run's folder; runs sort by their time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


class Session:
    """The live things of one run. `open` and `close` belong to the event loop, `finish` comes
    after.
    """

    def __init__(
        self,
        options: RunOptions,
        target: Target,
        started: Started | None,
        scenarios: Sequence[Scenario],
        announce: Callable[[Scenario, Outcome], None],
    ) -> None:
        self.target, self._options, self._started, self._scenarios = (
            target,
            options,
            started,
            scenarios,
        )
        self._began, self._ended = time.monotonic(), "completed"
        self.histories: Mapping[str, History] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchdog = threading.Timer(target.timeouts.run_s + GRACE, self._bite)
        folder, redactor = options.folder, Redactor()
        tracing = spans.Tracing(folder, folder.name, target.name, __version__, os.environ)
        self._evidence = Evidence(folder.name, folder, Journal(folder), redactor, tracing)
        self.web = Web(target)
        self.browser = Browser(target)
        self.users = Users(target, self.web, redactor)
        self.ledger = Ledger(folder)
        self.run = self._new_run(announce)

    def _new_run(self, announce: Callable[[Scenario, Outcome], None]) -> Run:
        run = self._evidence.run
        span = self._evidence.tracing.start(
            f"run {self.target.name}", attributes=spans.run_attributes(run)
        )
        trace = spans.trace_id(span)
        self._evidence.journal.write(
            "run-started",
            run=run,
            version=__version__,
            environment=self.target.name,
            apex=self.target.hosts.apex,
            deadline=self.target.timeouts.run_s,
            trace=trace,
            expected=[scenario.expected for scenario in self._scenarios],
            **({"shard": str(self._options.share)} if self._options.share.of > 1 else {}),
        )
        if self._options.trace_url and trace:
            self._evidence.journal.write(
                "fact", name=FACT, value=linked(self._options.trace_url, trace)
            )
        return Run(
            self.target,
            self._evidence,
            span,
            functools.partial(diagnose, self.web),
            concurrency=self._options.concurrency,
            confirm=self._options.confirm,
            most_failures=self._options.most_failures,
            settle=self._options.settle,
            announce=announce,
        )

    def open(self, calls: Mapping[str, Call]) -> None:
        """Start every scenario. Call on the loop."""
        self._loop = asyncio.get_running_loop()
        left = self.target.timeouts.run_s - (time.monotonic() - self._began)
        self._loop.call_later(max(left, 0.0), self.stop, "deadline")
        self._watchdog.daemon = True
        self._watchdog.start()
        warming = (
            self.browser.warm() if any(scenario.first for scenario in self._scenarios) else None
        )
        self.run.start(
            {scenario.id: (scenario, calls[scenario.id]) for scenario in self._scenarios}, warming
        )
        if self._ended != "completed":  # a signal came before the loop
            self.run.stop(self._ended)

    def stop(self, why: str) -> None:
        """End the run early and in order; safe to call from a signal handler."""
        self._ended = why if self._ended == "completed" else self._ended
        if self._loop:
            self._loop.call_soon_threadsafe(self.run.stop, why)

    def drive(self, who: str, origin: str = "") -> Drive:
        """The drive of one of the cast, through the apex as users have it, or through another
        origin.
        """
        base = (origin or self.target.hosts.apex) + self.target.paths.storage
        return Drive(self.web, self.users.user(who), base, self.target.workspace.id, self.ledger)

    def _keepers(self) -> tuple[ResourceKind, ...]:
        return resource_kinds(self.drive("alice"), self.users.user("alice"), self.users.user("bob"))

    async def close(self) -> None:
        """Remove what the run created and close what it opened, whatever state it is in."""
        await self.run.finish()
        if self.run.stopped == STOPPED_EARLY:
            self._ended = STOPPED_EARLY
        with recording(Recorder(self._evidence, None, 1, self.run.span)) as recorder:
            try:
                async with asyncio.timeout(SWEEP_DEADLINE):
                    await sweep(self.ledger, self.target, self._keepers())
            except Exception as error:  # noqa: BLE001 - what is left is in the ledger, and a later run sweeps it
                recorder.note(
                    f"the sweep failed with {type(error).__name__}: {error}; a later run will sweep"
                )
            try:
                await self._remember()
            except (CannotAsk, OSError) as error:  # it costs this run its place in histories
                recorder.note(f"the state store does not remember this run: {error}")
        await self._compare()
        self._say_how_it_settled()
        await self.browser.close()
        await self.web.close()
        spans.end_run(
            self.run.span, [outcome.verdict for outcome in self.run.outcomes.values()], self._ended
        )

    async def _compare(self) -> None:
        """Say in the journal what the runs before have left, and leave for the next what this one
        has seen.
        """
        if where := self.target.identity.state:
            options, outcomes = self._options, self.run.outcomes
            before = await last_run.pass_on(
                where, outcomes, gate=options.gate, gone=options.gone, whole=options.whole
            )
            self._evidence.journal.write("before", gate=options.gate, **before)

    def _say_how_it_settled(self) -> None:
        if limit := self._options.settle:
            times = [outcome.settled for outcome in self.run.outcomes.values() if outcome.settled]
            late = (
                f"after {max(times):.1f} s, promises that were waited for: {len(times)}"
                if times
                else "at once"
            )
            open_ones = sum(outcome.verdict in FAILING for outcome in self.run.outcomes.values())
            said = f"{late}; not within {limit:g} s: {open_ones}" if open_ones else late
            self._evidence.journal.write("fact", name="settled", value=said)

    async def _remember(self) -> None:
        """Where folders do not last, the state store knows what became of the promises in the runs
        before.
        """
        if where := self.target.identity.state:
            folder = self._options.folder
            mine = verdict_store.past_of(load(folder))
            earlier = await update.exchange(
                where, lambda text: verdict_store.pack([*verdict_store.unpack(text), mine][-LAST:])
            )
            verdict_store.bring(folder, verdict_store.unpack(earlier))

    def finish(self) -> Report:
        """Export the spans, end the journal, write the reports, stop what was started."""
        self._watchdog.cancel()
        self.ledger.close()
        journal = self._evidence.journal
        journal.write("spans", **asdict(self._evidence.tracing.finish(EXPORT_BUDGET)))
        journal.write(
            "run-finished", ended=self._ended, duration=round(time.monotonic() - self._began, 6)
        )
        self._tell()
        journal.close()
        if self._started:
            self._started.stop()
        return self._report()

    def _tell(self) -> None:
        """Send metrics and notices where they are asked for; what became of them is told, and
        changes no verdict.
        """
        if not publishers.asked(os.environ):
            return
        notices = self.target.notices
        links = Links(self._options.trace_url, notices.runbook)
        quiet = notices.is_quiet(datetime.now(UTC))
        sent = publishers.send(
            load(self._options.folder), os.environ, links, whole=self._options.whole, quiet=quiet
        )
        for name, value in sent.facts:
            self._evidence.journal.write("fact", name=name, value=value)
        if sent.told:
            asyncio.run(last_run.tell(self.target.identity.state, sent.told))

    def _report(self) -> Report:
        options = self._options
        report = load(options.folder)
        self.histories = files.write(report, options.words, strict=options.strict)
        if options.junit:
            junit.write(report, options.junit, strict=options.strict)
        return report

    def _bite(self) -> None:
        """The loop did not end: leave complete reports and go."""
        self._evidence.journal.write(
            "run-finished", ended="stuck", duration=round(time.monotonic() - self._began, 6)
        )
        self._report()
        os._exit(EXIT_UNKNOWN)
