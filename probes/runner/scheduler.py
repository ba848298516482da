"""One run: every selected scenario as a task on one loop, each with its attempts, its deadline and
its verdict.
"""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from opentelemetry.trace import Span

from probes.config.environment import Target
from probes.finding import Broken, CannotAsk, Code, Finding, NotApplicable, Verdict
from probes.recording import spans
from probes.recording.recorder import Recorder, RunEvidence, curl, recording
from probes.results import Attempt, Outcome, Scenario, conclude, finding_entry
from probes.runner import retries
from probes.transport.connection_errors import local_trouble
from probes.transport.throttle import Throttle, bypass_limit, prioritize

Call = Callable[[], Awaitable[None]]
Refine = Callable[[Finding, Recorder], Awaitable[Finding]]

# A second look at a failure has its own deadline, and is not trusted to keep it. Seconds.
SECOND_LOOK = 10.0
# A cause that breaks a hundred promises must not be asked about by a hundred ladders at once.
SECOND_LOOKS = 6
# What a cancelled scenario may take to close what it opened, in seconds.
CLOSING_TIME = 6.0
# What all wait for at most, so that a browser need not be launched in the rush that they make.
# Seconds.
HEAD_START = 5.0
STOPPED_EARLY = "stopped-early"


class Run:
    """The tasks of one run, and the one way to stop them all."""

    def __init__(
        self,
        target: Target,
        evidence: RunEvidence,
        span: Span,
        refine: Refine,
        *,
        concurrency: int,
        confirm: bool,
        most_failures: int = 0,
        stabilization_window_s: float = 0.0,
        announce: Callable[[Scenario, Outcome], None],
    ) -> None:
        self.target, self.evidence, self.span = target, evidence, span
        self.stopped = ""
        self._refine, self._confirm, self._announce = refine, confirm, announce
        self._slots, self._most_failures, self._failures = concurrency, most_failures, 0
        self._stabilization_window_s, self._began = stabilization_window_s, time.monotonic()
        self._free, self._alone = asyncio.Semaphore(concurrency), asyncio.Lock()
        self._looking = Throttle(SECOND_LOOKS, target.timeouts.answer_s / 4)
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        self._head_start: asyncio.Task[None] | None = None

    def start(
        self,
        scenarios: Mapping[str, tuple[Scenario, Call]],
        head_start: Coroutine[Any, Any, None] | None = None,
    ) -> None:
        """Start all; who need not go first waits until `head_start` is done, or has taken too
        long.
        """
        self._began = time.monotonic()
        self._head_start = asyncio.create_task(head_start) if head_start else None
        for name, (scenario, call) in sorted(
            scenarios.items(), key=lambda item: not item[1][0].first
        ):
            self._tasks[name] = asyncio.create_task(self._perform(scenario, call), name=name)

    async def outcome(self, name: str) -> Outcome:
        task = self._tasks[name]
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            return self._not_begun()  # stopped before its first step

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """What has been judged so far, by scenario."""
        return {
            name: task.result()
            for name, task in self._tasks.items()
            if task.done() and not task.cancelled() and not task.exception()
        }

    def stop(self, why: str) -> None:
        """End the run early: what is under way becomes UNKNOWN, what has not begun NOT RUN."""
        # A failure that ends the run is still told.
        others = [
            task
            for task in self._tasks.values()
            if not task.done() and task is not asyncio.current_task()
        ]
        if others and not self.stopped:
            self.stopped = why
            for task in others:
                task.cancel()

    async def finish(self) -> None:
        """Wait for what was stopped to close what it opened, but not for ever."""
        if self._head_start:
            self._head_start.cancel()
        pending = [task for task in self._tasks.values() if not task.done()]
        if pending:
            self.stop(STOPPED_EARLY)
            await asyncio.wait(pending, timeout=CLOSING_TIME)

    @asynccontextmanager
    async def _turn(self, *, alone: bool) -> Any:
        if not alone:
            async with self._free:
                yield
            return
        taken = 0
        async with self._alone:  # two that want all slots must not each hold half of them
            try:
                while taken < self._slots:
                    await self._free.acquire()
                    taken += 1
                yield
            finally:
                for _ in range(taken):
                    self._free.release()

    async def _perform(self, scenario: Scenario, call: Call) -> Outcome:
        if reason := self.target.reason_to_skip(scenario.id):
            return self._close(scenario, Outcome(Verdict.SKIPPED, reason=reason))
        try:
            if scenario.first:
                prioritize()
            elif self._head_start:
                await asyncio.wait((self._head_start,), timeout=HEAD_START)
            async with self._turn(alone=scenario.alone):
                outcome = await self._ask(scenario, call)
                self._failures += outcome.fails
                if outcome.fails and self._failures == self._most_failures:
                    self.stop(STOPPED_EARLY)  # before the turn passes to another
        except asyncio.CancelledError:
            return self._not_begun()
        return self._close(scenario, outcome)

    async def _ask(self, scenario: Scenario, call: Call) -> Outcome:
        """Once, and again as reruns.py says. What has been seen survives a stop."""
        attempts: list[Attempt] = []
        began = time.monotonic()
        stabilizing = False
        try:
            attempts.append(await self._attempt(scenario, call, 1))
            stabilizing = self._is_stabilizing
            while (pause := self._pause(attempts)) is not None:
                await asyncio.sleep(pause)
                attempts.append(
                    await self._attempt(scenario, call, len(attempts) + 1, attempts[-1].finding)
                )
        except NotApplicable as why:
            if not attempts:
                return Outcome(Verdict.SKIPPED, reason=str(why))
        except asyncio.CancelledError:
            if not attempts:
                raise
        outcome = replace(conclude(attempts), duration=time.monotonic() - began)
        if (
            outcome.flaky and stabilizing
        ):  # it broke before the roll-out was done, which is no flake
            outcome = replace(outcome, flaky=False, settled=time.monotonic() - self._began)
        if outcome.finding and outcome.verdict in (Verdict.BROKEN, Verdict.DEGRADED):
            today = datetime.now(UTC).date()
            return replace(
                outcome, accepted=self.target.acceptance(scenario.id, outcome.finding.code, today)
            )
        return outcome

    @property
    def _is_stabilizing(self) -> bool:
        return time.monotonic() - self._began < self._stabilization_window_s

    def _pause(self, attempts: list[Attempt]) -> float | None:
        if self.stopped:
            return None
        return retries.pause(
            [attempt.verdict or Verdict.UNKNOWN for attempt in attempts],
            stabilizing=self._is_stabilizing,
            confirm=self._confirm,
            retry_delay_s=self.target.timeouts.retry_delay_s,
        )

    def _not_begun(self) -> Outcome:
        return Outcome(Verdict.NOT_RUN, reason=f"the run ended ({self.stopped}) before it began")

    def _close(self, scenario: Scenario, outcome: Outcome) -> Outcome:
        accepted = outcome.accepted
        self.evidence.journal.write(
            "scenario-finished",
            scenario=scenario.id,
            verdict=outcome.verdict,
            duration=round(outcome.duration, 6),
            attempts=len(outcome.attempts),
            flaky=outcome.flaky,
            finding=finding_entry(outcome.finding),
            accepted={"why": accepted.why, "until": accepted.until.isoformat()}
            if accepted
            else None,
            reason=outcome.reason,
            **({"settled": round(outcome.settled, 6)} if outcome.settled else {}),
        )
        self._announce(scenario, outcome)
        return outcome

    async def _attempt(
        self, scenario: Scenario, call: Call, number: int, seen: Finding | None = None
    ) -> Attempt:
        journal, started, began = self.evidence.journal, time.monotonic(), time.time()
        journal.write("attempt-started", scenario=scenario.id, attempt=number)
        span = self.evidence.tracing.start(
            scenario.id,
            "internal",
            spans.scenario_attributes(scenario.id, scenario.owner, number),
            parent=self.span,
        )
        recorder = Recorder(self.evidence, scenario.id, number, span)
        with recording(recorder):
            try:
                finding = await self._judge(scenario, call, recorder, seen)
            except NotApplicable:
                spans.end_scenario(span, Verdict.SKIPPED, None)
                raise
        finding = self._clean(finding or next(iter(recorder.degraded), None), recorder)
        verdict = finding.verdict if finding else Verdict.HELD
        duration = round(time.monotonic() - started, 6)
        spans.end_scenario(span, verdict, finding)
        journal.write(
            "attempt-finished",
            scenario=scenario.id,
            attempt=number,
            verdict=verdict,
            duration=duration,
            finding=finding_entry(finding),
        )
        return Attempt(number, verdict, finding, duration, began)

    async def _judge(
        self, scenario: Scenario, call: Call, recorder: Recorder, seen: Finding | None
    ) -> Finding | None:
        timer = asyncio.timeout(scenario.deadline)
        try:
            async with timer:
                await call()
        except Broken as failure:
            return await self._look_again(failure.finding, recorder, seen)
        except NotApplicable:
            raise
        except CannotAsk as why:
            return unknown(str(why))
        except AssertionError as failure:
            return Finding(
                Code.UNEXPLAINED, str(failure) or "an assertion without words failed", "unknown"
            )
        except asyncio.CancelledError as error:
            if (
                not self.stopped
            ):  # something that the scenario waited for was cancelled, not the scenario
                return self._mistake(error, recorder)
            return unknown(f"the run was ended ({self.stopped}) before this was done")
        except TimeoutError as error:
            if timer.expired():
                return unknown(f"not done within its deadline of {scenario.deadline:g} s")
            return self._mistake(error, recorder)
        except BaseException as error:  # noqa: BLE001 - whatever it is (SystemExit, too), it is ours and not the target's
            return self._mistake(error, recorder)
        return None

    def _mistake(self, error: BaseException, recorder: Recorder) -> Finding:
        recorder.note("".join(traceback.format_exception(error)))
        if reason := local_trouble(error):
            return unknown(reason)
        return unknown(
            f"the suite itself failed with {type(error).__name__}: {error}; the journal has "
            "the traceback"
        )

    async def _look_again(
        self, finding: Finding, recorder: Recorder, seen: Finding | None
    ) -> Finding:
        """Climb the ladder, unless what was `seen` at the first attempt is seen again; the finding
        stands anyway.
        """
        line = (
            curl(recorder.last, self.evidence.redactor, self.target.tls.ca) if recorder.last else ""
        )
        finding = replace(finding, reproduce_command=finding.reproduce_command or line)
        if seen and (seen.code, seen.observed) == (
            finding.code,
            self.evidence.redactor.text(finding.observed),
        ):
            return replace(finding, rungs=seen.rungs, cause=seen.cause, certainty=seen.certainty)
        try:
            async with self._looking.one(), asyncio.timeout(SECOND_LOOK):
                with bypass_limit():
                    return await self._refine(finding, recorder)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - it must not hide what it was climbed for
            if not self.stopped:
                recorder.note(f"the ladder itself failed: {type(error).__name__}: {error}")
        return finding

    def _clean(self, finding: Finding | None, recorder: Recorder) -> Finding | None:
        """Redact what a probe quoted from the target."""
        if finding is None:
            return None
        text = recorder.evidence.redactor.text
        rungs = tuple(replace(rung, detail=text(rung.detail)) for rung in finding.rungs)
        return replace(
            finding,
            observed=text(finding.observed),
            cause=text(finding.cause),
            reproduce_command=text(finding.reproduce_command),
            rungs=rungs,
        )


def unknown(why: str) -> Finding:
    """A finding that blames nobody but us."""
    return Finding(Code.UNKNOWN, why, "the suite itself")
