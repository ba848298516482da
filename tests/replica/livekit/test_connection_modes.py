"""Who offers what to whom."""

import re

from livekit.protocol import models, rtc

from tests.support.sfu import RunningStandIn

TRACK = rtc.AddTrackRequest(cid="mine", name="tone", type=models.TrackType.AUDIO)


async def test_the_server_offers_data_first(sfu: RunningStandIn) -> None:
    """Data channels alone, to nobody's address yet: addresses follow, and the last one says so."""
    async with sfu.joined() as context:
        sdp, candidates = await context.told()
        assert re.findall(r"m=(\S+) (\d+)", sdp) == [("application", "9")]
        assert "a=candidate" not in sdp
        assert [trickle.final for trickle in candidates] == [False, True]
        assert {trickle.target for trickle in candidates} == {rtc.SignalTarget.SUBSCRIBER}


async def test_a_track_gets_its_name_before_it_comes(sfu: RunningStandIn) -> None:
    """Under the name by which it was announced, and only where he may publish."""
    async with sfu.joined() as context:
        await context.say(add_track=TRACK)
        published = await context.receive_data("track_published")
        assert (published.cid, published.track.name, published.track.sid[:3]) == (
            "mine",
            "tone",
            "TR_",
        )
    muted = sfu.token(video={"roomJoin": True, "room": "room", "canPublish": False})
    async with sfu.joined(muted) as context:
        assert not context.first.join.participant.permission.can_publish
        await context.say(add_track=TRACK)
        await context.say(ping_req=rtc.Ping(timestamp=1))
        kinds = []
        while "pong_resp" not in kinds:
            kinds.append(
                rtc.SignalResponse.FromString(
                    bytes(await context.line.recv(decode=False))
                ).WhichOneof("message")
            )
        assert "track_published" not in kinds
