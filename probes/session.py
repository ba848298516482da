"""One run from its folder to its reports: what scenarios share, opened on the loop and closed in any event."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from reports.run import Run as Report
from reports.run import load

from probes import __version__, telemetry
from probes.browser import Browser
from probes.evidence import Evidence, Recorder, recording
from probes.finding import EXIT_UNKNOWN
from probes.identity import Cast
from probes.journal import Journal
from probes.ladder import climb
from probes.ledger import Ledger
from probes.redaction import Redactor
from probes.run import Call, Outcome, Run, Scenario
from probes.starting import Started
from probes.storage import Drive
from probes.sweep import sweep
from probes.target import Target
from probes.web import Web
from reports import junit

# After its deadline a run has this long to close what it opened; then it is ended from outside the loop. Seconds.
GRACE = 20.0
SWEEP_DEADLINE = 10.0
EXPORT_BUDGET = 2.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asked for."""

    folder: Path
    concurrency: int
    confirm: bool
    junit: Path | None = None


@dataclass(slots=True)
class Session:
    """The live things of one run. `open` and `close` belong to the event loop, `report` comes after."""

    wishes: Wishes
    target: Target
    started: Started | None
    scenarios: Mapping[str, Scenario]
    announce: Callable[[Scenario, Outcome], None]
    run: Run = field(init=False)
    web: Web = field(init=False)
    browser: Browser = field(init=False)
    cast: Cast = field(init=False)
    ledger: Ledger = field(init=False)
    _evidence: Evidence = field(init=False)
    _began: float = field(init=False)
    _ended: str = "completed"
    _watchdog: threading.Timer = field(init=False)

    def __post_init__(self) -> None:
        folder, redactor = self.wishes.folder, Redactor()
        tracing = telemetry.Tracing(folder, folder.name, self.target.name, __version__, os.environ)
        self._evidence = Evidence(folder.name, folder, Journal(folder), redactor, tracing)
        self._began = time.monotonic()
        self.web = Web(self.target)
        self.browser = Browser(self.target)
        self.cast = Cast(self.target, self.web, redactor)
        self.ledger = Ledger(folder)

    def open(self, calls: Mapping[str, Call]) -> None:
        """Start every scenario. Call on the loop."""
        span = self._evidence.tracing.start(
            f"run {self.target.name}", attributes=telemetry.run_attributes(self._evidence.run)
        )
        deadline = self.target.patience.run
        self._evidence.journal.write(
            "run-started",
            run=self._evidence.run,
            version=__version__,
            environment=self.target.name,
            apex=self.target.hosts.apex,
            deadline=deadline,
            trace=telemetry.trace_id(span),
            expected=[scenario.expected for scenario in self.scenarios.values()],
        )
        self.run = Run(
            self.target,
            self._evidence,
            span,
            lambda finding, recorder: climb(self.web, finding, recorder),
            concurrency=self.wishes.concurrency,
            confirm=self.wishes.confirm,
            announce=self.announce,
        )
        left = max(0.0, deadline - (time.monotonic() - self._began))
        asyncio.get_running_loop().call_later(left, self.stop, "deadline")
        self._watchdog = threading.Timer(left + GRACE, self._bite)
        self._watchdog.daemon = True
        self._watchdog.start()
        self.run.start({name: (scenario, calls[name]) for name, scenario in self.scenarios.items()})

    def stop(self, why: str) -> None:
        """End the run early and in order; safe to call from a signal handler."""
        self._ended = why if self._ended == "completed" else self._ended
        if hasattr(self, "run"):
            asyncio.get_running_loop().call_soon_threadsafe(self.run.stop, why)

    def drive(self, who: str, origin: str = "") -> Drive:
        """The drive of one of the cast, through the apex as users have it, or through another origin."""
        base = (origin or self.target.hosts.apex) + self.target.paths.storage
        return Drive(self.web, self.cast.member(who), base, self.target.workspace.id, self.ledger)

    async def close(self) -> None:
        """Remove what the run created and close what it opened, whatever state it is in."""
        await self.run.finish()
        if self.run.stopped == "stopped-early":
            self._ended = "stopped-early"
        with recording(Recorder(self._evidence, None, 1, self.run.span)) as recorder:
            try:
                async with asyncio.timeout(SWEEP_DEADLINE):
                    await sweep(self.ledger, self.drive("alice"))
            except Exception as error:  # noqa: BLE001 - what is left is in the ledger, and a later run sweeps it
                recorder.note(f"the sweep failed with {type(error).__name__}: {error}; a later run will sweep")
        await self.browser.close()
        await self.web.close()
        self.ledger.close()
        self.run.span.end()

    def finish(self) -> Report:
        """Export the spans, end the journal, write the reports, stop what was started."""
        if hasattr(self, "_watchdog"):
            self._watchdog.cancel()
        journal = self._evidence.journal
        journal.write("spans", **asdict(self._evidence.tracing.finish(EXPORT_BUDGET)))
        journal.write("run-finished", ended=self._ended, duration=round(time.monotonic() - self._began, 6))
        journal.close()
        if self.started:
            self.started.stop()
        return self._report()

    def _report(self) -> Report:
        report = load(self.wishes.folder)
        junit.write(report, self.wishes.folder / "junit.xml")
        if self.wishes.junit:
            junit.write(report, self.wishes.junit)
        return report

    def _bite(self) -> None:
        """The loop did not end: leave complete reports and go."""
        self._evidence.journal.write("run-finished", ended="stuck", duration=round(time.monotonic() - self._began, 6))
        self._report()
        os._exit(EXIT_UNKNOWN)
