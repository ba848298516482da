"""Who may ask at the same time."""

import asyncio

import pytest

from probes.transport.throttle import Throttle, bypass_limit, prioritize

FOR_EVER, AT_ONCE = 60.0, 2


async def _hold(turns: Throttle, until: asyncio.Event, holders: list[int]) -> None:
    async with turns.one():
        holders.append(1)
        await until.wait()
    holders.pop()


async def _settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_than_that_ask_at_once() -> None:
    """A third waits until one of two has its answer."""
    turns, first, others, holders = (
        Throttle(AT_ONCE, FOR_EVER),
        asyncio.Event(),
        asyncio.Event(),
        list[int](),
    )
    async with asyncio.TaskGroup() as group:
        for event in (first, others, others):
            group.create_task(_hold(turns, event, holders))
        await _settled()
        assert len(holders) == AT_ONCE
        first.set()
        await _settled()
        assert len(holders) == AT_ONCE
        others.set()


async def test_who_is_not_answered_makes_room() -> None:
    """Two that hang for ever keep no third from asking, and give their turns up only once."""
    turns, never, holders = Throttle(AT_ONCE, 0.001), asyncio.Event(), list[int]()
    hanging = [asyncio.create_task(_hold(turns, never, holders)) for _ in range(AT_ONCE)]
    await _settled()
    async with asyncio.timeout(30), turns.one():
        assert len(holders) == AT_ONCE
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    assert turns._free._value == AT_ONCE


async def test_a_turn_comes_back_from_who_fails() -> None:
    """An error in a turn must not cost the run that turn."""
    turns = Throttle(1, FOR_EVER)
    for _ in range(2):
        with pytest.raises(ValueError, match="no answer"):
            async with asyncio.timeout(30), turns.one():
                raise ValueError("no answer")


async def test_who_goes_first_waits_for_nobody() -> None:
    """Nor does what it starts, and nobody else is let through with it."""
    turns, never, holders = Throttle(1, FOR_EVER), asyncio.Event(), list[int]()

    async def hurried() -> None:
        prioritize()
        await asyncio.create_task(_hold(turns, never, holders))

    waiting = [asyncio.create_task(_hold(turns, never, holders)) for _ in range(2)]
    waiting.append(asyncio.create_task(hurried()))
    await _settled()
    assert len(holders) == 2
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_who_is_ahead_is_so_for_a_while_only() -> None:
    """In the block no turn is waited for; after it one is."""
    turns, never, holders = Throttle(1, FOR_EVER), asyncio.Event(), list[int]()
    holding = asyncio.create_task(_hold(turns, never, holders))
    await _settled()
    with bypass_limit():
        async with asyncio.timeout(30), turns.one():
            pass
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), turns.one():
            pass
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
