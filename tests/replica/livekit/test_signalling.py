"""Joins, message by message."""

import websockets
from livekit.protocol import models, rtc

from tests.support.sfu import RunningStandIn


async def denied(sfu: RunningStandIn, token: str, way: str = "/rtc") -> tuple[int, str]:
    """The status and the text with which a join is refused before it is one."""
    try:
        async with sfu.joined(token, way):
            return 101, ""
    except websockets.exceptions.InvalidStatus as no:
        return no.response.status_code, no.response.body.decode()


async def test_who_joins_learns_where_he_is(sfu: RunningStandIn) -> None:
    """The first message names server, room and himself, and who is there already."""
    async with (
        sfu.joined(sfu.token("alice", "r1")) as alice,
        sfu.joined(sfu.token("bob", "r1")) as bob,
    ):
        said = bob.first.join
        assert (said.server_info.version, said.server_info.protocol) == ("1.7.2", 14)
        assert (said.room.name, said.participant.identity, said.subscriber_primary) == (
            "r1",
            "bob",
            True,
        )
        assert [other.identity for other in said.other_participants] == ["alice"]
        told = await alice.receive_data("update")
        assert [one.identity for one in told.participants] == ["alice"]


async def test_a_refusal_comes_before_the_upgrade(sfu: RunningStandIn) -> None:
    """In the words of `/rtc/validate`, and nobody is in any room after it."""
    bad = sfu.token(secret="t" * 32)
    status, text = await denied(sfu, bad)
    assert (status, text.startswith(f"invalid token: {bad}")) == (401, True)
    assert await denied(sfu, sfu.token(video={"room": "r"})) == (
        401,
        "permissions denied\n",
    )
    await sfu.lie("livekit-loses-redis")
    assert await denied(sfu, sfu.token()) == (500, "could not find any available nodes\n")


async def test_only_newer_servers_know_the_second_way(sfu: RunningStandIn) -> None:
    """404 is what tells a client to fall back."""
    assert await denied(sfu, sfu.token(), "/rtc/v1") == (404, "404 page not found\n")
    await sfu.lie("livekit-is-another-version")
    async with sfu.joined(sfu.token(), "/rtc/v1") as context:
        assert (context.first.join.server_info.version, context.first.join.subscriber_primary) == (
            "1.13.5",
            False,
        )


async def test_what_is_no_message_ends_it(sfu: RunningStandIn) -> None:
    """A join request that cannot be read is a 400; a message that cannot be read hangs up."""
    await sfu.lie("livekit-is-another-version")
    for strange in ("a", "_____w"):
        assert await denied(sfu, sfu.token(), f"/rtc/v1?join_request={strange}") == (
            400,
            "could not decode join request\n",
        )
    for said in ("text", b"\xff\xff"):
        async with sfu.joined() as context:
            await context.line.send(said)
            await context.line.wait_closed()
    assert (await sfu.server.state())["people"] == []


async def test_pings_are_answered(sfu: RunningStandIn) -> None:
    """The newer kind with the time that was sent."""
    async with sfu.joined() as context:
        await context.say(ping_req=rtc.Ping(timestamp=42))
        assert (await context.receive_data("pong_resp")).last_ping_timestamp == 42


async def test_who_leaves_is_gone(sfu: RunningStandIn) -> None:
    """The socket closes, and the room has nobody in it."""
    async with sfu.joined(sfu.token("alice", "left")) as context:
        await context.say(leave=rtc.LeaveRequest())
        await context.line.wait_closed()
    assert "left/alice" not in (await sfu.server.state())["people"]


async def test_the_same_identity_is_told_to_go(sfu: RunningStandIn) -> None:
    """With the reason, when it joins again elsewhere."""
    token = sfu.token("alice", "twice")
    async with sfu.joined(token) as first, sfu.joined(token):
        assert (
            await first.receive_data("leave")
        ).reason == models.DisconnectReason.DUPLICATE_IDENTITY


async def test_who_wants_to_go_on_has_to_join_anew(sfu: RunningStandIn) -> None:
    """Nothing of an earlier connection is kept."""
    async with sfu.joined(sfu.token(), "/rtc?reconnect=1") as context:
        assert context.first.leave.action == rtc.LeaveRequest.Action.RECONNECT


async def test_a_deleted_room_ends_for_everybody(sfu: RunningStandIn) -> None:
    """Who is in it is told why."""
    async with sfu.joined(sfu.token("alice", "ended")) as context:
        sfu.twirp("DeleteRoom", sfu.keeper(), room="ended").raise_for_status()
        assert (await context.receive_data("leave")).reason == models.DisconnectReason.ROOM_DELETED
    assert "ended" not in (await sfu.server.state())["rooms"]
