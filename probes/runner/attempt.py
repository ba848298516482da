"""One attempt at a scenario: asked within its deadline, judged, diagnosed, redacted and
recorded.
"""

import asyncio
import contextlib
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace

from opentelemetry.trace import Span

from probes.config.environment import Target
from probes.finding import Broken, CannotAsk, Code, Finding, NotApplicable, Verdict
from probes.recording import span_attributes
from probes.recording.recorder import Recorder, RunEvidence, recording
from probes.recording.reproduce import promise_command, reproduce_command
from probes.results import Attempt, Scenario, finding_entry
from probes.runner import retries
from probes.runner.proxy_check import ProxyCheck
from probes.runner.self_health import Health, SelfHealth
from probes.transport.connection_errors import local_trouble
from probes.transport.throttle import Throttle, bypass_limit

Call = Callable[[], Awaitable[None]]
Refine = Callable[[Finding, Recorder], Awaitable[Finding]]

CANCELLED = asyncio.CancelledError.__name__  # the error of an exchange that a deadline ended

# The diagnosis of a failure has its own deadline, and is not trusted to keep it.
DIAGNOSIS_TIMEOUT_S = 25.0
# A cause that breaks a hundred promises must not be asked about by a hundred ladders at once.
DIAGNOSES_AT_ONCE = 6


class Attempts:
    """Makes attempts at the scenarios of one run. `stop_reason`: why the run was ended, or ""."""

    def __init__(
        self, target: Target, evidence: RunEvidence, span: Span, refine: Refine, health: SelfHealth
    ) -> None:
        self.target, self.evidence, self.span = target, evidence, span
        self.stop_reason = ""
        self._refine, self._health = refine, health
        self._proxy = ProxyCheck(target)
        self._diagnoses = Throttle(DIAGNOSES_AT_ONCE, target.timeouts.answer_s / 4)

    async def make(
        self, scenario: Scenario, call: Call, number: int, seen: Finding | None = None
    ) -> Attempt:
        journal, started, began = self.evidence.journal, time.monotonic(), time.time()
        journal.write("attempt-started", scenario=scenario.id, attempt=number)
        span = self.evidence.tracing.start(
            scenario.id,
            "internal",
            span_attributes.scenario_attributes(scenario.id, scenario.owner, number),
            parent=self.span,
        )
        recorder = Recorder(self.evidence, scenario.id, number, span)
        with recording(recorder):
            try:
                finding = await self._judge(scenario, call, recorder, seen)
            except NotApplicable:
                span_attributes.end_scenario(span, Verdict.SKIPPED, None)
                raise
        finding = finding or _find_degradation(recorder)
        health = self._health_since(started) if finding else Health()
        finding = self._redact(_unless_starved(finding, health), recorder)
        verdict = finding.verdict if finding else Verdict.HELD
        duration = round(time.monotonic() - started, 6)
        span_attributes.end_scenario(span, verdict, finding)
        journal.write(
            "attempt-finished",
            scenario=scenario.id,
            attempt=number,
            verdict=verdict,
            duration=duration,
            finding=finding_entry(finding),
        )
        return Attempt(number, verdict, finding, duration, began, not health.is_calm)

    async def _judge(
        self, scenario: Scenario, call: Call, recorder: Recorder, seen: Finding | None
    ) -> Finding | None:
        timer = asyncio.timeout(scenario.deadline_s)
        try:
            async with timer:
                await self._proxy.expect_usable(recorder.attempt)
                await call()
        except Broken as failure:
            return await self._explain(failure, recorder, seen)
        except NotApplicable:
            raise
        except CannotAsk as why:
            return await self._explain_unasked(why, recorder, seen)
        except AssertionError as failure:
            return Finding(
                Code.UNEXPLAINED,
                str(failure) or "an assertion without words failed",
                "unknown",
                reproduce_command=reproduce_command(recorder),
            )
        except asyncio.CancelledError as error:
            if (
                not self.stop_reason
            ):  # something that the scenario waited for was cancelled, not the scenario
                return self._mistake(error, recorder)
            return unknown(f"the run was ended ({self.stop_reason}) before this was done")
        except TimeoutError as error:
            if timer.expired():
                health = self._health_since(time.monotonic() - scenario.deadline_s)
                return _past_deadline(scenario.deadline_s, recorder, health)
            return self._mistake(error, recorder)
        except BaseException as error:  # noqa: BLE001 - whatever it is (SystemExit, too), it is ours and not the target's
            return self._mistake(error, recorder)
        return None

    async def _explain(self, failure: Broken, recorder: Recorder, seen: Finding | None) -> Finding:
        problem = ""
        with contextlib.suppress(asyncio.CancelledError):  # the run ends: the finding stands
            problem = await self._proxy.problem_of(recorder.last, recorder.attempt)
        if problem:
            return unknown(f"{problem}; it saw: {failure.finding.observed}")
        recorder.answer_judge = failure.judge
        return await self._diagnose(failure.finding, recorder, seen)

    async def _explain_unasked(
        self, why: CannotAsk, recorder: Recorder, seen: Finding | None
    ) -> Finding:
        """UNKNOWN, unless it is known to be the host that a proxy did not reach."""
        finding = None
        with contextlib.suppress(asyncio.CancelledError):  # the run ends
            finding = await self._proxy.explain_unreached(why, recorder.attempt)
        return await self._diagnose(finding, recorder, seen) if finding else unknown(str(why))

    def _health_since(self, started_at: float) -> Health:
        window_s = 2 * self.target.timeouts.answer_s
        return self._health.since(max(started_at, time.monotonic() - window_s))

    def _mistake(self, error: BaseException, recorder: Recorder) -> Finding:
        recorder.note("".join(traceback.format_exception(error)))
        if reason := local_trouble(error):
            return unknown(reason)
        return unknown(
            f"the suite itself failed with {type(error).__name__}: {error}; the journal has "
            "the traceback"
        )

    async def _diagnose(
        self, finding: Finding, recorder: Recorder, seen: Finding | None
    ) -> Finding:
        """Run the ladder, unless what was `seen` at the first attempt is seen again; the finding
        stands anyway.
        """
        line = finding.reproduce_command or reproduce_command(recorder)
        finding = replace(finding, reproduce_command=line)
        if seen and (seen.code, seen.observed) == (
            finding.code,
            self.evidence.redactor.text(finding.observed),
        ):
            return replace(finding, rungs=seen.rungs, cause=seen.cause, certainty=seen.certainty)
        try:
            async with self._diagnoses.one(), asyncio.timeout(DIAGNOSIS_TIMEOUT_S):
                with bypass_limit():
                    return await self._refine(finding, recorder)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - it must not hide what is to be diagnosed
            if not self.stop_reason:
                recorder.note(f"the diagnosis itself failed: {type(error).__name__}: {error}")
        return finding

    def _redact(self, finding: Finding | None, recorder: Recorder) -> Finding | None:
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


