"""Close what was opened, whatever happens meanwhile to who waits for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def close_fully(closing: Coroutine[Any, Any, object], timeout_s: float) -> bool:
    """Run `closing` to its end, and say whether it got there within `timeout_s` seconds.

    A deadline that cancels us meanwhile waits for it: a page or a socket that is closed by half
    stays open, and goes on to speak for its user. What `closing` raises is raised.
    """
    task = asyncio.ensure_future(_within(closing, timeout_s))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


async def _within(closing: Coroutine[Any, Any, object], timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await closing
    except TimeoutError:
        return False
    return True
