"""Scenarios begin a few at a time, and few at once on a machine that gives the suite no time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from probes.runner import admissions
from probes.runner.admissions import AT_ONCE_WHEN_STARVED, BEGUN_A_BEAT, Admissions
from probes.runner.self_health import RECENT_SAMPLES, Sample, SelfHealth


class Under(SelfHealth):
    """A suite that watches nothing, and says what it is told to say."""

    is_watching = True
    waiting_share = 0.0
    delay_s = 0.0


class Rush:
    """Scenarios that all want to begin, and go on until they are told to end."""

    def __init__(self, health: SelfHealth, number: int, *, counts: bool) -> None:
        self.begun, self._changed = 0, asyncio.Event()
        self._ends = [asyncio.Event() for _ in range(number)]
        self._admissions = Admissions(health)
        self._tasks = [asyncio.create_task(self._perform(end, counts=counts)) for end in self._ends]

    async def _perform(self, end: asyncio.Event, *, counts: bool) -> None:
        async with self._admissions.admit(counts=counts):
            self.begun += 1
            self._changed.set()
            await end.wait()

    def end(self, number: int) -> None:
        for _ in range(number):
            self._ends.pop(0).set()

    async def until_begun(self, number: int) -> None:
        async with asyncio.timeout(60):
            while self.begun < number:
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def rush(health: SelfHealth, number: int, *, counts: bool = True) -> AsyncIterator[Rush]:
    made = Rush(health, number, counts=counts)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
def health(monkeypatch: pytest.MonkeyPatch) -> Under:
    """All is well; who has to wait waits as long as it takes."""
    monkeypatch.setattr(admissions, "LONGEST_WAIT_S", 3600.0)
    return Under()


async def test_scenarios_wait_while_the_loop_is_late(
    health: Under, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not for ever: what waits together waits no longer than its budget."""
    monkeypatch.setattr(admissions, "LONGEST_WAIT_S", 0.2)
    health.delay_s = 9.0
    began = time.monotonic()
    async with rush(health, 50) as waiting:
        await waiting.until_begun(50)
    assert time.monotonic() - began >= 0.2


async def test_a_rush_begins_a_few_at_a_time(
    health: Under, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the loop is on time: it is the rush that would make it late."""
    monkeypatch.setattr(admissions, "BEAT_S", 3600.0)
    async with rush(health, 3 * BEGUN_A_BEAT) as all_of_them:
        await all_of_them.until_begun(BEGUN_A_BEAT)
        await asyncio.sleep(0)
        assert all_of_them.begun == BEGUN_A_BEAT


async def test_few_are_under_way_on_a_machine_without_time(health: Under) -> None:
    """Another begins when one of them has ended."""
    health.waiting_share = 0.9
    async with rush(health, AT_ONCE_WHEN_STARVED + 3) as starved:
        await starved.until_begun(AT_ONCE_WHEN_STARVED)
        await asyncio.sleep(0)
        assert starved.begun == AT_ONCE_WHEN_STARVED
        starved.end(2)
        await starved.until_begun(AT_ONCE_WHEN_STARVED + 2)
        health.waiting_share = 0.1
        await starved.until_begun(AT_ONCE_WHEN_STARVED + 3)


async def test_who_only_waits_takes_no_place(health: Under) -> None:
    """A socket that is lived in for a minute would keep others from beginning."""
    health.waiting_share = 0.9
    async with rush(health, 2 * AT_ONCE_WHEN_STARVED, counts=False) as lingering:
        await lingering.until_begun(2 * AT_ONCE_WHEN_STARVED)


@pytest.mark.parametrize(
    ("cpu_s", "waited_s", "share"), [(0.1, 0.3, 0.75), (0.3, 0.1, 0.25), (0.0, 0.0, 0.0)]
)
def test_waiting_is_a_share_of_the_time_in_which_we_could_run(
    cpu_s: float, waited_s: float, share: float
) -> None:
    """A suite that has nothing to do waits for nothing; of one look nothing is known."""
    health = SelfHealth()
    health.note_sample(Sample(1.0, cpu_s=5.0, waited_s=5.0))
    assert health.waiting_share == 0.0
    for number in range(1, RECENT_SAMPLES):
        health.note_sample(Sample(1.0 + number, cpu_s=5.0 + cpu_s, waited_s=5.0 + waited_s))
    assert health.waiting_share == pytest.approx(share)
