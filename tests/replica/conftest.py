"""A visitor to the session's replica."""

from collections.abc import Iterator

import pytest

from tests.conftest import Replica
from tests.replica.visiting import Visitor


@pytest.fixture
def visitor(replica: Replica) -> Iterator[Visitor]:
    visitor = Visitor.at(replica.environment)
    with visitor.http:
        yield visitor
