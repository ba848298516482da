"""The life of one run: what scenarios share is opened on the loop and closed in any event; what
follows then is in end_of_run.py.
"""

import asyncio
import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from probes import __version__
from probes.auth.users import Users
from probes.browser import chromium
from probes.browser.browser import Browser
from probes.cluster.reader import Cluster
from probes.config.environment import Target
from probes.diagnosis.intermittency import Repeater
from probes.diagnosis.tempo import Tempo
from probes.diagnosis.witness import diagnose_with_witnesses
from probes.finding import EXIT_UNKNOWN
from probes.recording import span_attributes, spans
from probes.recording.ask_again import AskAgain
from probes.recording.journal import Journal
from probes.recording.ledger import Ledger
from probes.recording.recorder import Recorder, RunEvidence, recording
from probes.recording.redactor import Redactor
from probes.recording.trace_link import FACT, trace_page
from probes.results import FAILING, Outcome, Scenario
from probes.runner import command_line, end_of_run, preflight
from probes.runner.attempt import Call
from probes.runner.cleanup import clean_up
from probes.runner.cleanup_kinds import ResourceKind, resource_kinds
from probes.runner.end_of_run import EndedRun
from probes.runner.options import RunOptions
from probes.runner.problems import Problems
from probes.runner.scheduler import STOPPED_EARLY, Run
from probes.runner.target_process import Started
from probes.services.storage import Drive
from probes.state import last_run
from probes.transport.http import Web
from reports.model.run import assemble

