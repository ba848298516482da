"""A run that is stopped in the middle keeps what it found and names what it never asked."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from probes.config.timeouts import Timeouts
from probes.finding import Broken, Finding, Verdict
from probes.recording.recorder import Recorder
from probes.results import Accepted
from probes.runner import attempt as attempts
from probes.runner import scheduler
from tests.support.fake_run import FOUND, MANY, TARGET, Stage, doing


class Hanging:
    """Says when it is under way, and closes what it opened."""

    def __init__(self) -> None:
        self.begun, self.closed = asyncio.Event(), False

    async def __call__(self, *_: object) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.closed = True


async def test_a_stop_ends_what_is_under_way_and_what_has_not_begun(stage: Stage) -> None:
    """The one is unknown, the other was not run, and what had ended stays."""
    hanging = Hanging()
    made = stage.begin(
        {"edge/a": doing(None), "edge/b": hanging, "edge/c": doing(None)}, concurrency=1
    )
    await hanging.begun.wait()
    made.stop("SIGTERM")
    made.stop("deadline")
    done, under_way, waiting = [await made.outcome(f"edge/{letter}") for letter in "abc"]
    assert hanging.closed
    assert (done.verdict, under_way.verdict, waiting.verdict) == (
        Verdict.HELD,
        Verdict.UNKNOWN,
        Verdict.NOT_RUN,
    )
    assert under_way.finding == attempts.unknown("the run was ended (SIGTERM) before this was done")
    assert waiting.reason == "the run ended (SIGTERM) before it began"
    assert [event["scenario"] for event in stage.journal("scenario-finished")] == [
        "edge/a",
        "edge/b",
    ]


async def test_a_stop_before_the_first_step_is_no_error(stage: Stage) -> None:
    """A signal may come at any moment."""
    made = stage.begin({"edge/a": doing(None)})
    made.stop("SIGINT")
    assert (await made.outcome("edge/a")).reason == "the run ended (SIGINT) before it began"
    assert not stage.journal()


@pytest.mark.parametrize("moment", ["rest", "rerun", "ladder"])
async def test_a_stop_does_not_take_a_finding_back(stage: Stage, moment: str) -> None:
    """What broke before it has been seen."""
    hanging, ends = Hanging(), [FOUND]

    async def call() -> None:
        if not ends:
            await hanging()
        raise Broken(ends.pop())

    async def refine(finding: Finding, _: Recorder) -> Finding:
        if moment == "ladder":
            await hanging()
        if moment == "rest":
            hanging.begun.set()
        return finding

    rest = 3600 if moment == "rest" else 0
    made = stage.begin(
        {"edge/a": call}, replace(TARGET, timeouts=Timeouts(retry_delay_s=rest)), refine
    )
    await hanging.begun.wait()
    await asyncio.sleep(0)
    made.stop("SIGTERM")
    outcome = await made.outcome("edge/a")
    assert (outcome.verdict, outcome.finding) == (Verdict.BROKEN, FOUND)
    assert len(outcome.attempts) == (2 if moment == "rerun" else 1)
    assert stage.journal("scenario-finished")[0]["verdict"] == "broken"


async def test_who_stops_waiting_for_an_outcome_stops_nothing(stage: Stage) -> None:
    """Pytest may leave a test; its scenario goes on."""
    hanging = Hanging()
    made = stage.begin({"edge/a": hanging})
    await hanging.begun.wait()
    waiting = asyncio.ensure_future(made.outcome("edge/a"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not hanging.closed
    await made.finish()
    assert hanging.closed
    assert made.stop_reason == "stopped-early"


async def test_a_run_that_has_ended_is_not_stopped(stage: Stage) -> None:
    """Nothing was cut short."""
    made = stage.begin({"edge/a": doing(None)})
    await made.outcome("edge/a")
    await made.finish()
    assert made.stop_reason == ""


@pytest.mark.parametrize("most", [1, 2, 0])
async def test_so_many_failures_end_the_run(stage: Stage, most: int) -> None:
    """While the slot is still held, so that nobody gets a turn any more; what is accepted does not
    count.
    """
    accepted = (Accepted("upload-lost", "edge/a", "known", date.max),)
    calls = {name: doing(FOUND) for name in MANY[:3]} | {name: doing(None) for name in MANY[3:]}
    made = stage.begin(
        calls, replace(TARGET, accepted=accepted), concurrency=1, confirm=False, most_failures=most
    )
    ended = [(await made.outcome(name)).verdict for name in MANY]
    broken = 1 + (most or 2)
    rest = Verdict.NOT_RUN if most else Verdict.HELD
    assert ended == [Verdict.BROKEN] * broken + [rest] * (len(MANY) - broken)
    assert made.stop_reason == ("stopped-early" if most else "")
    assert [event["scenario"] for event in stage.journal("scenario-finished")][:broken] == MANY[
        :broken
    ]


async def test_a_failure_with_nobody_behind_it_ends_nothing_early(stage: Stage) -> None:
    """The run is complete."""
    made = stage.begin(
        {"edge/a": doing(None), "edge/b": doing(FOUND)},
        concurrency=1,
        confirm=False,
        most_failures=1,
    )
    assert [(await made.outcome(name)).verdict for name in MANY[:2]] == [
        Verdict.HELD,
        Verdict.BROKEN,
    ]
    await made.finish()
    assert made.stop_reason == ""


async def test_a_scenario_that_will_not_end_is_left(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while; the reports have to be written."""
    monkeypatch.setattr(scheduler, "CLOSING_TIMEOUT_S", 0.01)
    begun, allowed = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        begun.set()
        while not allowed.is_set():
            try:
                await allowed.wait()
            except asyncio.CancelledError:
                continue

    made = stage.begin({"edge/a": stubborn})
    await begun.wait()
    await made.finish()
    assert not stage.told
    allowed.set()
    await made.outcome("edge/a")
