"""A visitor to the session's replica."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Replica
from tests.support.replica_visitor import Visitor
from tests.support.sfu import Standing, standing


@pytest.fixture
def visitor(replica: Replica) -> Iterator[Visitor]:
    visitor = Visitor.at(replica.environment)
    with visitor.http:
        yield visitor


@pytest.fixture(scope="session")
def started_sfu() -> Iterator[Standing]:
    with standing() as found:
        yield found


@pytest.fixture
async def sfu(started_sfu: Standing) -> AsyncIterator[Standing]:
    """A healthy stand-in for LiveKit; the faults of a test end with it."""
    yield started_sfu
    await started_sfu.lie()
