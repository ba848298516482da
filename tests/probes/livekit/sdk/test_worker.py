"""The worker as it is started: it tells why nobody can join, and leaves a call in order."""

import dataclasses

import pytest

from probes.finding import CannotAsk
from probes.livekit.sdk import worker_process
from probes.livekit.sdk.messages import ParticipantJoined, StageFailed, TonePlaying
from tests.probes.livekit.sdk.conftest import request
from tests.support.sfu import RunningStandIn


async def test_who_is_refused_says_so(sfu: RunningStandIn) -> None:
    """The server's own word against a token comes first and last."""
    bad = dataclasses.replace(request(sfu, "refused"), speaker="e30.e30.x", listener="e30.e30.x")
    call = await worker_process.run_call(bad)
    [failed] = call.messages
    assert isinstance(failed, StageFailed)
    assert failed.stage == "join"
    assert "signal failure" in failed.message
    assert "401" in failed.message


async def test_a_name_that_no_resolver_knows_leads_to_loopback(sfu: RunningStandIn) -> None:
    """The SDK finds a host under .localhost, which it could not find by itself."""
    port = sfu.livekit.address.rpartition(":")[2]
    there = dataclasses.replace(
        request(sfu, "named", listens=False), url=f"ws://livekit.wealist.localhost:{port}"
    )
    async with worker_process.play_tone(there) as worker:
        assert [type(message) for message in worker.messages] == [ParticipantJoined, TonePlaying]


async def test_who_plays_is_in_the_room_and_leaves_it(sfu: RunningStandIn) -> None:
    """One is there for as long as the block lasts, and leaves as somebody does who hangs up."""
    async with worker_process.play_tone(request(sfu, "play", listens=False)):
        assert (await sfu.server.state())["people"] == ["play/speaker"]
    assert (await sfu.server.state())["people"] == []


async def test_who_cannot_play_is_told_why(sfu: RunningStandIn) -> None:
    """A speaker whom the server refuses is nobody's broken promise."""
    bad = dataclasses.replace(request(sfu, "refused", listens=False), speaker="e30.e30.x")
    with pytest.raises(CannotAsk, match="401"):
        async with worker_process.play_tone(bad):
            pytest.fail("nobody plays")
