"""A node of LiveKit on loopback, and a target that promises it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from probes.config.environment import Target
from probes.livekit import signalling, stun
from probes.recording.ledger import Ledger
from tests.support.livekit_node import FakeNode, run_node


@pytest.fixture(scope="session")
async def one_node() -> AsyncIterator[FakeNode]:
    """Started once."""
    async with run_node(FakeNode()) as node:
        yield node


@pytest.fixture
def node(one_node: FakeNode) -> FakeNode:
    """An honest node that has heard nothing yet."""
    one_node.forget()
    return one_node


@pytest.fixture
def target(target: Target, node: FakeNode) -> Target:
    return replace(target, livekit=node.promised)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "20260102T030405Z-ab12cd")
    yield ledger
    ledger.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never comes is not waited for as long as users are worth; what does come has time
    enough.
    """
    monkeypatch.setattr(stun, "TIMEOUT_S", 1.5)
    monkeypatch.setattr(signalling, "GATHERING_TIMEOUT_S", 0.5)
