"""What is being closed is closed to its end, whoever stops waiting for it."""

import asyncio

import pytest

from probes.closing import close_fully


async def test_a_deadline_waits_for_what_is_being_closed() -> None:
    """The deadline is told all the same."""
    begun, may_end, closed = asyncio.Event(), asyncio.Event(), []

    async def close() -> None:
        begun.set()
        await may_end.wait()
        closed.append("page")

    task = asyncio.ensure_future(close_fully(close(), 60))
    await begun.wait()
    task.cancel()
    asyncio.get_running_loop().call_soon(may_end.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed == ["page"]


async def test_what_does_not_close_is_given_up() -> None:
    """Without an exception that would hide why it was closed."""
    assert await close_fully(asyncio.Event().wait(), 0.01) is False
    assert await close_fully(asyncio.sleep(0), 60) is True


async def test_what_closing_finds_is_raised() -> None:
    """A socket's last words are judged while it is closed."""

    async def close() -> None:
        raise ValueError("the last words")

    with pytest.raises(ValueError, match="the last words"):
        await close_fully(close(), 60)
