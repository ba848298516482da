"""What many scenarios need and one can make: made when the first asks, shared by all who do, also
at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """A failure is forgotten, so that a confirming rerun asks anew; `keeps_failures`: it is not,
    where the key itself tells the reruns apart.
    """

    def __init__(self, make: Callable[[K], Awaitable[T]], *, keeps_failures: bool = False) -> None:
        self._make, self._keeps_failures = make, keeps_failures
        self._made: dict[K, asyncio.Future[T]] = {}

    async def get(self, key: K) -> T:
        """As `make(key)`; raises what that raised."""
        if key not in self._made:
            self._made[key] = making = asyncio.ensure_future(self._make(key))
            making.add_done_callback(lambda made: self._keep(key, made))
        # Who is cancelled while waiting takes nothing away from the others.
        return await asyncio.shield(self._made[key])

    def _keep(self, key: K, made: asyncio.Future[T]) -> None:
        failed = made.cancelled() or made.exception() is not None
        if made.cancelled() or (failed and not self._keeps_failures):
            del self._made[key]
