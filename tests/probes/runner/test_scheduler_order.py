"""One run: which scenarios run at once, and what becomes of them when it is stopped in the
middle.
"""

import asyncio
import time
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from probes.config.timeouts import Timeouts
from probes.finding import Broken, Finding, Verdict
from probes.recording.recorder import Recorder
from probes.results import Accepted, Scenario
from probes.runner import attempt as attempts
from probes.runner import scheduler
from probes.runner.attempt import Call
from tests.support.fake_run import FOUND, TARGET, Stage, doing, scenario

MANY = [f"edge/{letter}" for letter in "abcdef"]


class Floor:
    """Who is on it, and the most that ever were."""

    def __init__(self) -> None:
        self.here: set[str] = set()
        self.most = 0
        self.crowds: dict[str, int] = {}

    def visit(self, name: str) -> Call:
        async def call() -> None:
            self.here.add(name)
            for _ in range(5):
                await asyncio.sleep(0)
                self.most = max(self.most, len(self.here))
                self.crowds[name] = max(self.crowds.get(name, 0), len(self.here))
            self.here.remove(name)

        return call


@pytest.mark.parametrize(("slots", "most"), [(1, 1), (2, 2), (6, 6), (9, 6)])
async def test_as_many_run_at_once_as_may(stage: Stage, slots: int, most: int) -> None:
    """All of them, unless the user bounds it."""
    floor = Floor()
    made = stage.begin({name: floor.visit(name) for name in MANY}, concurrency=slots)
    outcomes = [await made.outcome(name) for name in MANY]
    assert {outcome.verdict for outcome in outcomes} == {Verdict.HELD}
    assert floor.most == most


@pytest.mark.parametrize(("pages", "most"), [(1, 1), (4, 4), (9, 6)])
async def test_pages_are_open_at_once_as_far_as_a_browser_can_serve_them(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, pages: int, most: int
) -> None:
    """All others wait until one of these is done."""
    monkeypatch.setattr(scheduler, "PAGES_AT_ONCE", pages)
    floor = Floor()
    calls = {name: (scenario(name, first=True), floor.visit(name)) for name in MANY}
    made = stage.begin(calls, concurrency=9)
    assert {(await made.outcome(name)).verdict for name in MANY} == {Verdict.HELD}
    assert floor.most == most


@pytest.mark.parametrize("fails", [False, True])
async def test_who_goes_first_has_a_head_start(stage: Stage, fails: bool) -> None:
    """The others begin when it is over, whether it came to something or not; who goes first does
    not wait for it.
    """
    begun: list[str] = []
    over = asyncio.Event()

    def visit(name: str) -> Call:
        async def call() -> None:
            begun.append(name)

        return call

    async def warming() -> None:
        await over.wait()
        if fails:
            raise OSError("no browser")

    calls = {
        name: (scenario(name, first=name == "edge/b"), visit(name)) for name in ("edge/a", "edge/b")
    }
    made = stage.begin(calls, head_start=warming())
    await made.outcome("edge/b")
    assert begun == ["edge/b"]
    over.set()
    await made.outcome("edge/a")
    assert begun == ["edge/b", "edge/a"]


async def test_a_head_start_has_an_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that never comes up costs the others a while, not the run; and it is not left
    waiting.
    """
    monkeypatch.setattr(scheduler, "HEAD_START", 0.01)
    ends: list[BaseException] = []

    async def warming() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as end:
            ends.append(end)

    made = stage.begin({"edge/a": doing(None)}, head_start=warming())
    assert (await made.outcome("edge/a")).verdict is Verdict.HELD
    await made.finish()
    await asyncio.sleep(0)
    assert len(ends) == 1


@pytest.mark.parametrize("slots", [1, 3, 9])
async def test_who_must_be_alone_is(stage: Stage, slots: int) -> None:
    """Two of them as well; the others still share the floor."""
    floor = Floor()
    alone = MANY[1], MANY[4]
    calls = {name: (scenario(name, alone=name in alone), floor.visit(name)) for name in MANY}
    made = stage.begin(calls, concurrency=slots)
    for name in MANY:
        assert (await made.outcome(name)).verdict is Verdict.HELD
    assert [floor.crowds[name] for name in alone] == [1, 1]
    assert (floor.most > 1) is (slots > 1)


async def test_who_waits_to_be_alone_takes_no_place_from_the_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many pages are open at once after the others are done as before."""
    monkeypatch.setattr(scheduler, "PAGES_AT_ONCE", 3)
    three = asyncio.Barrier(3)

    async def meet() -> None:
        await three.wait()

    calls: dict[str, tuple[Scenario, Call]] = {
        name: (scenario(name, first=True, deadline=5.0), meet) for name in MANY
    }
    calls["edge/alone"] = (scenario("edge/alone", alone=True), doing(None))
    made = stage.begin(calls, concurrency=3)
    assert {(await made.outcome(name)).verdict for name in calls} == {Verdict.HELD}


async def test_a_wait_for_a_turn_is_no_part_of_the_duration(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reports say of a scenario is its own time."""
    now = 100.0
    own = SimpleNamespace(monotonic=lambda: now, time=time.time)
    for module in (scheduler, attempts):
        monkeypatch.setattr(module, "time", own)

    async def slow() -> None:
        nonlocal now
        await asyncio.sleep(0)
        now += 7

    made = stage.begin({"edge/a": slow, "edge/b": slow}, concurrency=1)
    assert [(await made.outcome(name)).duration for name in ("edge/a", "edge/b")] == [7, 7]
    assert [
        event["duration"] for event in stage.journal("attempt-finished", "scenario-finished")
    ] == [7] * 4


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
    assert made.stopped == "stopped-early"


async def test_a_run_that_has_ended_is_not_stopped(stage: Stage) -> None:
    """Nothing was cut short."""
    made = stage.begin({"edge/a": doing(None)})
    await made.outcome("edge/a")
    await made.finish()
    assert made.stopped == ""


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
    assert made.stopped == ("stopped-early" if most else "")
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
    assert made.stopped == ""


async def test_a_scenario_that_will_not_end_is_left(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while; the reports have to be written."""
    monkeypatch.setattr(scheduler, "CLOSING_TIME", 0.01)
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
