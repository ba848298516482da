"""What is shared is made once, and a failure is not shared for ever."""

import asyncio

import pytest

from probes.transport.single_flight import SingleFlight


async def test_all_who_ask_at_once_get_the_same() -> None:
    """Made once for each key, whoever comes first."""
    made: list[str] = []

    async def make(key: str) -> str:
        made.append(key)
        await asyncio.sleep(0)
        return key.upper()

    once = SingleFlight(make)
    assert await asyncio.gather(*(once.get(key) for key in "aab")) == ["A", "A", "B"]
    assert await once.get("a") == "A"
    assert made == ["a", "b"]


async def test_a_failure_is_told_to_all_and_forgotten() -> None:
    """Who asks again later is served."""
    fail = True

    async def make(_: str) -> str:
        await asyncio.sleep(0)
        if fail:
            raise ValueError("not now")
        return "made"

    once = SingleFlight(make)
    told = await asyncio.gather(once.get("a"), once.get("a"), return_exceptions=True)
    assert [str(error) for error in told] == ["not now", "not now"]
    fail = False
    assert await once.get("a") == "made"


async def test_who_gives_up_takes_nothing_away() -> None:
    """The first asker is cancelled; the second gets what was begun."""
    go = asyncio.Event()

    async def make(_: str) -> str:
        await go.wait()
        return "made"

    once = SingleFlight(make)
    first, second = asyncio.ensure_future(once.get("a")), asyncio.ensure_future(once.get("a"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go.set()
    assert await second == "made"
