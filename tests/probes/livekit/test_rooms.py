"""Rooms are listed and removed in Twirp's words."""

import pytest

from probes.finding import Broken, Code
from probes.livekit import rooms
from probes.transport.http import Web
from tests.support.livekit_node import ACCESS, FakeNode

LIST, DELETE = f"{rooms.SERVICE}/ListRooms", f"{rooms.SERVICE}/DeleteRoom"


async def test_rooms_are_listed_by_name(web: Web, node: FakeNode) -> None:
    """None are none, and Twirp leaves an empty list out."""
    assert await rooms.list_rooms(web, node.promised, ACCESS) == []
    node.rooms = ["probe-a", "b"]
    assert await rooms.list_rooms(web, node.promised, ACCESS) == ["probe-a", "b"]
    node.answers[LIST] = (200, b"{}")
    assert await rooms.list_rooms(web, node.promised, ACCESS) == []


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (500, b'{"code":"internal","msg":"redis is gone"}', Code.LIVEKIT_NOT_READY),
        (200, b"<html></html>", Code.LIVEKIT_EDGE_HTML),
        (200, b'{"rooms":"x"}', Code.LIVEKIT_ROUTE_MISSING),
    ],
)
async def test_a_list_that_does_not_come_is_named(
    web: Web, node: FakeNode, status: int, body: bytes, wanted: Code
) -> None:
    """Redis, the edge, or another service."""
    node.answers[LIST] = (status, body)
    with pytest.raises(Broken) as told:
        await rooms.list_rooms(web, node.promised, ACCESS)
    assert told.value.finding.code is wanted


async def test_a_room_is_removed(web: Web, node: FakeNode) -> None:
    """One that never was is gone too; one that the server cannot remove is not."""
    assert await rooms.remove(web, node.promised, ACCESS, "probe-a")
    assert node.removed == ["probe-a"]
    node.answers[DELETE] = (404, b'{"code":"not_found","msg":"no such room"}')
    assert await rooms.remove(web, node.promised, ACCESS, "probe-a")
    node.answers[DELETE] = (500, b"")
    assert not await rooms.remove(web, node.promised, ACCESS, "probe-a")
