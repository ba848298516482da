"""One server's state."""

import time

import pytest
from livekit.protocol import models

from replica.livekit.node import CLOCK_AHEAD_S, FAULTS, LiveKitNode


class Guest:
    """Somebody in a room, and what he was told."""

    def __init__(self, identity: str) -> None:
        self.info = models.ParticipantInfo(identity=identity)
        self.heard: list[str] = []

    def receive_data(self, packet: models.DataPacket, *, reliable: bool) -> None:
        raise NotImplementedError

    def update(self, people: list[models.ParticipantInfo]) -> None:
        self.heard += [models.ParticipantInfo.State.Name(one.state) for one in people]

    def end(self, reason: models.DisconnectReason) -> None:
        self.heard.append(models.DisconnectReason.Name(reason))


def node(*faults: str) -> LiveKitNode:
    return LiveKitNode({"APIx": "s" * 32}, 7881, faults=set(faults))


async def test_who_comes_again_throws_himself_out() -> None:
    """The same identity is in a room once; the earlier one is told why, and leaving late changes
    nothing.
    """
    here, first, second = node(), Guest("alice"), Guest("alice")
    room = here.room("r")
    here.enter(room, first)
    here.enter(room, second)
    here.leave(room, first)
    assert first.heard == ["DUPLICATE_IDENTITY"]
    assert room.people == {"alice": second}
    here.delete(room)


async def test_the_others_hear_who_leaves() -> None:
    """And the last one has the room ended later, not at once."""
    here, alice, bob = node(), Guest("alice"), Guest("bob")
    room = here.room("r")
    for guest in (alice, bob):
        here.enter(room, guest)
    here.leave(room, alice)
    assert bob.heard == ["DISCONNECTED"]
    here.leave(room, bob)
    assert here.rooms == {"r": room}
    assert room.ending is not None
    assert not room.ending.cancelled()
    here.delete(room)


async def test_an_ended_room_sends_everybody_home() -> None:
    """And its name is free again."""
    here, alice = node(), Guest("alice")
    room = here.room("r")
    here.enter(room, alice)
    here.delete(room)
    assert alice.heard == ["ROOM_DELETED"]
    assert here.rooms == {}
    assert room.ending is not None
    assert room.ending.cancelled()


def test_a_fault_that_no_list_has_is_an_error() -> None:
    """So that a typo makes nothing honest."""
    with pytest.raises(KeyError):
        node().is_fault_active("livekit-key-is-unknwon")
    assert all(node(fault).is_fault_active(fault) for fault in FAULTS)


def test_what_the_server_says_of_itself() -> None:
    """1.7.2 speaks protocol 14, and the one that was updated says so in both."""
    assert [
        (each.server.version, each.server.protocol)
        for each in (node(), node("livekit-is-another-version"))
    ] == [
        ("1.7.2", 14),
        ("1.13.5", 17),
    ]


def test_keys_and_clock_go_wrong_one_by_one() -> None:
    """Each fault bends its own part of what tokens are checked against."""
    assert node().checks.keys == {"APIx": "s" * 32}
    assert "APIx" not in node("livekit-key-is-unknown").checks.keys
    assert node("livekit-secret-differs").checks.keys["APIx"] != "s" * 32
    assert node("livekit-accepts-dev-keys").checks.keys == {"APIx": "s" * 32, "devkey": "secret"}
    assert not node("livekit-ignores-signatures").checks.verify
    assert node("livekit-clock-runs-ahead").now() > time.time() + CLOCK_AHEAD_S - 60