# After its deadline a run has this long to close what it opened; then it is ended from outside the
# loop.
GRACE_S = 20.0
CLEANUP_TIMEOUT_S, EXPORT_TIMEOUT_S = 10.0, 2.0
REPORT_TIMEOUT_S = 15.0  # for the reports of a run whose loop is stuck
COMPLETED = "completed"


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
        *,
        problems: Problems | None = None,
        show: Callable[[EndedRun], None] = lambda _: None,
    ) -> None:
        # On a disk that fills up, half a module would be left for the next process.
        sys.dont_write_bytecode = True
        self.target = target
        self._options, self._started, self._scenarios = options, started, scenarios
        self._began_at, self._ended = time.monotonic(), COMPLETED
        self.problems, self._show = problems or Problems(), show
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchdog = threading.Timer(target.timeouts.run_s + GRACE_S, self._end_stuck_run)
        folder, redactor = options.folder, Redactor(target.proxy.secrets(os.environ))
        tracing = spans.Tracing(folder, folder.name, target.name, __version__, os.environ)
        self.web = Web(target)
        self.users = Users(target, self.web, redactor)
        again = self._ask_again()
        self._evidence = RunEvidence(folder.name, folder, Journal(folder), redactor, tracing, again)
        by_hand = bool(os.environ.get(chromium.BY_HAND))
        self.browser = Browser(target, options.traced_from, by_hand=by_hand)
        self.cluster = Cluster(target.cluster, can_settle=options.can_settle)
        self.tempo = Tempo(target)
        self.ledger = Ledger(folder)
        self.run = self._new_run(announce)

    def _ask_again(self) -> AskAgain:
        options, target = self._options, self.target
        own = command_line.ROOT / "scenarios"
        strays = [s for s in self._scenarios if not Path(s.file).resolve().is_relative_to(own)]
        return AskAgain(
            options.environment,
            target.tls.ca,
            options.faults,
            ends_with_run=self._started is not None,
            ids=target.ids,
            proxy=target.proxy,
            files={scenario.id: scenario.file for scenario in strays},
            owner=self.users.owner,
        )

    def _new_run(self, announce: Callable[[Scenario, Outcome], None]) -> Run:
        options = self._options
        attributes = span_attributes.run_attributes(self._evidence.run)
        span = self._evidence.tracing.start(f"run {self.target.name}", attributes=attributes)
        self._record_start(spans.trace_id(span))
        parts = (self.web, self.cluster, self.tempo)
        return Run(
            self.target,
            self._evidence,
            span,
            Repeater(self.web, functools.partial(diagnose_with_witnesses, *parts)).refine,
            concurrency=preflight.affordable_concurrency(options.concurrency),
            confirm=options.confirm,
            most_failures=options.most_failures,
            stabilization_window_s=options.stabilization_window_s,
            announce=announce,
            is_shard=options.share.of > 1,
        )

    def _record_start(self, trace: str) -> None:
        self._evidence.journal.write(
            "run-started",
            run=self._evidence.run,
            version=__version__,
            environment=self.target.name,
            apex=self.target.hosts.apex,
            deadline=self.target.timeouts.run_s,
            trace=trace,
            expected=[scenario.journal_entry for scenario in self._scenarios],
            **self._options.limits_entry,
        )
        if self._options.tier == "quick":
            self._record_fact("tier", "quick; what needs pages, calls or long waits was not asked")
        for name, value in preflight.look(self.target, self._options.folder):
            self._record_fact(name, value)
        if self._options.trace_url and trace:
            self._record_fact(FACT, trace_page(self._options.trace_url, trace))

    def _record_fact(self, name: str, value: str) -> None:
        self._evidence.journal.write("fact", name=name, value=value)

    def open(self, calls: Mapping[str, Call]) -> None:
        """Start every scenario. Call on the loop."""
        self.run.health.start()
        self._loop = asyncio.get_running_loop()
        left_s = self.target.timeouts.run_s - (time.monotonic() - self._began_at)
        self._loop.call_later(max(left_s, 0.0), self.stop, "deadline")
        self._watchdog.daemon = True
        self._watchdog.start()
        needs_browser = any(scenario.first for scenario in self._scenarios)
        head_start = self.browser.warm() if needs_browser else None
        chosen = {scenario.id: (scenario, calls[scenario.id]) for scenario in self._scenarios}
        self.run.start(chosen, head_start)
        if self._ended != COMPLETED:  # a signal came before the loop
            self.run.stop(self._ended)

    def stop(self, why: str) -> None:
        """End the run early and in order; safe to call from a signal handler."""
        if self._ended != COMPLETED:  # the first reason counts
            return
        self._ended = why
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.run.stop, why)

    def drive(self, who: str, origin: str = "") -> Drive:
        """The drive of a test user, through the apex as users have it, or through another
        origin.
        """
        base = (origin or self.target.hosts.apex) + self.target.paths.storage
        return Drive(self.web, self.users.user(who), base, self.target.workspace.id, self.ledger)

    async def close(self) -> None:
        """Remove what the run created and close what it opened, whatever state it is in."""
        with self._guard("ending the scenarios"):
            await self.run.finish()
        if self.run.stop_reason == STOPPED_EARLY:
            self._ended = STOPPED_EARLY
        await self._clean_up()
        with self._guard("comparing with the previous run"):
            await self._compare()
        with self._guard("closing the browser"):
            await self.browser.close()
        with self._guard("closing connections"):
            await self.web.close()
        with self._guard("closing the cluster's API"):
            await self.cluster.close()
        with self._guard("closing Tempo's API"):
            await self.tempo.close()
        with self._guard("stopping the watch over the suite itself"):
            await self.run.health.stop()
            self._record_health()
        with self._guard("recording the end"):
            self._record_stabilization()
            verdicts = [outcome.verdict for outcome in self.run.outcomes.values()]
            span_attributes.end_run(self.run.span, verdicts, self._ended)

    async def _clean_up(self) -> None:
        with recording(Recorder(self._evidence, None, 1, self.run.span)) as recorder:
            try:
                async with asyncio.timeout(CLEANUP_TIMEOUT_S):
                    await clean_up(self.ledger, self.target, self._resource_kinds())
            except Exception as error:  # noqa: BLE001 - what is left is in the ledger, and a later run removes it
                why = f"{type(error).__name__}: {error}"
                recorder.note(f"the cleanup failed with {why}; a later run will clean up")

    def _resource_kinds(self) -> tuple[ResourceKind, ...]:
        return resource_kinds(self.drive("alice"), self.users.user("alice"), self.users.user("bob"))

    async def _compare(self) -> None:
        """Say in the journal what the runs before have left, and leave for the next what this one
        has seen.
        """
        if not (where := self.target.identity.state):
            return
        options = self._options
        previous = await last_run.swap_last_run(
            where,
            self.run.outcomes,
            gate=options.gate,
            is_gone=options.is_gone,
            whole=options.whole,
        )
        self._evidence.journal.write("previous-run", gate=options.gate, **asdict(previous))

    def _record_health(self) -> None:
        health = self.run.health.whole_run
        self._evidence.journal.write("self-health", **health.figures)
        self._record_fact("suite health", str(health))
        if jump_s := self.run.health.clock_jump_s:
            jump = f"this machine's clock jumped by {jump_s:+.0f} s during the run"
            self._record_fact("clock", f"{jump}; tokens were judged by the time before the jump")

    def _record_stabilization(self) -> None:
        limit_s = self._options.stabilization_window_s
        if not limit_s:
            return
        outcomes = self.run.outcomes.values()
        times = [outcome.settled_s for outcome in outcomes if outcome.settled_s]
        text = "at once"
        if times:
            text = f"after {max(times):.1f} s, promises that were waited for: {len(times)}"
        if still_failing := sum(outcome.verdict in FAILING for outcome in outcomes):
            text = f"{text}; not within {limit_s:g} s: {still_failing}"
        self._record_fact("stabilized", text)

    def finish(self) -> EndedRun:
        """Export the spans, end the journal, take the steps of the end, stop what was started."""
        with self._guard("closing the ledger"):
            self.ledger.close()
        with self._guard("exporting the spans"):
            spans_result = self._evidence.tracing.finish(EXPORT_TIMEOUT_S)
            self._evidence.journal.write("spans", **asdict(spans_result))
        run = self._ended_run()
        end_of_run.perform(run)
        self._evidence.journal.close()
        if self._started:
            with self._guard("stopping the target"):
                self._started.stop()
        self._watchdog.cancel()
        return run

    @contextmanager
    def _guard(self, what: str) -> Iterator[None]:
        """What fails here is ours, and costs no other step."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - kept, and told by the exit code
            self.problems.add(what, error)

    def _ended_run(self) -> EndedRun:
        journal, options = self._evidence.journal, self._options
        duration_s = time.monotonic() - self._began_at
        journal.write("run-finished", ended=self._ended, duration=round(duration_s, 6))
        report = assemble(options.folder, list(journal.events()))
        return EndedRun(self.target, options, journal, report, self.problems)

    def _end_stuck_run(self) -> None:
        """The loop did not end: leave complete reports and go, even if those cannot be written."""
        last_resort = threading.Timer(REPORT_TIMEOUT_S, os._exit, [EXIT_UNKNOWN])
        last_resort.daemon = True
        last_resort.start()
        try:
            self._ended = "stuck"
            with self._guard("saying how the suite fared"):
                self._record_health()
            run = self._ended_run()
            end_of_run.perform(run, end_of_run.REPORT_STEPS)
            self._show(run)
        finally:
            os._exit(EXIT_UNKNOWN)
