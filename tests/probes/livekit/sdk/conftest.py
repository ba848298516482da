"""A LiveKit on loopback that the real SDK talks to."""

from collections.abc import AsyncIterator, Iterator

import pytest

from probes.livekit.sdk.messages import LISTENER, SPEAKER, CallRequest
from probes.livekit.tokens import Access
from tests.support.sfu import RunningStandIn, run_stand_in


@pytest.fixture(scope="session")
def one_sfu() -> Iterator[RunningStandIn]:
    """Started once."""
    with run_stand_in() as sfu:
        yield sfu


@pytest.fixture
async def sfu(one_sfu: RunningStandIn) -> AsyncIterator[RunningStandIn]:
    """Honest; a test that has it lie leaves it honest."""
    yield one_sfu
    await one_sfu.lie()


def request(
    sfu: RunningStandIn, room: str, *, listens: bool = True, by_tcp: bool = True
) -> CallRequest:
    """Two people in `room`, or one who plays."""
    access = Access(sfu.livekit.key, sfu.livekit.secret)
    listener = access.to_join(room, LISTENER) if listens else ""
    return CallRequest(
        f"ws://{sfu.livekit.address}", access.to_join(room, SPEAKER), listener, by_tcp=by_tcp
    )
