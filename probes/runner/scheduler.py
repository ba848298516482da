"""One run: every selected scenario as a task on one loop, each with its attempts, its deadline and
its verdict.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from opentelemetry.trace import Span

from probes import clock
from probes.config.environment import Target
from probes.finding import Code, NotApplicable, Verdict
from probes.recording.recorder import RunEvidence
from probes.results import Attempt, Outcome, Scenario, finding_entry
from probes.runner import retries
from probes.runner.admissions import Admissions
from probes.runner.attempt import Attempts, Call, Refine
from probes.runner.self_health import SelfHealth
from probes.transport.throttle import prioritize

# What a cancelled scenario may take to close what it opened, in seconds.
CLOSING_TIMEOUT_S = 6.0
# What all wait for at most, so that a browser need not be launched in the rush that they make.
# Seconds.
HEAD_START_S = 5.0
# More pages than that would only wait for each other's processors, each with its own memory.
PAGES_AT_ONCE = 6
STOPPED_EARLY = "stopped-early"
NOT_ALONE = "it holds only while nobody else asks the target, and other shards of this run do"


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
        health: SelfHealth | None = None,
        is_shard: bool = False,
    ) -> None:
        self.target, self.evidence, self.span = target, evidence, span
        self.stop_reason = ""
        self.health = health or SelfHealth()
        self._attempts = Attempts(target, evidence, span, refine, self.health)
        self._confirm, self._announce, self._is_shard = confirm, announce, is_shard
        self._most_failures, self._failures = most_failures, 0
        self._stabilization_window_s, self._began_at = stabilization_window_s, time.monotonic()
        self._free, self._alone = asyncio.Semaphore(concurrency), asyncio.Lock()
        self._pages = asyncio.Semaphore(PAGES_AT_ONCE)
        self._admissions = Admissions(self.health)
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        self._together: list[asyncio.Task[Outcome]] = []
        self._head_start: asyncio.Task[None] | None = None

    def start(
        self,
        scenarios: Mapping[str, tuple[Scenario, Call]],
        head_start: Coroutine[Any, Any, None] | None = None,
    ) -> None:
        """Start all; who need not go first waits until `head_start` is done, or has taken too
        long.
        """
        self._began_at = time.monotonic()
        self._head_start = asyncio.create_task(head_start) if head_start else None
        for name, (scenario, call) in sorted(
            scenarios.items(), key=lambda item: (not item[1][0].first, not item[1][0].lingers)
        ):
            self._tasks[name] = asyncio.create_task(self._perform(scenario, call), name=name)
            if not scenario.alone:
                self._together.append(self._tasks[name])

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
        if others and not self.stop_reason:
            self.stop_reason = self._attempts.stop_reason = why
            for task in others:
                task.cancel()

    async def finish(self) -> None:
        """Wait for what was stopped to close what it opened, but not for ever."""
        if self._head_start:
            self._head_start.cancel()
        pending = [task for task in self._tasks.values() if not task.done()]
        if pending:
            self.stop(STOPPED_EARLY)
            await asyncio.wait(pending, timeout=CLOSING_TIMEOUT_S)

    async def _wait_for_head_start(self) -> None:
        if self._head_start:
            await asyncio.wait((self._head_start,), timeout=HEAD_START_S)

    @asynccontextmanager
    async def _turn(self, scenario: Scenario) -> Any:
        if not scenario.alone:
            async with self._place_of(scenario), self._free:
                yield
            return
        # Slots collected one by one would be missing while others still want them.
        if self._together:
            await asyncio.wait(self._together)
        async with self._alone:
            yield

    def _place_of(self, scenario: Scenario) -> AbstractAsyncContextManager[None]:
        if scenario.first:
            return self._pages
        return self._admissions.admit(counts=not scenario.lingers)

    async def _perform(self, scenario: Scenario, call: Call) -> Outcome:
        if reason := self._reason_to_skip(scenario):
            return self._close(scenario, Outcome(Verdict.SKIPPED, reason=reason))
        try:
            if scenario.first:
                prioritize()
            else:
                await self._wait_for_head_start()
            async with self._turn(scenario):
                outcome = await self._ask(scenario, call)
                self._failures += outcome.fails
                if outcome.fails and self._failures == self._most_failures:
                    self.stop(STOPPED_EARLY)  # before the turn passes to another
        except asyncio.CancelledError:
            return self._not_begun()
        return self._close(scenario, outcome)

    def _reason_to_skip(self, scenario: Scenario) -> str:
        """Why it is not asked here; "" where it is."""
        if scenario.alone and self._is_shard:
            return NOT_ALONE
        return self.target.reason_to_skip(scenario.id)

    async def _ask(self, scenario: Scenario, call: Call) -> Outcome:
        """Once, and again as retries.py says. What has been seen survives a stop."""
        attempts: list[Attempt] = []
        began = time.monotonic()
        stabilizing = False
        try:
            attempts.append(await self._attempts.make(scenario, call, 1))
            stabilizing = self._is_stabilizing
            while again := await self._wait_for_next(scenario, attempts, began):
                seen, number = attempts[-1].finding, len(attempts) + 1
                attempts.append(await self._attempts.make(again, call, number, seen))
        except NotApplicable as why:
            if not attempts:
                return Outcome(Verdict.SKIPPED, reason=str(why))
        except asyncio.CancelledError:
            if not attempts:
                raise
        # What broke before the roll-out was done, and then held, is no intermittent break.
        has_settled = stabilizing and len(attempts) > 1 and attempts[-1].is_kept
        outcome = replace(
            retries.conclude_rested(attempts, stabilizing=has_settled),
            duration_s=time.monotonic() - began,
        )
        if has_settled:
            outcome = replace(outcome, settled_s=time.monotonic() - self._began_at)
        return self._accept(scenario, outcome)

    def _accept(self, scenario: Scenario, outcome: Outcome) -> Outcome:
        if not outcome.finding or outcome.verdict not in (Verdict.BROKEN, Verdict.DEGRADED):
            return outcome
        today = datetime.fromtimestamp(clock.now(), UTC).date()
        code = outcome.finding.code
        return replace(outcome, accepted=self.target.acceptance(scenario.id, code, today))

    async def _wait_for_next(
        self, scenario: Scenario, attempts: list[Attempt], began_at: float
    ) -> Scenario | None:
        """The scenario with the deadline of its next attempt, once that is due; None where there is
        none.
        """
        if self.stop_reason:
            return None
        if retries.is_starved(attempts[-1]):
            return await self._wait_for_calm(scenario, attempts, began_at)
        pause_s = self._pause_s([each for each in attempts if not retries.is_starved(each)])
        if pause_s is None:
            return None
        await asyncio.sleep(pause_s)
        return scenario

    async def _wait_for_calm(
        self, scenario: Scenario, attempts: list[Attempt], began_at: float
    ) -> Scenario | None:
        """Ask again when the suite is not starved any more, within the scenario's deadline."""
        left_s = scenario.deadline_s - (time.monotonic() - began_at)
        needed_s = min(self.target.timeouts.answer_s, scenario.deadline_s / 2)
        starved = sum(retries.is_starved(attempt) for attempt in attempts)
        if starved > retries.MOST_STARVED or not await self.health.calm(left_s - needed_s):
            return None
        return replace(scenario, deadline_s=scenario.deadline_s - (time.monotonic() - began_at))

    @property
    def _is_stabilizing(self) -> bool:
        return time.monotonic() - self._began_at < self._stabilization_window_s

    def _pause_s(self, attempts: list[Attempt]) -> float | None:
        if self.stop_reason:
            return None
        last = attempts[-1].finding
        is_counted = last is not None and last.code is Code.INTERMITTENT
        return retries.pause_s(
            [attempt.verdict or Verdict.UNKNOWN for attempt in attempts],
            stabilizing=self._is_stabilizing,
            confirm=self._confirm and not is_counted,
            retry_delay_s=self.target.timeouts.retry_delay_s,
        )

    def _not_begun(self) -> Outcome:
        return Outcome(
            Verdict.NOT_RUN, reason=f"the run ended ({self.stop_reason}) before it began"
        )

    def _close(self, scenario: Scenario, outcome: Outcome) -> Outcome:
        accepted = outcome.accepted_entry
        settled = {"settled": round(outcome.settled_s, 6)} if outcome.settled_s else {}
        self.evidence.journal.write(
            "scenario-finished",
            scenario=scenario.id,
            verdict=outcome.verdict,
            duration=round(outcome.duration_s, 6),
            attempts=len(outcome.attempts),
            finding=finding_entry(outcome.finding),
            accepted=accepted,
            reason=outcome.reason,
            **settled,
        )
        self._announce(scenario, outcome)
        return outcome
