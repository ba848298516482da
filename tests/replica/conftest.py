"""A visitor to the session's replica."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Replica
from tests.support.replica_visitor import Visitor
from tests.support.sfu import RunningStandIn, run_stand_in


@pytest.fixture
def visitor(replica: Replica) -> Iterator[Visitor]:
    visitor = Visitor.at(replica.environment)
    with visitor.http:
        yield visitor


@pytest.fixture(scope="session")
def started_sfu() -> Iterator[RunningStandIn]:
    with run_stand_in() as found:
        yield found


@pytest.fixture
async def sfu(started_sfu: RunningStandIn) -> AsyncIterator[RunningStandIn]:
    """A healthy stand-in for LiveKit; the faults of a test end with it."""
    yield started_sfu
    await started_sfu.lie()
