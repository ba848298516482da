"""When another scenario may begin: a few in each moment, and few at once where this machine gives
the suite no time, so that those under way are done within their deadlines.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probes.runner.self_health import BEAT_S, SelfHealth

LATE_TO_BEGIN_S = 0.25  # another scenario would make the loop later still
BEGUN_A_BEAT = 24
# Pages need a turn of the loop for each of hundreds of messages, and all others make it longer.
# Beside eight busy loops on two cores our share is 0.88, beside our own replica alone 0.5.
STARVED_SHARE, AT_ONCE_WHEN_STARVED = 0.75, 8
LONGEST_WAIT_S = 40.0


class Admissions:
    """The scenarios of one run that need not go first."""

    def __init__(self, health: SelfHealth) -> None:
        self._health, self._queue = health, asyncio.Lock()
        self._beat, self._begun, self._under_way, self._waited_s = 0, 0, 0, 0.0

    @asynccontextmanager
    async def admit(self, *, counts: bool = True) -> AsyncIterator[None]:
        """A scenario, for as long as the block lasts, which begins when it may. All that wait
        together wait no longer than LONGEST_WAIT_S. `counts`: whether it is one of few; one that
        only waits keeps no processor from others.
        """
        await self._wait()
        self._begun += 1
        self._under_way += counts
        try:
            yield
        finally:
            self._under_way -= counts

    async def _wait(self) -> None:
        if not self._health.is_watching or not (self._queue.locked() or not self._may_begin()):
            return
        async with self._queue:
            while not self._may_begin() and self._waited_s < LONGEST_WAIT_S:
                asked_at = time.monotonic()
                await asyncio.sleep(BEAT_S)
                self._waited_s += time.monotonic() - asked_at

    def _may_begin(self) -> bool:
        beat = int(time.monotonic() / BEAT_S)
        if beat != self._beat:
            self._beat, self._begun = beat, 0
        if self._begun >= BEGUN_A_BEAT or self._health.delay_s > LATE_TO_BEGIN_S:
            return False
        is_starved = self._health.waiting_share >= STARVED_SHARE
        return not is_starved or self._under_way < AT_ONCE_WHEN_STARVED
