"""Scenarios run at once as far as the user, the browser and their own demands allow."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from probes.finding import Verdict
from probes.results import Scenario
from probes.runner import attempt as attempts
from probes.runner import scheduler
from probes.runner.attempt import Call
from tests.support.fake_run import FOUND, MANY, Stage, doing, scenario


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
    monkeypatch.setattr(scheduler, "HEAD_START_S", 0.01)
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
        name: (scenario(name, first=True, deadline_s=5.0), meet) for name in MANY
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
    assert [(await made.outcome(name)).duration_s for name in ("edge/a", "edge/b")] == [7, 7]
    assert [
        event["duration"] for event in stage.journal("attempt-finished", "scenario-finished")
    ] == [7] * 4


@pytest.mark.parametrize(
    ("is_shard", "ended"),
    [
        (False, {"edge/a": Verdict.BROKEN, "edge/b": Verdict.BROKEN}),
        (True, {"edge/a": Verdict.BROKEN, "edge/b": Verdict.SKIPPED}),
    ],
)
async def test_nobody_is_alone_in_a_shard(
    stage: Stage, is_shard: bool, ended: dict[str, Verdict]
) -> None:
    """Other shards ask at the same time, and what they do would be told as the target's fault."""
    alone = (scenario("edge/b", alone=True), doing(FOUND, FOUND))
    run = stage.begin({"edge/a": doing(FOUND, FOUND), "edge/b": alone}, is_shard=is_shard)
    outcomes = {name: await run.outcome(name) for name in ended}
    assert {name: outcome.verdict for name, outcome in outcomes.items()} == ended
    assert ("other shards" in outcomes["edge/b"].reason) is is_shard