def _find_degradation(recorder: Recorder) -> Finding | None:
    """What degrades the promise, where something does; other requests have followed it."""
    if not recorder.degradations:
        return None
    finding = recorder.degradations[0]
    line = finding.reproduce_command or promise_command(recorder)
    return replace(finding, reproduce_command=line)


def _unless_starved(finding: Finding | None, health: Health) -> Finding | None:
    """What came too late for a suite that was starved meanwhile says nothing of the target, and
    what came too late at times says nothing where the suite was busy.
    """
    if finding is None or not retries.depends_on_time(finding):
        return finding
    is_at_times = finding.code is Code.INTERMITTENT
    if not health.is_starved and (health.is_calm or not is_at_times):
        return finding
    observed = f"not known: the suite itself was starved ({health}); it saw: {finding.observed}"
    return Finding(Code.UNKNOWN, observed, retries.STARVED)


def _past_deadline(deadline_s: float, recorder: Recorder, health: Health) -> Finding:
    """Says what was waited for and how we fared, and not who is to blame: each answer may have come
    in its time.
    """
    observed = f"not done within its deadline of {deadline_s:g} s"
    if cancelled := [each for each in recorder.exchanges if each.error == CANCELLED]:
        last = cancelled[-1]
        waited_for = last.method if last.method != "NAVIGATE" else "the page"
        observed += f"; it waited for {waited_for} {recorder.evidence.redactor.url(last.url)}"
    if health.is_starved:
        observed += f"; the suite itself was starved ({health})"
    return unknown(observed)


def unknown(why: str) -> Finding:
    """A finding that blames nobody but us."""
    return Finding(Code.UNKNOWN, why, "the suite itself")
