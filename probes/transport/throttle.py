"""Who asks next, so that a run does not stampede what it looks at."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

_waits = ContextVar("waits", default=True)


def prioritize() -> None:
    """Have this task, and those it starts, wait for no turn: it drives a browser, and the run lasts
    as long as that.
    """
    _waits.set(False)


@contextmanager
def bypass_limit() -> Iterator[None]:
    """Wait for no turn in the block: a second look has a deadline, and queues for looks already."""
    before = _waits.set(False)
    try:
        yield
    finally:
        _waits.reset(before)


class Throttle:
    """At most `at_once` at a time; who has waited `yield_after_s` makes room for others and goes
    on waiting.

    Somebody who hangs is not what keeps the target busy: without this, one service that never
    answers would hold back what all others are asked.
    """

    def __init__(self, at_once: int, yield_after_s: float) -> None:
        self._free, self._yield_after_s = asyncio.Semaphore(at_once), yield_after_s

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        if not _waits.get():
            yield
            return
        await self._free.acquire()
        held = True

        def pass_on() -> None:
            nonlocal held
            if held:
                held = False
                self._free.release()

        timer = asyncio.get_running_loop().call_later(self._yield_after_s, pass_on)
        try:
            yield
        finally:
            timer.cancel()
            pass_on()
