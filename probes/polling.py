"""Ask again until something is so, where nothing could be awaited instead."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

INTERVAL_S = 0.1
T = TypeVar("T")


async def poll_until(
    ask: Callable[[], Awaitable[T]], timeout_s: float, interval_s: float = INTERVAL_S
) -> T | None:
    """The first answer of `ask` that is true; None where there is none within `timeout_s` seconds.

    `ask` has a deadline of its own: it is not cut short, and what it raises ends the polling.
    """
    clock = asyncio.get_running_loop().time
    end = clock() + timeout_s
    while True:
        asked_at = clock()
        answer = await ask()
        if answer:
            return answer
        if asked_at >= end:
            return None
        await asyncio.sleep(max(0.0, min(interval_s, end - clock())))
