"""A visitor to the session's replica."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Replica
from tests.support.sfu import Standing, standing
from tests.support.visiting import Visitor


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
    """An honest stand-in for LiveKit; a test that has it lie leaves it honest."""
    yield started_sfu
    await started_sfu.lie()
